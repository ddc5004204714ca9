"""Random calls, built of the options that the commands declare: each ends as promised, whatever the values."""

import numpy as np
import pytest
import typer.core
from hypothesis import strategies as st
from imfilter.cli.commands import chain_command, filter_command
from imfilter.filters.core import catalog
from PIL import Image

ODD = [
    *(
        "",
        " ",
        "-",
        "--",
        "-1",
        "-0",
        "0",
        "nan",
        "-inf",
        "1e400",
        "1e-400",
        "9" * 400,
        "9" * 5000,
        "0x10",
        "1_000",
        "１",
    ),
    *(f"{2**31}", f"{2**63}", f"-{2**64}", "1,2", "1,2,3", ",", "1,", "0.5", "1e5", "٣", "1e999999999"),
    *("\x1b[31m", "a\nb", "\udcff", "…" * 99, "x" * 5000, "'" * 400, "\\" * 400, "{", "{stem", "{index:9999}", "%s%n"),
    *(
        "auto",
        "none",
        "keep",
        "true",
        "all",
        "#zz",
        "red",
        "rgb(1,2,3)",
        "hsl(0,1e9%,0%)",
        "jpeg",
        "npy",
        "9M",
        "1e99G",
    ),
    *("9" * 400 + ",0,1,1", f"{2**63},0,1,1", "0,0,3,3", "-1,-1,3,3", "1 2 1", "1 2; 3", "[[[1]]]", "/ 0", "3x3+9+9:1"),
]
PLACES = [
    "out/a.png",
    "out/a.npy",
    "out/",
    "out",
    "out/a.tif",
    "-",
    "/dev/null",
    "/dev/full",
    "in",
    "in/a.png",
    "x" * 300,
]
PLACES += ["out/" + "d/" * 999 + "a.png", "loop", "loop/a.png", "out/a.xyz", "own.png", "k.txt", "out/\udcff.png", "."]
INPUTS = ["in/a.png", "in/b.npy", "in", "own.png", "-", "nosuch.png", "loop", "k.txt", "x" * 5000, "\udcff", "."]
FILES = {"FILE", "FILE|FOLDER|-", "RECIPE.toml", "X|FILE", "KERNEL"}
STEPS = [
    "blur",
    "edges --op canny",
    "conv --kernel k.txt",
    "blur --sigma",
    "'",
    "noise --amount nan",
    "x" * 999,
    "pool",
]


@pytest.fixture(autouse=True)
def things(folder):
    for name in ("in", "out"):
        (folder / name).mkdir()
    Image.fromarray(np.arange(105, dtype=np.uint8).reshape(5, 7, 3)).save("in/a.png")
    Image.new("RGBA", (7, 5), (1, 2, 3, 4)).save("own.png")
    np.save("in/b.npy", np.linspace(0, 1, 35, dtype=np.float32).reshape(5, 7))
    (folder / "k.txt").write_text("1 2 1\n")
    (folder / "r.toml").write_text('[[step]]\nfilter = "blur"\n')
    (folder / "loop").symlink_to("loop")


def options():
    """The options of every command: the flag, and the words from which its value is likely to be one."""
    commands = [filter_command.make(name) for name in catalog.names()]
    commands += [chain_command.make_chain(), chain_command.make_run()]
    for command in commands:
        found = []
        for param in command.params:
            if isinstance(param, typer.core.TyperOption) and not {"--jobs", "--install-completion"} & {*param.opts}:
                metavar = param.metavar or ""
                values = [] if param.is_flag else [*PLACES] if metavar in FILES else metavar.split("|")
                found.append((param.opts[-1], bool(param.is_flag), values))
        yield command.name, found


def test_a_call_of_any_options_ends_as_promised(harmless, search):
    commands = [*options()]

    @st.composite
    def calls(draw):
        name, known = draw(st.sampled_from(commands))
        words = [name, *(["r.toml"] if name == "run" else [])]
        words += draw(st.lists(st.sampled_from(INPUTS[:4]) | st.sampled_from(INPUTS), max_size=2))
        if draw(st.integers(0, 5)):
            words += ["-o", draw(st.just(PLACES[0]) | st.sampled_from(PLACES))]
        for flag, is_flag, values in draw(st.lists(st.sampled_from(known), max_size=4)):
            usual = st.sampled_from(values) if values else st.sampled_from(["1", "3", "0.5"])
            words += [flag] if is_flag else [flag, draw(usual | st.sampled_from(ODD))]
        words += draw(st.lists(st.sampled_from(STEPS), max_size=3)) if name == "chain" else []
        return words

    search(lambda words, data: harmless(*words, "-j1", stdin=data), calls(), st.binary(max_size=9), examples=100)


def test_any_words_end_as_promised(harmless, search):
    names = st.sampled_from(["kernels", "show", *catalog.names(), "chain", "run", "--version", "-h", "--save", "k.txt"])
    search(lambda words: harmless(*words), st.lists(names | st.sampled_from(ODD), max_size=4), examples=100)
