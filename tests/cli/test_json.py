"""--json: every line is as `cli/REPORT.md` says."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.console import report
from PIL import Image

SCHEMA = json.loads(
    re.search(r"```json\n(.*?)```", (Path(__file__).parents[2] / "cli" / "REPORT.md").read_text(), re.DOTALL)[1]
)
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}


def check(value, schema):
    """Hold a value against as much of JSON Schema as the document uses, and against keys that it does not name."""
    unknown = schema.keys() - {"type", "const", "enum", "required", "properties", "additionalProperties", "items"}
    assert unknown <= {"description", "minimum", "maximum", "minItems", "maxItems"}
    if "const" in schema:
        assert value == schema["const"]
    if "enum" in schema:
        assert value in schema["enum"]
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert isinstance(value, tuple(TYPES[name] for name in names) if len(names) > 1 else TYPES[names[0]])
        assert not isinstance(value, bool)
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value)
        for key, item in value.items():
            if "properties" in schema:
                check(item, schema["properties"][key])
            elif "additionalProperties" in schema:
                check(item, schema["additionalProperties"])
    elif isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 99)
        for item in value:
            check(item, schema["items"])
    elif isinstance(value, (int, float)):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value)


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture
def lines(run):
    """Run a call with --json; return its lines, each of which is held against the schema."""

    def lines(*words, code=0, stdin=b""):
        ended = run(*words, "--json", stdin=stdin)
        assert ended.code == code, ended.err
        read = [json.loads(line, parse_constant=refuse) for line in ended.out.decode("ascii").splitlines()]
        for line in read:
            check(line, SCHEMA["$defs"][line["type"]])
        assert [line["type"] for line in read] == ["image"] * (len(read) - 1) + ["summary"]
        return read

    return lines


def test_a_picture_and_its_maps(lines, png):
    picture, summary = lines("edges", "a.png", "-o", "b.png", "--angle", "angle.tif")
    assert (picture["input"], picture["outputs"]) == ("a.png", {"image": "b.png", "angle": "angle.tif"})
    assert (picture["width"], picture["height"], picture["channels"], picture["depth"]) == (40, 24, 3, 8)
    assert (picture["filter"], picture["parameters"]["op"]) == ("edges", "sobel")
    assert (picture["status"], picture["error"]) == ("done", None)
    low, high = picture["range"]["angle"]
    assert -180 < low < high <= 180
    assert 0 < picture["clipped"]["image"] < 1
    assert (summary["done"], summary["failed"]) == (1, 0)


def test_an_algorithm_is_named(lines, png):
    assert lines("blur", "a.png", "-o", "b.png", "--algorithm", "direct")[0]["algorithm"] == ["direct"]


def test_a_chain_tells_its_steps(lines, png):
    picture = lines("chain", "a.png", "-o", "b.png", "blur --sigma 2", "edges")[0]
    assert picture["filter"] == "chain"
    assert [step["filter"] for step in picture["parameters"]["steps"]] == ["blur", "edges"]
    assert picture["parameters"]["steps"][0]["sigma"] == 2


def test_lines_come_in_the_order_of_the_inputs_whatever_became_of_them(lines, png, folder):
    (folder / "bad.png").touch()
    shutil.copy(png, "c.png")
    read = lines("blur", "a.png", "bad.png", "c.png", "-o", "out/", code=1)
    assert [line.get("status") for line in read] == ["done", "failed", "done", None]
    assert read[1]["error"] == "bad.png: is empty"
    assert read[1]["outputs"] == {}
    assert (read[3]["done"], read[3]["failed"]) == (2, 1)


def test_what_is_skipped_has_its_outputs(lines, png):
    lines("blur", "a.png", "-o", "out/")
    picture, summary = lines("blur", "a.png", "-o", "out/", "--update")
    assert (picture["status"], picture["outputs"]) == ("skipped", {"image": "out/a.png"})
    assert (summary["done"], summary["skipped"]) == (0, 1)


def test_what_is_planned_is_not_done(lines, png):
    picture, summary = lines("blur", "a.png", "-o", "out/", "--dry-run")
    assert (picture["status"], picture["outputs"]) == ("planned", {"image": "out/a.png"})
    assert (summary["done"], summary["planned"]) == (0, 1)


def test_every_file_of_a_call_is_named(lines, run, png, folder):
    (folder / "k.txt").write_text("1 2 1")
    words = ("conv", "a.png", "--in-place", "--backup", ".orig", "--kernel", "k.txt", "--depfile", "d")
    picture, summary = lines(*words, "--dry-run")
    assert picture["outputs"] == {"image": "a.png", "backup": "a.png.orig"}
    assert (summary["outputs"], summary["dependencies"]) == ({"depfile": "d"}, ["k.txt"])
    plan = run(*words, "--dry-run").out.decode()
    assert plan.splitlines() == ["a.png -> a.png", "a.png -> a.png.orig", "--depfile -> d"]
    assert lines(*words)[0]["outputs"] == picture["outputs"]


def test_what_was_left_out_of_a_folder_is_counted(lines, png, folder):
    for name in ("p/a.png", "p/a.png.keep", "p/deep/b.png"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copy(png, name)
    (folder / "p" / "notes.txt").touch()
    summary = lines("blur", "p", "-o", "out/")[-1]
    assert (summary["passed_over"], summary["backups"], summary["subfolders"]) == (2, 1, 1)


def test_what_is_left_is_counted(lines, png, folder):
    (folder / "0.png").touch()
    for number in range(1, 5):
        shutil.copy(png, f"{number}.png")
    read = lines("blur", *(f"{number}.png" for number in range(5)), "-o", "out/", "--fail-fast", "-j", "1", code=1)
    assert [line.get("status") for line in read] == ["failed", None]
    assert (read[-1]["left"], read[-1]["failed"]) == (4, 1)


@pytest.mark.parametrize("cores", ["1", "3"])
def test_a_stop_tells_each_image_once(lines, png, folder, cores):
    for number in range(12):
        shutil.copy(png, f"{number:02}.png")
    names = [f"{number:02}.png" for number in range(12)]
    lines("blur", *names[6:], "-o", "out/")
    (folder / "03.png").write_bytes(b"")
    read = lines("blur", *names, "-o", "out/", "--fail-fast", "--update", "-j", cores, code=1)
    told = [line["input"] for line in read[:-1]]
    assert len(told) == len(set(told))
    assert told == sorted(told)
    assert read[-1]["left"] == 12 - len(told)
    assert (read[-1]["skipped"], read[-1]["failed"]) == (6, 1)


@pytest.mark.parametrize("values", [[np.inf, 1], [-np.inf, np.inf], [np.nan, 1], [np.nan, np.nan]], ids=str)
def test_numbers_that_json_has_not(lines, values):
    np.save("in.npy", np.repeat(np.float32(values), 50).reshape(2, 50))
    assert lines("conv", "in.npy", "-o", "out.npy", "--kernel", "1")[0]["status"] == "done"


def test_depths_and_channels(lines, gray):
    Image.fromarray(gray.astype(np.uint16) * 257).save("in.png")
    np.save("in.npy", gray.astype(np.float32))
    assert [(line["depth"], line["channels"]) for line in lines("blur", "in.png", "in.npy", "-o", "out/")[:-1]] == [
        (16, 1),
        ("float", 1),
    ]


@pytest.mark.needs("names of any bytes")
def test_a_name_that_is_not_utf_8_comes_back(lines, png):
    name = os.fsdecode(b"\xff.png")
    png.rename(name)
    assert lines("blur", name, "-o", "out/")[0]["input"] == name


def test_standard_input_is_a_dash(lines, png):
    assert lines("blur", "-", "-o", "b.png", stdin=png.read_bytes())[0]["input"] == "-"


def test_words_stay_on_standard_error(run, png, folder):
    (folder / "bad.png").touch()
    ended = run("blur", "a.png", "bad.png", "-o", "out/", "--json", "-v")
    assert all(line.startswith("{") for line in ended.out.decode().splitlines())
    assert "imfilter: bad.png: is empty" in ended.lines


def test_a_picture_and_json_do_not_share_standard_output(refused, png):
    assert "--json needs standard output" in refused(2, "blur", "a.png", "-o", "-", "--json")


def test_a_wrong_call_prints_no_line(refused, png):
    refused(2, "blur", "a.png", "-o", "a.png", "--json")


def test_the_document_names_the_version_and_every_key():
    image = json.loads(report.Report("a", "done").as_json("blur", {}))
    summary = json.loads(report.Totals(report.LeftOut()).as_json(1.0, 0, report.CallFiles({}, [])))
    for line in (image, summary):
        schema = SCHEMA["$defs"][line["type"]]
        assert set(line) == set(schema["required"]) == set(schema["properties"])
        assert line["schema"] == schema["properties"]["schema"]["const"] == report.SCHEMA


# ---- streams that are closed or full ----------------------------------------------------------------


def test_a_reader_that_goes_ends_the_batch_quietly(shell, png, folder):
    for number in range(30):
        shutil.copy(png, f"{number}.png")
    ended = shell("imfilter blur [0-9]*.png -o out/ -q --json -j 2 | head -n 1")
    assert ended.stdout.count(b"\n") == 1
    assert ended.stderr == b""


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (">&-", b"imfilter: standard output: cannot be written: it is closed\n"),
        pytest.param(
            "> /dev/full", b"imfilter: standard output: no space left on device\n", marks=pytest.mark.needs("/dev/full")
        ),
    ],
)
@pytest.mark.parametrize("cores", [1, 2])
def test_a_standard_output_that_takes_nothing(shell, png, stream, said, cores):
    shutil.copy(png, "b.png")
    ended = shell(f"imfilter blur a.png b.png -o out/ -q --json -j {cores} {stream}")
    assert (ended.returncode, ended.stderr) == (1, said)


def test_a_dry_run_for_nobody(shell, png):
    ended = shell("imfilter blur a.png -o out/ -n >&-")
    assert (ended.returncode, ended.stderr) == (1, b"imfilter: standard output: is closed\n")


@pytest.mark.parametrize("stream", ["2>&-", pytest.param("2> /dev/full", marks=pytest.mark.needs("/dev/full"))])
def test_a_batch_without_standard_error_is_done(shell, png, folder, stream):
    (folder / "bad.png").touch()
    ended = shell(f"imfilter blur a.png bad.png -o out/ --json -j 2 {stream}")
    assert ended.returncode == 1
    assert ended.stdout.count(b"\n") == 3
    assert (folder / "out" / "a.png").exists()


def test_a_plan_is_printed_in_ascii_too(shell, png, folder):
    png.rename(folder / "é.png")
    env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = shell("imfilter blur *.png -o out/ -n; imfilter blur *.png -o out/ --json", env=env)
    assert ended.stderr == b""
    assert ended.stdout.startswith(b"\\xe9.png -> out/\\xe9.png\n")
