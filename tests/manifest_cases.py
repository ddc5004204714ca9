"""The calls of the manifest: operators, images, formats and options beside each other, and every known wrong call.

Operators, options and maps come from the catalogue: a new filter has its cases by being there. Inputs are named as
`manifest_inputs.py` writes them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

FORMATS = ("jpeg", "png", "tiff", "webp", "avif", "bmp", "gif", "ppm", "pgm", "npy")
NEEDED = {
    "blend": "--other orange --opacity 0.4",
    "conv": "--kernel emboss",
    "normalize": "--to 0.2,0.8 --depth 8",
    "crop": "--ratio 1.5",
    "pad": "--size 2,1",
    "perspective": "--from 1,2,30,0,28,20,0,22",
    "resize": "--scale 0.6,1.3",
    "rotate": "--angle 12",
}
"""What a filter cannot do without."""
VALUES = {
    "int": ("2", "5"),
    "float": ("0.5", "3"),
    "int pair": ("3", "5,3"),
    "pair": ("2", "1.5,0.5"),
    "flag": ("",),
}
TEXTS = {
    "nan": ("ignore", "fill=0.25"),
    "kernel": ("k.txt", "kernel9.npy", "'1 2; 3 4'", "haar", "bank.npy"),
    "padding": ("valid", "full", "2", "1,2", "1,2,3,4"),
    "bias": ("5", "bias.txt"),
    "shape": ("cross", "disk", "'0 1 0; 1 1 1; 0 1 0'", "shape.txt", "pattern.txt"),
    "at": ("0.1,0.2", "'0.1,0.2; 0.3,-0.1'"),
    "cutoff": ("0.2", "0.05,0.3"),
    "wavelength": ("8", "16,4"),
    "levels": ("20,200", "200,20,0.5"),
    "mean": ("0.5",),
    "std": ("0.25",),
    "to": ("-1,1",),
}
"""Values of parameters whose kind does not say what they may be."""
BUILT_IN = (
    "identity mean3 mean5 gaussian3 gaussian5 sharpen sharpen8 laplacian4 laplacian8 emboss highpass sobel-x sobel-y "
    "sobel5-x sobel5-y sobel7-x sobel7-y prewitt-x prewitt-y scharr-x scharr-y central-x central-y farid-x farid-y "
    "roberts-1 roberts-2 kirsch-e kirsch-se kirsch-s kirsch-sw kirsch-w kirsch-nw kirsch-n kirsch-ne robinson-e "
    "robinson-se robinson-s robinson-sw robinson-w robinson-nw robinson-n robinson-ne"
)
WIDE = {
    "blur": ("--size 25", "--sigma 6", "--radius 9"),
    "conv": ("--kernel kernel31.npy", "--kernel ones25.npy", "--kernel kernel9.npy", "--kernel gaussian5"),
    "edges": ("", "--sigma 5", "--size 7"),
    "sharpen": ("", "--sigma 6"),
    "morph": ("", "--size 15", "--shape disk --size 11", "--shape shape.txt --iterations 3"),
    "pool": ("", "--size 9 --stride 2"),
}
"""Options under which an image of 300×220 takes other ways than a small one."""
SEVERAL = "a.png g.png deep.png clear.tif f.npy nan.npy"
"""Images of every depth, with and without colours, an alpha and missing samples."""
KEEP = "conv --kernel 1"
"""A filter that gives every image back."""
WARM = (
    *(f"{KEEP} a.png -o w.{format} --to {format}" for format in FORMATS),
    *(f"{KEEP} {name} -o w.npy" for name in ("a.jpg", "clear.webp", "clear.tif", "deep.png", "inks.tif", "f.npy")),
    *(f"{KEEP} {name} -o w.tif" for name in ("film.gif", "film.png", "film.webp", "mixed.tif", "told.jpg", "f.npy")),
    f"{KEEP} film.png -o w.gif",
    "blur a.png g.png -o w/ --json -v --update --depfile w.d --roi 0,0,5,5",
    "blur big.png -o w.png --op nlm",
    "blur big.png -o w.png --sigma 30",
    "edges a.png -o w.png --op canny --angle w2.png --angle-style color --angle-legend w3.png",
    "edges a.png --op structure --orientation w.npy",
    "sharpen a.png -o w.png --op adaptive",
    "frequency a.png -o w.png",
    "morph a.png -o w.png --op hitmiss",
    "noise a.png -o w.png --op poisson",
    "pool a.png -o w.png",
    "conv a.png --kernel gabor --sheet w.png",
    "conv big.png -o w.png --kernel kernel31.npy --algorithm fourier",
    "chain a.png -o w.png --save w.toml blur edges",
    "run r.toml a.png -o w.png",
    "kernels",
    "kernels show opencv.json",
    "blur a.png -o w.png --sgma 2",
    "blur --help",
)
"""Calls that import nearly all that the cases import."""


class Case(NamedTuple):
    """Calls one after the other in one folder, which holds the inputs that they name.

    A call is a line as a shell splits it: the program's arguments, and at the end `< FILE` where standard input is not
    empty. Of other lines the first word is `rm`, `touch` or `cp`, which act on files, `with`, which names more inputs,
    or `$`, which leaves the rest to a shell in which `imfilter` is the program, in a process of its own.
    """

    name: str
    calls: tuple[str, ...]
    quick: bool = False
    """Whether the case belongs to the small set too."""
    prose: bool = False
    """Whether standard output is for people, as help is."""
    env: tuple[tuple[str, str], ...] = ()


def cases(kinds: list[str], kernels: list[str], refused_kernels: list[str], damaged: list[str]) -> list[Case]:
    """Return all of them, given the names of the inputs that are many."""
    found = [
        *pixels(kinds),
        *options(),
        *algorithms(),
        *maps(),
        *listed(kernels, refused_kernels, damaged),
        *helps(),
        *processes(),
    ]
    for group, lines in GROUPS.items():
        for line in lines:
            calls = (line,) if isinstance(line, str) else line
            found.append(Case(f"{group}: {' ; '.join(calls)}", calls, quick=group not in ("quality", "colours")))
    found += [Case(f"refused: {line}", (line,), quick=True) for line in WRONG]
    for variable, value, line in ENVIRONMENTS:
        found.append(Case(f"environment: {variable}={value} {line}", (line,), True, env=((variable, value),)))
    names = [case.name for case in found]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1]
    return found


def operators() -> Iterator[tuple[str, str, Any]]:
    """Yield each filter with each of its operators, as the words of a command, and the filter's description."""
    from imfilter.filters.core import catalog

    for name in catalog.names():
        spec = catalog.load(name).spec
        for op in spec.parameters["op"].choices if "op" in spec.parameters else ("",):
            words = [name, *(["--op", op] if op else []), *([NEEDED[name]] if name in NEEDED else [])]
            yield " ".join(words), op, spec


# ---- products of operators, images, formats and options ---------------------------------------------


def pixels(kinds: list[str]) -> Iterator[Case]:
    """Pair each operator with each kind of image, each operator with each format, and each kind with each format.

    A kind that a format refuses is written as TIFF too, which holds all.
    """
    few = " ".join(f"kinds/{name}" for name in kinds[::29])
    for number, (command, _, _) in enumerate(operators()):
        yield Case(f"kinds: {command} -> tiff", (f"{command} kinds -o out/ --to tiff --json",))
        yield Case(f"few kinds: {command} -> tiff", (f"{command} {few} -o out/ --to tiff --json",), quick=True)
        for at, format in enumerate(FORMATS):
            these = " ".join(f"kinds/{name}" for name in kinds[(number + at) % len(FORMATS) :: len(FORMATS)])
            yield Case(f"some kinds: {command} -> {format}", (f"{command} {these} -o out/ --to {format} -v",))
    for command, format in itertools.product((KEEP, "edges", "blur --linear", "blur --depth 8"), FORMATS):
        calls = (f"{command} kinds -o out/ --to {format} --json",)
        yield Case(f"all kinds: {command} -> {format}", calls, quick=command == KEEP)
    for name in kinds:
        yield Case(f"one: {name}", (f"{KEEP} kinds/{name} -o out.npy -v",))
        yield Case(f"piped: {name}", (f"blur - < kinds/{name}",))
        yield Case(f"in colour: {name}", (f"{KEEP} kinds/{name} -o out.tif --to-rgb --strip",))


def options() -> Iterator[Case]:
    """Give each parameter of a filter each of its choices, or some values, with each operator that it is for."""
    for command, op, spec in operators():
        first = "op" not in spec.parameters or op == spec.parameters["op"].choices[0]
        for parameter in spec.parameters.values():
            if parameter.name == "op" or not parameter.param.suits(op):
                continue
            choices = [*parameter.choices, *(parameter.param.aliases if first else ())]
            for value in choices or TEXTS.get(parameter.name) or VALUES.get(parameter.kind, ("1",)):
                line = f"{command} {SEVERAL} -o out/ --to tiff --json -v --{parameter.name.replace('_', '-')} {value}"
                yield Case(f"option: {line.replace(SEVERAL, '...')}", (line.strip(),))
        for number, values in enumerate(("abs", "offset", "stretch")):
            depth = ("8", "16", "float")[(number + len(command)) % 3]
            line = f"--depth {depth} --range {values} --gain 2"
            yield Case(f"option: {command} {line}", (f"{command} {SEVERAL} -o out/ --to png --json {line}",))
        for more in ("--mask mask.png", "--roi -3,2,10,4 --roi 8,8,5,5 --mask mask.npy", "--background '#204060'"):
            yield Case(f"option: {command} {more}", (f"{command} a.png clear.tif f.npy -o out/ --json {more}",))
        for alias in spec.parameters["op"].param.aliases if op and first else ():
            yield Case(f"alias: {spec.name} {alias}", (f"{spec.name} --op {alias} a.png -o out.png",), quick=True)


def algorithms() -> Iterator[Case]:
    """Compute an image that is larger than a strip in every way."""
    for command, _, spec in operators():
        ways = spec.parameters["algorithm"].choices if "algorithm" in spec.parameters else ("",)
        for way, more in itertools.product(ways, WIDE.get(spec.name, ("",))):
            chosen = f"{command} {more} --algorithm {way}" if way else f"{command} {more}"
            yield Case(f"large: {chosen}", (f"{chosen} big.png -o out.png --json -v",), quick=way == "auto")
        yield Case(f"large: {command} float", (f"{command} big.png -o out.npy --depth float --json",))
        yield Case(f"one pixel: {command}", (f"{command} one.png -o out.npy",))
        for name in ("inks.tif", "inf.npy", "allnan.npy", "signal.npy", "two.tif", "film.gif"):
            yield Case(f"{name}: {command}", (f"{command} {name} -o out.tif -v",))


def maps() -> Iterator[Case]:
    """Write each map of each operator in formats of every depth."""
    for number, (command, _, spec) in enumerate(operators()):
        for at, name in enumerate(spec.maps):
            suffix, more = (
                choices[(number + at) % 3]
                for choices in (("npy", "tif", "webp"), ("--depth 16", "--range stretch --gain 0.5", "--channels each"))
            )
            yield Case(f"map: {command} --{name} png", (f"{command} a.png --{name} m.png --json",))
            yield Case(f"map: {command} --{name} {suffix}", (f"{command} clear.tif --{name} m.{suffix}",))
            calls = (f"{command} a.png deep.png f.npy --{name} m/ -o out/ {more}",)
            yield Case(f"map: {command} --{name} {more}", calls)


# ---- lists of files ---------------------------------------------------------------------------------


def listed(kernels: list[str], refused_kernels: list[str], damaged: list[str]) -> Iterator[Case]:
    """Read every kernel file, what no kernel file may say, and every damaged picture."""
    for name in kernels:
        yield Case(f"kernel: {name}", (f"kernels show {name}",), quick=True, prose=True)
        calls = (f"kernels show {name} --save out.txt", f"kernels show {name} --save out.npy")
        yield Case(f"kernel saved: {name}", calls, prose=True)
        yield Case(f"kernel used: {name}", (f"conv a.png f.npy --kernel {name} -o out/ --to npy -v",), quick=True)
        yield Case(f"kernel turned: {name}", (f"conv a.png --kernel {name} -o out.png --mode convolve -v",))
    for name in refused_kernels:
        yield Case(f"kernel refused: {name}", (f"kernels show {name}",), name.startswith("refused"), prose=True)
    lenient = "--lenient --max-pixels 1M"  # some say that they are very large, and would be
    for name in damaged:
        yield Case(f"damaged: {name}", (f"{KEEP} {name} -o out.png", f"{KEEP} {name} -o out.npy {lenient}"))
        yield Case(f"damaged: piped {name}", (f"blur - -o out.png < {name}",))
    for more in ("", lenient, f"{lenient} --to-rgb"):
        calls = (f"blur {' '.join(damaged)} -o out/ --to png --json {more}",)
        yield Case(f"damaged: all {more}", calls, quick=True)


def helps() -> Iterator[Case]:
    """Print what is for people: help and lists, and the words for a shell's completion."""
    from imfilter.filters.core import catalog

    commands = ["", *catalog.names(), "chain", "run", "kernels", "kernels show", "kernels plot", "show"]
    for command in commands:
        yield Case(f"help: {command}", (f"{command} --help",), True, True)
        yield Case(f"help: narrow {command}", (f"{command} -h",), False, True, (("COLUMNS", "50"),))
        if command in (*catalog.names(), "chain", "run"):
            yield Case(f"help: shared {command}", (f"{command} --help-shared",), False, True)
        for shell, typed in (
            *(("bash", typed) for typed in ("", "--", "--op ", "--to ")),
            ("zsh", "--"),
            ("fish", "--"),
        ):
            line = f"imfilter {command} {typed}".replace("  ", " ")
            env = (
                ("_IMFILTER_COMPLETE", f"complete_{shell}"),
                ("COMP_WORDS", line),
                ("COMP_CWORD", str(len(line.split(" ")) - 1)),
                ("_TYPER_COMPLETE_ARGS", line),
                ("_TYPER_COMPLETE_FISH_ACTION", "get-args"),
            )
            yield Case(f"completion: {shell} {line!r}", ("",), shell == "bash", True, env)
    for words in ("", "blur", "dataset split", "op", "op canny", "man"):
        yield Case(f"help: help {words}", (f"help {words}",), True, True)
    for shell in ("bash", "zsh", "fish"):
        env = (("_IMFILTER_COMPLETE", f"source_{shell}"),)
        yield Case(f"completion: source {shell}", ("",), True, True, env)
    for line in ("", "--version", "kernels", "kernels show sobel-x", "kernels show '1 2; 3 4'", "kernels show haar"):
        yield Case(f"printed: {line}", (line,), True, True)
    for line in ("kernels show -- '-1 -2'", "kernels show 3x1+0+0:1,-,3", "kernels show k.txt --max-taps 9"):
        yield Case(f"printed: {line}", (line,), True, True)


def processes() -> Iterator[Case]:
    """Start the program as a process of its own, for what happens before and around a call."""
    for line in SHELL_LINES:
        yield Case(f"process: {line}", (f"$ {line}",), True)


SHELL_LINES = (
    "imfilter blur a.png -o out.png",
    "imfilter blur huge-file.png -o out.png",
    "imfilter blur big.jpg -o out.jpg",
    "imfilter blur huge-file.png -o out.png --sigma -1",
    "imfilter",
    "imfilter --version",
    "imfilter blur nosuch.png -o out.png",
    "imfilter blur - --sigma 2 < a.png | imfilter edges - > e.png",
    "imfilter blur a.png -o - -t npy | imfilter edges - --gx gx.npy",
    "imfilter blur missing.png -o - | imfilter edges - > e.png",
    "imfilter blur a.png -o - >&-",
    "imfilter blur - -o out.png <&-",
    "imfilter blur a.png -o out.png <&- >&- 2>&-",
    "imfilter --version > /dev/full",
    "imfilter kernels > /dev/full",
    "imfilter blur a.png -o /dev/full -t png",
    "imfilter edges a.png -o - --angle angle.png > /dev/full",
    "imfilter blur photos mixed -r -o out/ --json -j 2",
    "imfilter blur a.png b.png -o out/ -q --json > /dev/full",
    "imfilter blur a.png -o out/ -n >&-",
    "trap '' XFSZ; ulimit -f 1; imfilter blur a.png -o out.png -t tiff",
    "LC_ALL=C PYTHONIOENCODING=ascii PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 imfilter blur 'é b.png' -o out/ -n",
)

ENVIRONMENTS = (
    ("IMFILTER_MAX_PIXELS", "900", "blur a.png -o out.png"),
    ("IMFILTER_MAX_PIXELS", "900", "blur a.png -o out.png --max-pixels 1M"),
    ("IMFILTER_MAX_PIXELS", "many", "blur a.png -o out.png"),
    *(("IMFILTER_JOBS", value, "blur a.png -o out.png") for value in ("0", "-1", "two", "1.5", "111111111")),
    ("IMFILTER_JOBS", "2", "blur photos mixed -r -o out/ --json"),
    ("IMFILTER_JOBS", "2", "noise photos -r -o out/"),
    ("IMFILTER_JOBS", "2", "blur big.png -o out.jpg --sigma 12"),
    ("IMFILTER_JOBS", "3", "conv big.png --kernel gabor:3x1 --sheet out.png"),
)

# ---- right calls, group by group --------------------------------------------------------------------

FILMS = (
    *("film.gif", "film.png", "film.webp", "clearfilm.gif", "clearfilm.png", "clearfilm.webp"),
    *("pages.tif", "mixed.tif"),
)
TOLD = ("told.jpg", "told.png", "told.tif", "told.webp", "told.avif", "long.jpg")
BATCH = "blur photos -r -o out/"
EACH = "-o out/ --name '{stem}-{map:02}.png'"
EDGES = "chain a.png -o out.npy 'blur --sigma 2' 'edges --op scharr'"

GROUPS: dict[str, tuple[str | tuple[str, ...], ...]] = {
    "reports": (
        "edges a.png -o out.png --report page.html",
        "blur photos -r -o out/ --sigma 3 --report page.html --report-size 60K --report-title 'Softer & softer'",
        "blur a.png -o out.png --report a.png",
        "sweep a.png --report page.html 'blur --sigma {1,2}' --report-title Sigmas",
    ),
    "data sets": (
        "edges labelled-idx3-ubyte -o out-idx3-ubyte --labels its-labels",
        f"{KEEP} labelled-idx3-ubyte -o out.npz --labels its-labels",
        f"{KEEP} records -o out.npz --from cifar10",
        f"{KEEP} records -o - --to cifar10 --from cifar10",
        "rotate a.png -o out.png --angle 20 --masks masks --masks-out m/ --mask-fill 255",
        "flip a.png -o out/ --boxes boxes --boxes-out b.json --boxes-to coco --boxes-oriented no --swap left,right",
        "crop a.png -o out.png --size 20,10 --boxes boxes --boxes-out b/ --min-visible 0.5 --classes names.txt",
    ),
    "frames": (
        *(f"{KEEP} {film} -o out.{suffix}" for film in FILMS for suffix in ("gif", "png", "webp", "tif", "jpg", "npy")),
        *(f"blur {film} --sigma 2 -o out/ --name '{{stem}}-{{frame:03}}.png' --json" for film in FILMS),
        *(f"{KEEP} {film} --frame 1 -o out.png -v" for film in (*FILMS, "in.mpo", "still-first.png", "film.avif")),
        *(f"{KEEP} {film} --frame 4 -o out.png" for film in FILMS),
        *(f"{KEEP} canvas{disposal}.gif -o out.png -v" for disposal in range(4)),
        *(f"{KEEP} {film} --in-place" for film in ("film.gif", "film.png", "film.webp", "pages.tif")),
        *(f"{KEEP} {film} -o - --to webp" for film in FILMS),
        "edges film.gif --angle angle.png --magnitude magnitude.tif -q",
        "conv pages.tif --kernel haar -o out/ --name {frame}-{map}.tif",
        "blur film.png -o out.png --mask mask.png",
        "noise pages.tif -o out.tif --sigma 9",
        *(f"{KEEP} in.mpo -o out.png {more}" for more in ("", "--frame 0", "-q")),
        f"{KEEP} in.mpo -o out/ --name {{frame}}.png",
        f"{KEEP} still-first.png -o out.png",
        f"{KEEP} reduced.tif -o out.tif",
        f"{KEEP} reduced.tif -o out.bmp --frame 1",
        f"{KEEP} a.png -o out/ --name {{stem}}-{{frame}}.png",
        f"{KEEP} a.png --frame 0 -o out.png",
        f"{KEEP} a.png --frame 1 -o out.png",
        f"{KEEP} film.png -o out/ --name {{frame:02}}.png --dry-run",
        f"{KEEP} film.png -o out.png --max-frames 3",
        f"{KEEP} film.png -o out.png --max-frames 4",
        f"{KEEP} cutfilm.gif -o out.gif",
        f"{KEEP} cutfilm.gif -o out/ --name {{frame}}.png",
        f"{KEEP} cutfilm.gif -o out.png --lenient",
        f"{KEEP} lackingfilm.png -o out.png",
        f"{KEEP} lackingfilm.png -o out.png --lenient",
        f"{KEEP} film.avif -o out.png",
        (
            f"{KEEP} film.gif -o out/ --name {{frame}}.png --update -v",
            f"{KEEP} film.gif -o out/ --name {{frame}}.png --update -v",
            "rm out/3.png",
            f"{KEEP} film.gif -o out/ --name {{frame}}.png --update -v",
            "cp a.png out/2.png",
            f"{KEEP} film.gif a.png -o out/ --name {{stem}}-{{frame}}.png --no-clobber",
            f"{KEEP} film.gif -o out/ --name {{frame}}.png --no-clobber -v",
        ),
    ),
    "metadata": (
        *(f"{KEEP} {name} -o out.{suffix}" for name in TOLD for suffix in ("jpg", "png", "tif", "webp", "avif", "bmp")),
        *(f"{KEEP} {name} -o out.{suffix} -v" for name in TOLD for suffix in ("gif", "npy", "ppm")),
        *(f"blur {name} -o out.png {more}" for name in TOLD for more in ("--strip", "--strip-gps", "--depth 16")),
        *(f"edges {name} -o out.{suffix}" for name in TOLD for suffix in ("jpg", "png", "tif", "webp")),
        *(f"blur {name} -o out/ {more}" for name in TOLD for more in ("", "--roi 2,3,9,9", "--strip-gps --to webp")),
        *(f"blur {name} -o out/ {more}" for name in TOLD for more in ("--no-stamp", "--preserve-times --to tif")),
        *(f"{KEEP} {name} -o out.bmp {more}" for name in TOLD for more in ("", "--keep-values")),
        *(f"{KEEP} {name} -o out.tif --compression lzw" for name in ("a.png", "f.npy", "deep.png", "pages.tif")),
        *(f"{KEEP} {name} -o out.tif --to cog" for name in ("a.png", "f.npy", "deep.png", "pages.tif")),
        *(f"{KEEP} a.png -o out.zarr {more}" for more in ("--pyramid", "--chunks 32", "--chunks 32 --shard-size 64")),
        *(f"{KEEP} a.png -o out.png {more}" for more in ("--pyramid", "--chunks 32", "--shard-size 2048")),
        *(f"blur {name} -o out.tif --nodata 7 {more}" for name in ("g.png", "f.npy") for more in ("", "--keep-holes")),
    ),
    "quality": tuple(
        f"blur {name} -o out.{suffix} --quality {quality}"
        for name in ("big.png", "g.png", "clear.webp")
        for suffix in ("jpg", "webp", "avif", "png")
        for quality in (1, 50, 90, 100)
    ),
    "colours": (
        *(f"blur inks.{suffix} -o out.tif {more}" for suffix in ("tif", "jpg") for more in ("", "--to-rgb",
        "--linear")),
        *(f"{KEEP} {name} -o out.jpg --quality 100" for name in ("inks.tif", "inks.jpg")),
        *(f"{KEEP} {name} -o out.png -v" for name in ("lab.tif", "ycbcr.tif", "inks.tif", "inks-profile.tif")),
        *(f"{KEEP} {name} -o out.png --to-rgb" for name in ("lab.tif", "ycbcr.tif", "inks-profile.tif")),
        *(f"{command} inks.tif -o out.tif --depth 16" for command in ("blur", "edges", "edges --channels each")),
        "blur inks.tif -o out.npy",
        "edges inks.tif -o out.tif --to-rgb",
        *(
            f"{command} {name} -o out.{suffix} {more}"
            for command in (KEEP, "edges", "blur")
            for name in ("clear.webp", "clear.tif")
            for suffix in ("jpg", "bmp", "npy", "gif")
            for more in ("--depth 8", "--depth 8 --background '#404040'", "--depth 8 --background teal")
        ),
    ),
    "maps": (
        "edges a.png -o out.png --angle a.png2 --to png",
        "edges a.png --angle angle.png --angle-style color",
        "edges a.png --angle angle.jpg --angle-style color --quality 80",
        "edges deep.png --angle angle.png --angle-style color --angle-legend wheel.png",
        "edges a.png --angle angle.tif --angle-style color --depth float",
        "edges a.jpg --magnitude maps/ -o pictures/",
        "edges a.png -o - --angle angle.npy",
        "edges a.png --magnitude - --to npy",
        "edges a.png --magnitude m.npy --angle a.npy --gx gx.npy --gy gy.npy -o out.png",
        "edges a.png --op structure --strength s.png --orientation o.png --coherence c.png",
        "frequency a.png --spectrum s.png --response r.png -o out.png",
        "edges photos -r -o out/ --angle angles/ --angle-style color --angle-legend wheel.png --json",
        ("edges a.png --angle b.png --update", "edges a.png --angle b.png --angle-legend w.png --update"),
    ),
    "banks": (
        *(f"conv a.png -o out.{suffix} --kernel bank.npy -v" for suffix in ("npy", "tif", "png")),
        *(f"conv {name} -o out.npy --kernel bank1.npy" for name in ("a.png", "g.png", "f.npy", "nan.npy", "clear.tif")),
        *(f"conv {name} -o out.npy --kernel bank.npy --nan ignore" for name in ("a.png", "nan.npy", "g.png")),
        "conv a.png -o out.npy --kernel bank.npy --stride 2 --bias 3 --activation relu",
        "conv a.png -o out.npy --kernel bank.npy --bias bias.txt --activation sigmoid --mode convolve",
        "conv a.png -o out.npy --kernel bank1.npy --groups 3 --dilation 2 --padding valid",
        "conv a.png -o out.png --kernel bank3.npy",
        "conv a.png -o out.png --kernel bank3.npy --padding full --anchor 1,2",
        *(f"conv a.png -o out.npy --kernel {bank}" for bank in ("haar", "gabor", "dct8", "schmid", "leung-malik")),
        *(f"kernels show {bank} --save bank.npy" for bank in ("haar", "gabor:3x2", "dct8", "schmid", "leung-malik")),
        f"conv a.png --kernel bank.npy --range offset --gain 2 {EACH}",
        f"conv a.png --kernel bank.npy --range stretch --depth 16 {EACH} --json",
        f"conv a.png --kernel bank.npy --depfile out.d {EACH}",
        f"conv a.png --kernel bank.npy --sheet s.png --dry-run {EACH}",
        *(f"conv {name} --kernel bank.npy --sheet s.png" for name in ("a.png", "big.png", "f.npy", "clear.webp")),
        *(f"conv {name} --kernel haar --sheet s.png" for name in ("allnan.npy", "inf.npy", "one.png", "film.gif")),
        *(f"conv a.png --kernel bank.npy --sheet s.png --sheet-range {how}" for how in ("each", "common", "signed")),
        "conv a.png --kernel bank.npy --sheet s.jpg --quality 50",
        "conv photos -r --kernel haar --sheet sheets/ -o out/ --to npy",
        "conv clear.webp -o out.npy --kernel haar --background '#404040'",
        "chain a.png -o out.npy 'conv --kernel bank.npy --activation relu' 'blur --sigma 2'",
        (
            f"conv a.png --kernel bank.npy -u --json {EACH}",
            f"conv a.png --kernel bank.npy -u --json {EACH}",
            "rm out/a-03.png",
            f"conv a.png --kernel bank.npy -u --json {EACH}",
            f"conv a.png --kernel bank.npy -u --json --scale 2 {EACH}",
            "cp out/a-01.png out/a-02.png",
            f"conv a.png --kernel bank.npy -u --json --scale 2 {EACH}",
            "cp a.png out/a-02.png",
            f"conv a.png --kernel bank.npy --no-clobber {EACH}",
        ),
    ),
    "kernels": (
        *(f"conv f.npy -o out.npy --kernel {name}" for name in BUILT_IN.split()),
        *(f"conv a.png -o out.npy --kernel sobel5-x --mode {mode} --anchor 1,3" for mode in ("correlate", "convolve")),
        *(f"conv signal.npy -o out.npy --kernel '1 2 3 4' --padding {how}" for how in ("valid", "full", "same")),
        "kernels plot sobel-x -o out.png",
        "kernels plot haar --output out.png --map 2 --phase",
        "kernels plot bank.npy -o out.png",
        "kernels show sobel-x --save out.txt",
        "kernels show sobel-x --save out.npy",
        "kernels show '1/3 1e-9' --save out.txt",
        "conv a.png -o out.npy --kernel large.npy --max-taps 100000 --normalize sum",
        "conv a.png -o out.png --kernel 3x1+0+0:1,-,3 -v",
        "conv a.png -o out.png --kernel gaussian3 --border constant --fill 9 --scale 2 --bias 7",
    ),
    "chain": (
        EDGES,
        f"{EDGES} --json",
        f"{EDGES} --save r.out.toml -v",
        "chain a.png -o out.png 'blur --sigma 2,1 --border wrap'",
        "chain a.png -o out.png --angle a.tif --gx x.tif blur edges",
        "chain photos -r -o out/ --name '{stem}.{filter}.png' 'blur --sigma 2' edges --json",
        "chain --save r.out.toml 'blur --sigma 2' 'edges --op scharr'",
        "chain --save r.out.toml 'edges --thin --op prewitt --border constant --fill 3'",
        "chain --save r.out.toml \"conv --kernel '1 2; 3 4' --padding 1,2,3,4\"",
        "chain --save r.out.toml 'conv --kernel \"a é.txt\" --anchor 1,2'",
        "chain a.png -o out/ --dry-run --json --save r.out.toml \"conv --kernel '1 2; 3 4' --padding full\"",
        ("chain a.png -o out.png --save s.toml blur sharpen", "run s.toml a.png -o run.png",
         "run s.toml f.npy -o run.npy"),
        "run r.toml a.png -o out.png",
        "run r.toml photos -r -o out/ --json",
        "run r.toml a.png -o out.png --magnitude m.npy",
        ("with k.txt", "run r-kernel.toml a.png -o out.png --depfile out.d"),
        "chain a.png -o out.png --mask mask.png --save r.out.toml 'blur --sigma 1' edges",
        "chain nan.npy -o out.npy blur 'edges --nan fill=0'",
        "chain f.npy -o out.npy 'blur --linear' 'sharpen --channels luma' 'morph --op close'",
        "chain a.png -o out.npy 'noise --sigma 3' 'noise --sigma 3'",
        "chain a.png -o out.png 'pool --size 2' 'frequency --cutoff 0.2 --depth 16'",
        "chain inks.tif -o out.tif blur 'morph --op dilate'",
        "chain - blur edges < a.png",
        (
            "chain photos -o out/ 'conv --kernel k.txt --normalize sum' edges",
            "chain photos -o out/ --update 'conv --kernel k.txt --normalize sum' edges",
            "cp shape.txt k.txt",
            "chain photos -o out/ --update 'conv --kernel k.txt --normalize sum' edges",
        ),
    ),
    "where": (
        *(f"edges a.png -o out.{suffix} --mask mask.png --magnitude m.npy" for suffix in ("png", "tif", "npy", "jpg")),
        *(f"blur a.png -o out.png --mask {mask}" for mask in ("mask16.png", "mask-rgb.png", "mask.npy")),
        "blur big.png -o out.jpg --sigma 9 --roi 20,100,90,20 --strip",
        "blur told.png -o out.png --mask mask.png --roi 2,3,9,9",
        "blur mixed -o out/ --mask mask.png --json",
        "blur pages.tif -o out.tif --mask mask.png",
        "blur a.png -o out.png --mask mask.png --depfile out.d",
        (
            "blur a.png -o out/ --update --json",
            "blur a.png -o out/ --update --json --mask mask.png",
            "blur a.png -o out/ --update --json --mask mask.png",
            "blur a.png -o out/ --update --json --mask mask.npy",
            "blur a.png -o out/ --update --json --roi 0,0,5,5",
            "blur a.png -o out/ --update --json --roi 0,0,5,6",
        ),
    ),
    "batch": (
        BATCH,
        *(f"{BATCH} {more}" for more in ("--json", "-v", "-q", "-n", "-n --json", "--to webp", "-j 2")),
        *(f"{BATCH} --name '{name}'" for name in ("{stem}.soft{suffix}", "{filter}-{index:03}", "%d *[{stem}]")),
        *(f"{BATCH} --name '{{index}}{{suffix}}' --json --shard {i}/3 --shard-by {by}"
          for i in (1, 2, 3) for by in ("place", "index")),
        f"{BATCH} --shard 2/3 --report 'page-{{shard}}.html'",
        f"{BATCH} --in-flight 2 --allow-private",
        *(f"{BATCH} --name '{name}'" for name in ("{stem}-{output}", "{{{stem}}}", "{stem}.png", "{index}.tif")),
        *(f"blur mixed -o out/ {more}" for more in ("", "--json", "-v", "-j 2")),
        *(f"blur mixed -o out/ --fail-fast -j 1 {more}" for more in ("", "--json")),
        "blur photos -o out/",
        "blur photos mixed -r -o out/ --name '{index}-{stem}.png' --depfile all.d",
        "edges photos -r -o out/ --angle maps/ --depfile all.d",
        "blur photos -r -o photos/out/",
        ("edges photos -r -o photos/out/ --angle photos/deep/angle/",) * 2,
        ("with photos", "blur photos-link -r -o out/"),
        *(f"blur photos -r -o out/ --include '{glob}'" for glob in ("*.png", "deep/*", "c*")),
        *(f"blur photos -r -o out/ --exclude '{glob}' -v" for glob in ("*.png", "deep", "deep/", "*")),
        "blur loop -r -o out/ --exclude loop",
        ("with a.png b.png g.png", "blur --files-from list.txt -o out/ --json"),
        ("with a.png b.png g.png", "blur --files-from - -o out/ < list.txt"),
        ("with a.png b.png g.png", "blur --files-from - -o out/ --watch -q < list.txt"),
        ("with a.png 'new\nline.png'", "blur --files-from list0.txt -0 -o out/"),
        ("with a.png", "blur --files-from missing.txt -o out/"),
        "blur --files-from list.txt -o out/ --json",
        "blur a.png --no-clobber -o out.png",
        ("blur a.png -o out.png", "sharpen a.png -o out.png --no-clobber",
         "edges a.png -o out.png --no-clobber --gx x.npy"),
        (BATCH, f"{BATCH} --update", "touch photos/a.png", f"{BATCH} --update -v", f"{BATCH} --update --dry-run"),
        (BATCH, f"{BATCH} --update --sigma 2", f"{BATCH} --update --sigma 2 --json", f"{BATCH} -u --border reflect"),
        *((BATCH, f"{BATCH} --update {more}", f"{BATCH} --update {more}") for more in (
            "--quality 90", "--strip", "--strip-gps", "--linear", "--depth 16", "--background red", "--to-rgb",
            "--lenient",
        )),
        ("blur a.png -o out/", "blur a.png -o out/a.png --to webp", "blur a.png -o out/ --update -v"),
        *(
            (f"{command} told.jpg -o out/ --to {format} --channels luma -u -v",) * 2
            for format in FORMATS
            for command in ("blur", "edges")
        ),
        "blur photos -r --in-place",
        "blur photos -r --in-place --backup .orig --json",
        ("blur photos -r --in-place --update", "blur photos -r --in-place --update -v"),
        ("blur photos -r --in-place --backup .orig",) * 2,
        ("blur photos -r --in-place --backup .orig -u",) * 2,
        "blur backed --in-place --backup .orig",
        "blur -o out/ -- -x.png",
        "blur -o out-x.png -- -x.png",
        "blur [red].png 'é b.png' {stem}.png 'new\nline.png' -o out/ --json",
        "blur a.png -o -",
        "blur - < a.png",
        "blur - --to webp < a.png",
        "blur - -o out.png --depfile out.d --json < a.png",
        "blur a.png -o deep/er/out/",
        "blur a.png -o maps-out",
        "conv a.png -o out.png --kernel k.txt --depfile out.d",
        ("blur a.png -o out/ --update --depfile all.d",) * 2,
        "noise photos -r -o out/ --seed 3",
        "noise photos -r -o out/ -j 2 --op salt-pepper --per-channel",
        "blur f.npy -o out.png",
        "blur f.npy -o out.png --gain 255",
        "blur f.npy -o out.png -q",
        "blur film.gif -o out.tif -q",
        "blur a.png -o out.png -v --sigma 2",
        "blur a.png -o out.png --max-pixels 0.96k",
        "blur one.png --op mean --size 31 -o out.png",
    ),
}  # fmt: skip

# ---- wrong calls ------------------------------------------------------------------------------------


def _after(command: str, endings: Iterable[str]) -> list[str]:
    return [f"{command} {ending}" for ending in endings]


MAPS = ("magnitude", "angle", "gx", "gy", "strength", "orientation", "coherence")
WRONG = (
    *_after("blur a.png -o out.png", (
        "--sigma -1", "--sigma nan", "--sigma inf", "--sigma 1e12", "--sigma wide", "--sigma 1,2,3", "--sigma",
        "--size 4", "--size 3.5", "--size 99999999999", "--sigma 2 --radius 3", "--op mean --sigma 2",
        "--op gausian", "--border relfect", "--channels rgb", "--sgma 2", "--quality 0", "--quality 101",
        "--quality best", "--background chartreusish", "--max-pixels many", "--max-pixels 0", "--max-pixels 959",
        "--gain 0", "--gain 1e9", "--depth 32", "--range wide", "--to jpge", "--max-frames 0", "--max-frames x",
        "--in-flight 0",
        "--frame -1", "--frame x", "--jobs 0", "-j two", "-q -v", "-0", "--backup .orig", "--backup a/b",
        "--cluster nowhere", "--cluster a.png", "--cluster local:2 -j 2", "--cluster local:2 --watch",
        "--json --quality 0",
        "--mask none.png", "--mask text.png", "--mask -", "--mask two.tif", "--mask hot.npy", "--mask tiny.png",
        "--mask bad-text", "--mask folder", "--roi 1,2,3", "--roi 1,2,3,4.5", "--roi 1,2,0,4", "--roi 5000,2,3,4",
        "--nan skip", "--nan fill=x", "--name {stem}", "--depfile a.png", "--depfile out.png", "--depfile no/b.d",
        "--depfile .", "--depfile -", "--depfile ''", "--files-from gone", "--files-from blank.txt", "--angle x.png",
        "--sheet s.png", "--op percentile --percentile 101", "--op nlm --patch 4", "--op bilateral --range-sigma 0",
        "--op guided --guide red", "--op motion --angle 999", "--algorithm fast", "--op median --algorithm fourier",
        "--op disk --radius 1,2", "--in-place", "--recursive=yes", "--epsilon 1", "--strength 1", "--fill x",
        "--seed 1", "--name", "--include", "--exclude '*'", "--show", "--show both --show-as sixel --show-size 40x12",
        "--show-as dots", "--show --json", "--watch --in-place", "--watch --dry-run", "--watch --fail-fast",
        "--watch --report r.html", "--watch --sigma wide", "--watch --show",
        "--shard 0/4", "--shard 4", "--shard-by index",
        "--shard 1/2 --shard-by size", "--shard 1/2 --depfile a.d", "--shard 1/2 --report r.html",
    )),
    *_after("blur a.png", (
        "", "--show", "-o", "-o ''", "-o out.xyz", "-o out", "-o a.png", "-o ./folder/../a.png", "-o link.png",
        "-o missing/out.png",
        "-o a.png/out.png", "-o a.png/", "-o a.png/deep/", "-o gone-link/", "b.png -o out.png", "b.png -o -",
        "- -o folder/", "-o - --json", "-o out/ --name ''", "-o out/ --name a/{stem}", "-o out/ --name {stem:/>9}",
        "-o out/ --name {stem", "-o out/ --name {size}", "-o out/ --name {stem!r}", "-o out/ --name {stem.__class__}",
        "-o out/ --name {0}", "-o out/ --name {stem:{index}}", "-o out/ --name {index:99999999999}",
        "-o out/ --name {stem:04d}", "-o out/ --name {frame:3}.png", "-o out/ --name {frame:x>3}.png",
        "-o out/ --name {frame}{frame}.png", "-o out/ --name {map}.png", "b.png -o out/ --name one.png",
        "-o out/ --name {frame}.png --depfile x.d", "-o ./ --name a{frame}.png", "./a.png -o out/",
        "same/a.png -o out/",
        "-o 'a;b.png' --depfile b.d", "--in-place -o out/", "--in-place --to png", "--in-place --no-clobber",
        "--in-place --backup a/b", "--in-place --backup ''", "--in-place --frame 0", f"-o {'x' * 300}.png",
        "-o /proc/out.png", "-o folder", "--files-from - -o out/", "--files-from - - -o out/",
        "-o out.png --files-from list.txt",
        "-o out.png --update", "-o out.pgm", "-o out.png --dry-run --to", "--angle",
    )),
    *_after("edges a.png -o out.png", (
        "--op sobl", "--size 4", "--op canny --low 9 --high 3", "--op canny --low 9", "--op prewitt --low 3",
        "--ratio 1",
        "--op dog --ratio 1", "--angle-style hue", "--angle x.png --angle-style color --channels each",
        "--angle-legend wheel.pgm", "--angle-legend a.png", "--angle-legend ./a.png", "--angle-legend out.png",
        "--angle-legend link.png", "--angle-legend folder", "--angle-legend ''", "--angle-legend -",
        "--magnitude out.png",
        "--magnitude ./out.png", "--angle ''", "--thin --op laplacian", "--norm l3", "--op structure --rho -1",
        f"--angle {'x' * 300}.png", "--angle angle.pgm --angle-style color",
    )),
    *(f"edges a.png --op {op} --{name} m.png" for op in ("laplacian", "log", "dog", "kirsch") for name in MAPS),
    "edges a.png -o - --magnitude -",
    f"edges a.png -o - --angle {'x' * 300}.png",
    "edges a.png --angle out/ -o out/",
    *_after("conv a.png -o out.png", (
        "", "--kernel sobelx", "--kernel nosuch.txt", "--kernel ragged.txt", "--kernel words.txt",
        "--kernel sobel-x --normalize sum", "--kernel large.npy", "--kernel huge.npy", "--kernel mean3 --anchor 3,0",
        "--kernel mean3 --stride 0", "--kernel mean3 --padding wide", "--kernel mean3 --padding 1,2,3",
        "--kernel mean3 --padding -1", "--kernel mean3 --bias=", "--kernel mean3 --bias no.txt", "--kernel ''",
        "--kernel bank.npy", "--kernel bank.npy --sheet s.xyz", "--kernel mean3 --roi 0,0,5,5 --stride 2",
        "--kernel mean3 --mask mask.png --padding valid", "--kernel mean3 --groups 2", "--kernel mean3 --sheet s.png",
        "--kernel '1 2; 3'", "--kernel '1 nan'", "--kernel folder", "--kernel mean3 --activation tan", "--kernel a.png",
        "--kernel mean3 --dilation 0", f"--kernel '{' '.join('1' * 60)}' --padding valid", "--kernel gabor:0x3",
    )),
    *_after("conv a.png --kernel bank.npy", (
        "-o out/", "--in-place", "--sheet s.png -o b.jpg", "-o b.npy --name {map}.png", "-o out/ --name {map:x}.png",
        "-o out/ --name {stem}.png", "-o b.npy --groups 4", "-o b.npy --bias no.txt", "-o b.npy --max-taps 100",
        "--sheet s.xyz", "", "-o b.npy --roi 0,0,3,3", "-o b.npy --channels max", "-o b.npy --anchor 9,9",
    )),
    *(f"conv a.png -o b.npy --kernel {bank}-bank.npy" for bank in ("complex", "empty", "nan")),
    "conv a.png -o b.npy --kernel bank-of-5.npy",
    "conv g.png -o b.npy --kernel bank.npy",
    "conv - -o - --kernel haar < a.png",
    "conv a.png -o out/ --name {map}.png --kernel mean3",
    "conv a.png -o b.npy --kernel haar --channels max",
    *(f"{KEEP} {name} -o b.npy" for name in ("odd4.npy", "odd0.npy", "odd-empty.npy")),
    *_after("sharpen a.png -o out.png", ("--boost 2", "--op adaptive --boost 1", "--threshold -1", "--amount 1e9")),
    *_after("frequency a.png -o out.png", (
        "--cutoff 0.9", "--cutoff 0", "--op bandpass --cutoff 0.1", "--op bandpass --cutoff 0.3,0.1",
        "--cutoff 0.1,0.2",
        "--order 2", "--at 0.1,0.2", "--op notch --at 3", "--op notch --at 0.9,0.1", "--wavelength 1",
        "--cutoff 0.1 --wavelength 9", "--op notch --wavelength 9",
    )),
    *_after("morph a.png -o out.png", (
        "--shape nosuch", "--shape words.txt", "--shape '0 0'", "--size 0", "--iterations 0", "--threshold 3",
        "--op hitmiss --iterations 2", "--shape '0 1; 1 0' --size 3", "--shape large.npy", "--op erosoin",
    )),
    *_after("noise a.png -o out.png", (
        "--sigma lots", "--op salt-pepper --density 2", "--peak 9", "--seed 1e99", "--seed -1", "--op poisson --peak 0",
    )),
    *_after("pool a.png -o out.png", (
        "--size 0", "--stride 0", "--padding 3", "--dilation 99", "--include-pad", "--size 99",
    )),
    *_after("chain a.png -o out.png", (
        "", "blur 'edges --sgima 2'", "'blur --sigma x' edges", "blur 'edges --size 4'",
        "blur 'edgse --op sobel' edges",
        "'blur -o x.png'", '"blur \'x"', "'blur --depth 8' edges", "--gx x.tif edges blur", "conv blur",
        "'conv --kernel nosuch.txt' blur", "--sheet s.png blur", "'conv --kernel haar' edges", "nosuch",
        f"blur \"conv --kernel '{' '.join('1' * 60)}' --padding valid\"", "blur --save ''", "blur --save no/r.toml",
    )),
    "chain a.png -o out.unknown --save r.out.toml blur",
    "chain blur",
    "chain",
    "chain ./blur -o out.png blur",
    *(f"run r-{name}.toml a.png -o out.png" for name in (
        "no-toml", "no-steps", "table", "no-filter", "unknown", "wrong-type", "list", "date", "step", "bytes", "zeros",
    )),
    "run gone.toml a.png -o out.png",
    "run a.png -o out.png",
    "run",
    "run r.toml",
    "run r.toml a.png",
    "run folder a.png -o out.png",
    "blur -o out.png",
    "blur",
    "blur - -o out.png",
    "blur - - -o folder/",
    "blur - -o folder/ < a.png",
    "blur - -o -",
    "blur folder -o out.png",
    "blur folder -o out/",
    "blur photos -o out.png",
    "blur photos -o photos",
    "blur photos -o photos/",
    "blur photos -r -o ./photos",
    "blur photos -o photos-link/",
    "blur photos --exclude '*.png' --exclude '*.JPG' -o out/",
    "blur same -o out/",
    "blur same -o out/ --name {index}.png",
    "blur loop -r -o out/",
    "blur mixed -o out.png",
    "blur --files-from - -o out < list.txt",
    "blur --files-from - -o out/",
    "blr a.png -o out.png",
    "zzz",
    "--nosuch",
    "--nosuch blur",
    "blur '' -o out.png",
    "blur 'missing\nline.png' -o out.png",
    "blur \x1b[31mred.png -o out.png",
    "blur a.png -o \x1b[31m.xyz",
    "blur a.png -o 'a\tb.png' --depfile b.d",
    "blur a.png -o 'a\nb.png' --depfile b.d",
    "blur --\x1b[31m",
    "\x1b[31m",
    *(f"blur {name} -o out.png" for name in ("missing.png", "a.png/b.png", "x" * 300 + ".png", "/dev/zero",
    "/dev/null")),
    *(f"{command} film.png -o out.{suffix}" for command in ("blur", "edges") for suffix in ("jpg", "bmp", "ppm",
    "npy")),
    *(f"kernels {words}" for words in (
        "nosuch", "show", "show nosuch", "show ragged.txt", "show mean3 --save -", "show sobelx", "show '1 2; 3'",
        "show '1 nan'", "show /", "show folder", "show mean3 --save missing/k.txt", "show mean3 --save k.xyz",
        "show haar --save haar.txt", "show k.txt --max-taps 8", "show divisor.svg --save k.npy", "show a b",
        "show huge.npy", "plot mean3", "plot nosuch -o out.png", "plot mean3 --map 1 -o out.png",
        "plot haar --map 9 -o out.png", "plot haar --phase -o out.png", "plot mean3 -o out.pgm", "plot k.txt -o k.txt",
        "plot mean3 -o out.png --show-as dots", "plot k.txt --max-taps 8 -o out.png",
    )),
    *(f"show {words}" for words in (
        "", "a.png", "a.png --show-as sixel", "a.png --show-size 3", "a.png --frame -1",
        "a.png --background chartreusish",
    )),
)  # fmt: skip
