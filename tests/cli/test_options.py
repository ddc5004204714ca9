"""The options of all commands: each is declared once, with its section of the help and its part in the stamp."""

import json
import re

import pytest
import tifffile
import typer
from imfilter.cli import app
from imfilter.cli.batch.help_sections import ARGUMENTS
from imfilter.cli.batch.options import OPTIONS, TYPES, SharedOptions
from imfilter.cli.batch.recipe import single
from imfilter.cli.batch.request import check
from imfilter.cli.commands.options import SHADOWED
from imfilter.cli.console.messages import flag
from imfilter.filters.core import catalog
from PIL import Image

OTHER = {
    "angle_style": "color",
    "sheet_range": "each",
    "mask": "mask.png",
    "roi": ("0,0,5,5",),
    "nodata": "-9999",
    "keep_holes": True,
    "quality": "50",
    "compression": "lzw",
    "chunks": 512,
    "shard_size": 2048,
    "pyramid": True,
    "background": "red",
    "strip": True,
    "strip_gps": True,
    "keep_values": True,
    "no_stamp": True,
    "frame": 0,
    "labels": "labels-idx1-ubyte",
    "from_": "cifar10",
    "to_rgb": True,
    "lenient": True,
    "masks": "masks/other/",
    "mask_fill": "255",
    "boxes": "other.json",
    "boxes_to": "voc",
    "boxes_oriented": "no",
    "min_visible": "0.5",
    "swap": "left,right",
    "classes": "names.txt",
}
"""Another value of each option that changes what is written, and nothing that is named below."""

HARMLESS = {
    "inputs": ("a.tif", "b.tif"),
    "output": "other/",
    "sheet": "other/",
    "angle_legend": "legend.png",
    "to": "npy",
    "name": "{stem}.new",
    "include": ("*.png",),
    "exclude": ("*.png",),
    "files_from": "list.txt",
    "backup": ".orig",
    "depfile": "a.d",
    "report": "a.html",
    "report_size": "1M",
    "report_title": "A title",
    "max_pixels": "1M",
    "in_flight": 3,
    "allow_private": True,
    "max_frames": 3,
    "jobs": 2,
    "cluster": "local:2",
    "masks_out": "other/",
    "boxes_out": "other/",
    "shard": "1/1",
    "shard_by": "index",
    "show": "both",
    "show_as": "dots",
    "show_size": "40x12",
    **dict.fromkeys(["recursive", "null", "in_place", "preserve_times", "no_clobber", "update"], True),
    **dict.fromkeys(["dry_run", "fail_fast", "json", "quiet", "verbose", "watch"], True),
}
"""Another value of each option that changes which files are read and written, or what is told, but not what is in them.

A file's format and its place are looked at when its stamp is."""

PAGE = {"report": "a.html"}
MASKS = {"masks": "masks/", "masks_out": "out/"}
BOXES = {"boxes": "boxes.json", "boxes_out": "out/", "boxes_to": "yolo"}
SHOWN = {"show": "both"}
OF_ZARR = {"to": "zarr"}
TOGETHER = {
    "sheet_range": {"sheet": "s.png"},
    "null": {"files_from": "list.txt"},
    "backup": {"in_place": True},
    "shard_by": {"shard": "1/1"},
    **dict.fromkeys(["chunks", "shard_size", "pyramid"], OF_ZARR),
    **dict.fromkeys(["show_as", "show_size"], SHOWN),
    **dict.fromkeys(["report_size", "report_title"], PAGE),
    **dict.fromkeys(["masks", "masks_out", "mask_fill"], MASKS),
    **dict.fromkeys(["boxes", "boxes_out", "boxes_to", "boxes_oriented", "min_visible", "swap", "classes"], BOXES),
}
"""What an option needs beside it."""


@pytest.fixture
def stamp(png, rgb, folder):
    """The stamp of a picture that is made with some options: ``stamp(quality=90)``."""
    (folder / "mask.png").write_bytes(png.read_bytes())
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(name, rgb)
    (folder / "list.txt").write_text("b.tif")
    (folder / "other").mkdir()
    for number, masks in enumerate(["masks", "masks/other"]):
        (folder / masks).mkdir()
        Image.new("L", (4, 4), number).save(folder / masks / "a.png")
    for name, width in ("boxes", 3), ("other", 4):
        entries = {
            "images": [{"id": 1, "file_name": "a.tif"}, {"id": 2, "file_name": "b.tif"}],
            "categories": [{"id": 1, "name": "cat"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, width, 3]}],
        }
        (folder / f"{name}.json").write_text(json.dumps(entries))
    (folder / "labels-idx1-ubyte").write_bytes(b"")
    (folder / "names.txt").write_text("dog\ncat\n")

    def stamp(**options):
        kernel = "1" if options.get("to") == "zarr" else "haar"  # Zarr holds no maps
        own = {"channels": "luma"} if "angle_style" in options else {"kernel": kernel, "channels": "luma"}
        filter = catalog.load("edges" if "angle_style" in options else "conv")  # only edges have angles
        recipe = single(filter, dict.fromkeys(filter.spec.parameters) | {"op": "sobel"} | own)
        output = {} if options.keys() & {"sheet", "in_place"} else {"output": "out/"}
        maps = {"angle": "angle.png"} if "angle_style" in options else {}
        request = check(recipe, SharedOptions(**{"inputs": ("a.tif",), **output, **options}), maps)
        return request.stamper.mark("image", request.jobs[0])

    return stamp


def test_every_option_changes_the_stamp_or_is_named_as_harmless():
    assert OTHER.keys() | HARMLESS.keys() == set(SharedOptions._fields) == OPTIONS.keys()
    assert not OTHER.keys() & HARMLESS.keys()
    assert {name for name, option in OPTIONS.items() if option.affects_output} == OTHER.keys()


@pytest.mark.parametrize("name", OTHER)
def test_what_changes_the_output_changes_the_stamp(stamp, name):
    beside = TOGETHER.get(name, {})
    if name == "angle_style":
        beside = {"angle_style": "code"}
    assert stamp(**beside | {name: OTHER[name]}) != stamp(**beside)


@pytest.mark.each("name", HARMLESS)
def test_what_is_harmless_leaves_the_stamp(stamp, name):
    beside = TOGETHER.get(name, {})
    assert stamp(**beside | {name: HARMLESS[name]}) == stamp(**beside)


def test_another_mask_of_the_same_name_is_another_stamp(stamp, folder):
    before = stamp(mask="mask.png")
    (folder / "mask.png").write_bytes((folder / "mask.png").read_bytes() + b"another")
    assert stamp(mask="mask.png") != before


@pytest.mark.parametrize("command", ["edges", "conv", "chain"])
def test_every_option_stands_once_in_the_help_below_the_title_of_its_section(run, command):
    text = run(command, "--help").out.decode()
    parts = re.split(r"^(\S.*):\n", text, flags=re.MULTILINE)
    below = dict(zip(parts[1::2], parts[2::2], strict=True))
    for name, option in OPTIONS.items():
        word = option.metavar if option.section == ARGUMENTS else flag(name)
        listed = rf"^  (?:-\w, )?{re.escape(word)}(?!\S)"
        shown = [title for title, part in below.items() for _ in re.findall(listed, part, re.MULTILINE)]
        if option.only and command != "chain" and option.only != {"edges": "angle", "conv": "bank"}[command]:
            assert shown == []
        else:
            assert shown == [option.section]


NO_FILES = {
    "masks",
    "masks_out",
    "mask_fill",
    "boxes_to",
    "boxes_oriented",
    "min_visible",
    "swap",
    "angle_style",
    "sheet_range",
    "to",
    "from_",
    "name",
    "include",
    "exclude",
    "backup",
    "roi",
    "nodata",
    "quality",
    "compression",
    "background",
    "max_pixels",
    "shard",
    "shard_by",
    "show",
    "show_as",
    "show_size",
    "report_size",
    "report_title",
}
"""The options with a value of text that names no file."""  # --backup names none, but a suffix


def test_every_option_of_text_is_said_to_name_files_or_not():
    """What is declared is gathered and compared before the work; what is forgotten may be lost."""
    texts = {name for name, kind in TYPES.items() if kind not in (bool, int, int | None)}
    files = {name for name, option in OPTIONS.items() if option.reads or option.writes}
    assert files | NO_FILES == texts
    assert not files & NO_FILES
    assert not {name for name, option in OPTIONS.items() if option.reads and option.writes}


@pytest.mark.each("name", catalog.names())
def test_every_parameter_of_text_is_said_to_name_files_or_not(name):
    for parameter in catalog.load(name).spec.parameters.values():
        if parameter.kind == "text":
            assert parameter.param.file is (parameter.name in ("kernel", "bias", "shape")), parameter.name
        elif "FILE" in parameter.metavar:
            assert parameter.param.file, parameter.name


COMPARING = {
    *("max_diff", "max_differing", "tolerance", "min_psnr", "min_ssim", "min_ms_ssim"),
    *("metrics", "diff_style", "match", "peak"),
}
"""The options of `compare` with a value of text that names no file."""
LOOKING = {"histogram", "bins", "percentiles"}
"""Those of `info`."""
SHEETS = {"crop", "label", "max_cells", "columns", "gap", "text_size"}
"""Those of `sweep` and `sheet`."""


def test_no_command_has_an_option_that_is_not_said_to_name_files_or_not():
    """Beside shared ones and filters' parameters; maps, --save, --manifest, --diff, --each are written, others read."""
    program = typer.main.get_command(app.app)
    commands = [program.get_command(None, name) for name in program.list_commands(None)]
    kernels = program.get_command(None, "kernels").commands.values()
    params = [param for command in [*commands, *kernels] for param in command.params]
    filters = [catalog.load(name).spec for name in catalog.names()]
    known = {*OPTIONS, *(name for spec in filters for name in (*spec.maps, *spec.parameters)), "save", "kernel"}
    known |= {"manifest", "recipe", "variants", "seed", "port", "map", "words"}
    known |= {"a", "b", "diff"} | COMPARING | LOOKING
    known |= {"against", "font", "each"} | SHEETS
    assert {
        param.name.removeprefix(SHADOWED)
        for param in params
        if getattr(param, "nargs", 1) and not getattr(param, "is_flag", False)
    } <= known


def test_an_option_of_a_filter_goes_before_a_shared_one_of_its_name(ok, load, png):
    """--to of perspective is its own; the format's short form is left."""
    ok("perspective", "a.png", "-o", "out/", "--to", "0,0,9,1,8,7,1,8", "--size", "9,8", "-t", "tiff")
    assert load("out/a.tif").shape[:2] == (8, 9)


def test_an_option_cannot_be_declared_without_both_decisions():
    assert {"section", "affects_output"} <= set(type(OPTIONS["quality"])._fields) - set(
        type(OPTIONS["quality"])._field_defaults
    )
