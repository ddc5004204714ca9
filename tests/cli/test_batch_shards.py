"""`--shard`: several calls share a batch; together they do all of it, each image once, and write the same bytes."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.cli.batch import inputs, shard_environment
from imfilter.cli.batch.batch_shard import BatchShard, shard_of
from imfilter.cli.batch.plan import Input, Job
from PIL import Image

RNG = np.random.default_rng(3)
VARIABLES = {*shard_environment.INDICES, *shard_environment.COUNTS.values(), shard_environment.HEROKU}
VARIABLES |= {shard_environment.LEAST, shard_environment.GREATEST}
COUNT = 23


@pytest.fixture(autouse=True)
def no_job(monkeypatch):
    """The tests may run in a job of a CI."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def photos(folder):
    """A tree of 23 images, some of whose names are no ASCII, and a text."""
    for number in range(COUNT):
        path = folder / "photos" / ("", "trip 1", "trip 2/é")[number % 3] / f"{number}{'é' * (number % 4 == 1)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RNG.integers(0, 256, (9 + number, 14, 3), np.uint8)).save(path)
    (folder / "photos" / "notes.txt").write_text("text")
    return folder / "photos"


@pytest.fixture
def shards(run):
    """``shards(4, "blur", …)`` runs a call as four shards, which shall succeed; it returns what each printed."""

    def shards(count, *words):
        ended = [run(*words, "-j", "1", "--shard", f"{number}/{count}") for number in range(1, count + 1)]
        assert [one.code for one in ended] == [0] * count, [one.err for one in ended]
        return [one.out.decode() for one in ended]

    return shards


def contents(*names):
    roots = [Path(name) for name in names]
    files = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*")) if path.is_file()]
    return {str(path): path.read_bytes() for path in files}


def taken(*names):
    """What files hold, which are then removed."""
    found = contents(*names)
    for name in names:
        shutil.rmtree(name) if Path(name).is_dir() else Path(name).unlink()
    return found


# ---- how images are divided -------------------------------------------------------------------------

PARTS = st.one_of(st.text(min_size=1), st.binary(min_size=1).map(os.fsdecode))
PLACES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
JOBS = st.lists(st.tuples(PLACES, st.integers(1, 3)), max_size=30)
"""Inputs, and the number of jobs of each."""


@given(inputs=JOBS, total=st.integers(1, 40), by=st.sampled_from(["place", "index"]))
def test_all_shards_are_the_batch_and_no_two_share_an_image(inputs, total, by):
    sources = [Input(f"in/{place}", place) for place, count in inputs for _ in range(count)]
    jobs = [Job(source, {}, variant=number) for number, source in enumerate(sources)]
    parts = [BatchShard(number, total, by).of(jobs) for number in range(1, total + 1)]
    assert sorted(job.variant for part in parts for job in part) == [*range(len(jobs))]
    assert all([job.variant for job in part] == sorted(job.variant for job in part) for part in parts)
    held = [{job.input for job in part} for part in parts]
    assert sum(map(len, held)) == len({*sources})  # those of one input stay together
    if by == "index":
        sizes = [*map(len, held)]
        assert max(sizes) - min(sizes) <= 1
        order = [*dict.fromkeys(job.input for part in parts for job in part)]
        assert order == [*dict.fromkeys(sources)]


KNOWN = {
    "a.png": (3, 159184983),
    "2024/07/IMG_0001.JPG": (6, 25696746),
    "2024/é.jpg": (1, 668350889),
    "2024/e\u0301.jpg": (1, 668350889),
    "猫/한.png": (5, 178532835),
    "猫/\u1112\u1161\u11ab.png": (5, 178532835),
    os.fsdecode(b"\xff.png"): (5, 89798981),
    os.fsdecode(b"deep/\xe9.png"): (4, 491114616),
}
"""The shards of places of 7 and of 10⁹, as coreutils' `b2sum -l 64` and `bc` find them."""


def test_the_shard_of_a_place_never_changes():
    """Else two versions that share a batch would leave images out."""
    assert {place: (shard_of(place, 7), shard_of(place, 10**9)) for place in KNOWN} == KNOWN


@given(place=PLACES.filter(str.isascii), total=st.integers(1, 1000))
def test_the_shard_is_the_remainder_of_the_hash(place, total):
    digest = hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
    assert shard_of(place, total) == int(digest, 16) % total + 1


def test_shards_are_about_of_one_size():
    sizes = np.bincount([shard_of(f"{number:04}.jpg", 16) for number in range(2000)])[1:]
    assert len(sizes) == 16 and sizes.min() > 80 and sizes.max() < 170  # 5 deviations of the 11 by chance


def planned(out):
    """The inputs of a plan, without the folders above the tree."""
    return {line.partition("photos/")[2].partition(" -> ")[0] for line in out.decode().splitlines()}


def test_the_shard_of_a_file_depends_on_its_place_below_the_folder_alone(ok, photos, folder, monkeypatch):
    def of(number, *names):
        return planned(ok("blur", *names, "-r", "-o", "out/", "--shard", f"{number}/3", "-n", "-q"))

    first = [of(number, "photos") for number in (1, 2, 3)]
    assert sorted(place for part in first for place in part) == sorted(
        path.relative_to(photos).as_posix() for path in photos.rglob("*.png")
    )
    assert all(first)
    assert [of(number, folder / "photos") for number in (1, 2, 3)] == first
    Image.new("L", (3, 3)).save(photos / "00 new.png")
    assert [of(number, "photos/") - {"00 new.png"} for number in (1, 2, 3)] == first
    photos.rename(folder / "mounted elsewhere photos")
    assert [of(number, "mounted elsewhere photos") - {"00 new.png"} for number in (1, 2, 3)] == first


def test_a_file_that_is_named_goes_by_its_name_alone(ok, photos, folder):
    """Machines that share a list may have mounted its folder in different places."""
    names = [str(path.relative_to(folder)) for path in sorted(photos.rglob("*.png"))]
    lists = {"near": names, "far": [str(folder / name) for name in names]}
    for file, lines in lists.items():
        Path(file).write_text("\n".join(lines))

    def of(number, *words):
        return planned(ok("blur", *words, "-o", "out/", "--shard", f"{number}/3", "-n", "-q"))

    found = [of(number, "--files-from", "near") for number in (1, 2, 3)]
    assert sum(map(len, found)) == COUNT and len(set.union(*found)) == COUNT
    assert found == [of(number, "--files-from", "far") for number in (1, 2, 3)]
    assert found == [of(number, *reversed(names)) for number in (1, 2, 3)]
    assert all(shard_of(Path(place).name, 3) == number for number in (1, 2, 3) for place in found[number - 1])


# ---- seven shards write what one run writes ---------------------------------------------------------

CALLS = [
    ("blur", "photos", "-r", "-o", "out/", "--name", "{index:05}-{stem}{suffix}"),
    ("noise", "photos", "-r", "-o", "out/", "--to", "tif"),  # each place has noise of its own
    ("edges", "photos", "-r", "-o", "out/a/", "--angle", "out/b/", "--angle-style", "color", "--angle-legend", "l.png"),
    ("chain", "photos", "-r", "-o", "out/", "--save", "r.toml", "blur --sigma 2", "tone --op invert"),
    ("augment", "photos", "-r", "-o", "out/", "--variants", "2", "--keep", "blur --sigma 0..2", "flip --p 0.5"),
    ("conv", "photos", "-r", "-o", "out/", "--kernel", "haar", "--name", "{stem}-{map}.png", "--sheet", "sheets/"),
]


@pytest.mark.each("words, by", [*((words, ()) for words in CALLS), (CALLS[0], ("--shard-by", "index"))])
def test_seven_shards_write_the_bytes_of_one_run(ok, shards, photos, words, by):
    names = ["out", *[word for word in ("l.png", "r.toml", "sheets/") if word in words]]
    ok(*words, "-q")
    whole = taken(*names)
    shards(7, *words, "-q", *by)
    assert taken(*names) == whole


def test_so_do_those_that_replace_inputs(ok, shards, photos, folder):
    shutil.copytree(photos, "kept")
    ok("blur", "photos", "-r", "--in-place", "--backup", ".orig", "-q")
    whole = taken("photos")
    shutil.copytree("kept", photos)
    shards(7, "blur", "photos", "-r", "--in-place", "--backup", ".orig", "-q")
    assert taken("photos") == whole


def test_frames_stay_together_and_a_container_is_one_image(ok, shards, rgb, folder):
    Path("in").mkdir()
    for number in range(5):
        frames = [Image.fromarray(np.roll(rgb, 3 * frame + number, 0)) for frame in range(3)]
        frames[0].save(f"in/{number}.tif", save_all=True, append_images=frames[1:])
    np.save("in/stack.npy", RNG.integers(0, 256, (6, 8, 8, 3), np.uint8))
    words = ("blur", "in", "-o", "out/", "--name", "{stem}-{frame}.png", "-q")
    ok(*words)
    whole = taken("out")
    assert len(whole) == 5 * 3 + 6
    shards(3, *words)
    assert taken("out") == whole
    plans = shards(3, "blur", "in", "-o", "out/", "-n", "-q")
    assert sorted(line for plan in plans for line in plan.splitlines()) == sorted(
        f"in/{name} -> out/{name}" for name in [*(f"{number}.tif" for number in range(5)), "stack.npy"]
    )


# ---- what is told -----------------------------------------------------------------------------------


def test_the_lines_of_all_shards_make_a_whole(run, shards, photos):
    parts = [part.splitlines() for part in shards(4, "blur", "photos", "-r", "-o", "out/", "--json")]
    found = [json.loads(line) for part in parts for line in part]
    images = [line for line in found if line["type"] == "image"]
    assert len({line["input"] for line in images}) == len(images) == COUNT
    sums = [json.loads(part[-1]) for part in parts]
    assert [line["shard"] for line in sums] == ["1/4", "2/4", "3/4", "4/4"]
    assert sum(line["done"] for line in sums) == COUNT and all(line["left"] == 0 for line in sums)
    assert json.loads(run("blur", "photos", "-r", "-o", "x/", "--json").out.splitlines()[-1])["shard"] is None


def test_a_shard_says_which_it_is_and_an_empty_one_too(run, photos, folder):
    [path] = [path for path in photos.rglob("*.png") if shard_of(path.name, 2) == 1][:1]
    ended = run("blur", "photos", "-r", "-o", "out/", "--shard", "1/2")
    assert re.match(r"imfilter: shard 1/2 of 23 images: \d+ done, 0 skipped, 0 failed in ", ended.lines[-1])
    planned = run("blur", "photos", "-r", "-o", "out/", "--shard", "1/2", "-n")
    assert re.match(r"imfilter: shard 1/2 of 23 images: \d+ planned, 0 skipped; 1 other file passed", planned.lines[-1])
    empty = run("blur", path, "-o", "b.png", "--shard", "2/2")
    assert (empty.code, empty.out, empty.lines) == (0, b"", ["imfilter: shard 2/2 is empty (1 image in all)"])
    assert run("blur", path, "-o", "b.png", "--shard", "2/2", "-q").err == ""
    assert not Path("b.png").exists()
    summary = json.loads(run("blur", path, "-o", "b.png", "--shard", "2/2", "--json").out)
    assert (summary["shard"], summary["done"], summary["left"]) == ("2/2", 0, 0)


def test_an_update_does_what_a_shard_that_was_killed_has_left(run, photos):
    def line():
        return run("blur", "photos", "-r", "-o", "out/", "--update", "-j", "1", "--shard", "2/3").lines[-1]

    all_of = int(re.search(r"(\d+) done, 0 skipped", line())[1])
    assert f": 0 done, {all_of} skipped" in line()
    made = list(contents("out"))
    Path(made[0]).unlink()
    assert f": 1 done, {all_of - 1} skipped" in line()
    assert list(contents("out")) == made


def test_a_failure_is_of_its_own_shard(run, photos):
    bad = photos / "bad.png"
    bad.write_bytes(b"text")
    codes = [run("blur", "photos", "-r", "-o", "out/", "-q", "--shard", f"{number}/3").code for number in (1, 2, 3)]
    assert codes == [int(shard_of("bad.png", 3) == number) for number in (1, 2, 3)]


# ---- the files of all images ------------------------------------------------------------------------


def test_each_shard_has_a_page_a_manifest_and_boxes_of_its_own(ok, shards, photos, folder):
    shards(12, "blur", "photos", "-r", "-o", "out/", "--report", "page-{shard}.html", "-q")
    pages = sorted(folder.glob("page-*.html"))
    assert [path.name for path in pages] == [f"page-{number:02}.html" for number in range(1, 13)]
    shown = [len(re.findall('alt="Before: ', path.read_text(encoding="utf-8"))) for path in pages]
    assert sum(shown) == COUNT and 0 in shown  # of an empty shard, too
    assert "shard 3/12 of 23: " in pages[2].read_text(encoding="utf-8")

    call = ("augment", "photos", "-r", "-o", "more/", "--variants", "2", "--manifest")
    ok(*call, "all.jsonl", "blur --sigma 0..2", "-q")
    shards(4, *call, "drawn-{shard}.jsonl", "blur --sigma 0..2", "-q")
    joined = [line for path in folder.glob("drawn-*") for line in path.read_text().splitlines()]
    assert sorted(joined) == sorted(Path("all.jsonl").read_text().splitlines())

    flat = [path.name for path in photos.glob("*.png")]
    entries = [{"id": number, "file_name": name} for number, name in enumerate(flat)]
    one = {"id": 1, "image_id": 0, "category_id": 1, "bbox": [0, 0, 3, 3]}
    boxes = {"images": entries, "categories": [{"id": 1, "name": "cat"}], "annotations": [one]}
    Path("boxes.json").write_text(json.dumps(boxes))
    call = ("flip", "photos", "-o", "flipped/", "--boxes", "boxes.json", "--boxes-out")
    ok(*call, "all.json", "-q")
    shards(4, *call, "boxes-{shard}.json", "-q")
    parts = [json.loads(path.read_text()) for path in folder.glob("boxes-*.json")]
    whole = json.loads(Path("all.json").read_text())
    for key in ("images", "annotations"):
        joined = [entry for part in parts for entry in part[key]]
        assert sorted(joined, key=lambda entry: entry["id"]) == sorted(whole[key], key=lambda entry: entry["id"])


def test_where_outputs_are_in_a_folder_of_inputs_they_are_not_taken_for_inputs(shards, ok, photos):
    plans = shards(3, "blur", "photos", "-r", "-o", "photos/out/", "-q")
    assert plans == ["", "", ""]
    made = len(contents("photos/out"))
    assert made == COUNT


def test_nor_where_another_shard_makes_their_folder_meanwhile(ok, photos, monkeypatch):
    scan = inputs.scan

    def late(*words, **options):
        if not (photos / "out").exists():
            (photos / "out").mkdir()
            shutil.copy(photos / "0.png", photos / "out" / "0.png")
        return scan(*words, **options)

    monkeypatch.setattr(inputs, "scan", late)
    ok("blur", "photos", "-r", "-o", "photos/out/", "--shard", "1/1", "-q")
    assert len(contents("photos/out")) == COUNT


# ---- what is refused --------------------------------------------------------------------------------

WRONG = [
    (("--shard", "0/4"), "--shard: 0/4 is not one of 1/4 to 4/4"),
    (("--shard", "5/4"), "--shard: 5/4 is not one of 1/4 to 4/4"),
    (("--shard", "0/0"), "--shard: 0/0 is not one"),
    (("--shard", "1"), "--shard: '1' is neither I/N, such as 1/4, nor auto"),
    (("--shard", "1/4/2"), "neither"),
    (("--shard", "-1/4"), "neither"),
    (("--shard", " 1/4"), "neither"),
    (("--shard", "١/٤"), "neither"),
    (("--shard", f"1/{'9' * 5000}"), "neither"),
    (("--shard", ""), "neither"),
    (("--shard-by", "index"), "--shard-by requires --shard"),
    (("--shard", "1/4", "--shard-by", "size"), "--shard-by: 'size' is not place or index"),
    (("--shard", "1/4", "--depfile", "a.d"), "--depfile cannot be used with --shard"),
    (
        ("--shard", "1/4", "--report", "A.HTML"),
        "--report A.HTML: each shard needs its own file; use a name like A-{shard}.HTML",
    ),
    (("--shard", "1/4", "--report", ""), "--report '' does not name a file"),
    (("--shard", "3/4", "--report", "photos/{shard}.png"), "photos/3.png: is an input, which is never overwritten"),
]


@pytest.mark.each("words, said", WRONG)
def test_a_wrong_call_is_refused(refused, photos, words, said):
    assert said in refused(2, "blur", "photos", "-o", "out/", *words)
    assert not Path("out").exists()


def test_what_would_mix_shards_is_refused(refused, photos, folder):
    assert "photos/: holds inputs, and other shards" in refused(
        2, "blur", "photos", "-o", "photos/", "--name", "{stem}-soft.png", "--shard", "1/4"
    )
    (folder / "link").symlink_to("photos")
    assert "link: holds inputs" in refused(2, "edges", "photos", "--angle", "link", "--shard", "1/4")
    shutil.copytree(photos, "masks")
    assert "photos: holds inputs" in refused(
        2, "flip", "photos", "-o", "out/", "--masks", "masks", "--masks-out", "photos", "--shard", "1/4"
    )
    for words in (["-"], ["--files-from", "list"]):
        Path("list").write_text("-")
        said = refused(2, "blur", *words, "-o", "b.png", "--shard", "1/4", stdin=b"")
        assert said == "imfilter: --shard needs files; standard input is one image"
    assert "--manifest m: each shard needs its own file; use a name like m-{shard}" in refused(
        2, "augment", "photos", "-o", "out/", "--manifest", "m", "flip", "--shard", "1/4"
    )
    names = [{"id": path.name, "file_name": path.name} for path in photos.glob("*.png")]
    Path("b.json").write_text(json.dumps({"images": names, "categories": [], "annotations": []}))
    assert "--boxes-out c.json: each shard needs its own file; use a name like c-{shard}.json" in refused(
        2, "flip", "photos", "-o", "out/", "--boxes", "b.json", "--boxes-out", "c.json", "--shard", "1/4"
    )


def test_what_the_whole_batch_refuses_each_shard_refuses(run, photos):
    (photos / "one").mkdir()
    shutil.copy(photos / "0.png", photos / "one" / "0.png")
    calls = [run("blur", "photos", "photos/one", "-o", "out/", "--shard", f"{number}/5") for number in range(1, 6)]
    assert {(ended.code, ended.err) for ended in calls} == {(2, calls[0].err)}
    assert "would hold two outputs" in calls[0].err


# ---- the numbers of jobs ----------------------------------------------------------------------------

SLURM = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_COUNT": "4"}
KUBERNETES = {"JOB_COMPLETION_INDEX": "0", "IMFILTER_SHARDS": "4"}
CI = {"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "4"}
JOBS_OF = [
    (SLURM, (3, 4)),
    (SLURM | {"SLURM_ARRAY_TASK_MAX": "8"}, (3, 4)),
    (SLURM | {"SLURM_ARRAY_TASK_ID": "5"}, (1, 4)),
    (SLURM | {"CI_NODE_TOTAL": "1", "IMFILTER_SHARDS": "9"}, (3, 4)),  # GitLab sets the first for every job
    (KUBERNETES, (1, 4)),
    (KUBERNETES | {"JOB_COMPLETION_INDEX": "3", "CI_NODE_INDEX": ""}, (4, 4)),
    (CI, (4, 4)),
    (CI | {"CI_NODE_INDEX": "1"}, (1, 4)),
    (CI | {"CI_NODE_INDEX": "0", "HEROKU_TEST_RUN_ID": "x"}, (1, 4)),
    (CI | {"CI_NODE_INDEX": "3", "HEROKU_TEST_RUN_ID": "x"}, (4, 4)),
]


@pytest.mark.each("variables, found", JOBS_OF)
def test_a_job_knows_its_shard(ok, photos, monkeypatch, variables, found):
    words = ("blur", "photos", "-r", "-o", "out/", "-n", "-q", "--shard")
    with monkeypatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        plan = ok(*words, "auto")
    assert plan == ok(*words, "/".join(map(str, found)))
    assert plan


WRONG_JOBS = [
    ({}, [*shard_environment.INDICES]),
    ({"CI_NODE_TOTAL": "1", "IMFILTER_SHARDS": "4"}, [*shard_environment.INDICES]),
    (SLURM | KUBERNETES, ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"]),
    (KUBERNETES | CI, ["JOB_COMPLETION_INDEX", "CI_NODE_INDEX"]),
    ({"SLURM_ARRAY_TASK_ID": "7"}, ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN"]),
    (SLURM | {"SLURM_ARRAY_TASK_COUNT": ""}, ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"]),
    (SLURM | {"SLURM_ARRAY_TASK_MAX": "12"}, ["SLURM_ARRAY_TASK_MIN 5", "SLURM_ARRAY_TASK_MAX 12", "gaps"]),
    (SLURM | {"SLURM_ARRAY_TASK_ID": "9"}, ["SLURM_ARRAY_TASK_ID 9", "from 5 to 8", "SLURM_ARRAY_TASK_COUNT 4"]),
    (SLURM | {"SLURM_ARRAY_TASK_ID": "4"}, ["SLURM_ARRAY_TASK_ID 4"]),
    ({"JOB_COMPLETION_INDEX": "0"}, ["JOB_COMPLETION_INDEX", "IMFILTER_SHARDS"]),
    (KUBERNETES | {"JOB_COMPLETION_INDEX": "4"}, ["JOB_COMPLETION_INDEX 4", "from 0 to 3", "IMFILTER_SHARDS 4"]),
    (KUBERNETES | {"IMFILTER_SHARDS": "0"}, ["IMFILTER_SHARDS is 0"]),
    (KUBERNETES | {"IMFILTER_SHARDS": "four"}, ["IMFILTER_SHARDS 'four'"]),
    (KUBERNETES | {"JOB_COMPLETION_INDEX": "-1"}, ["JOB_COMPLETION_INDEX '-1'"]),
    (KUBERNETES | {"JOB_COMPLETION_INDEX": "9" * 5000}, ["JOB_COMPLETION_INDEX"]),
    (CI | {"CI_NODE_INDEX": "0"}, ["CI_NODE_INDEX 0", "from 1 to 4", "CI_NODE_TOTAL 4"]),
    (CI | {"CI_NODE_INDEX": "5"}, ["CI_NODE_INDEX 5"]),
    (CI | {"HEROKU_TEST_RUN_ID": "x"}, ["CI_NODE_INDEX 4", "from 0 to 3"]),
]


@pytest.mark.each("variables, said", WRONG_JOBS)
def test_a_job_that_contradicts_itself_is_refused(refused, photos, monkeypatch, variables, said):
    with monkeypatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        line = refused(2, "blur", "photos", "-o", "out/", "--shard", "auto")
    assert line.startswith("imfilter: --shard auto: ") and all(word in line for word in said)
    assert line.endswith(("1/4", "without gaps"))


def test_an_environment_alone_shares_nothing(ok, photos, monkeypatch):
    for name, value in (SLURM | CI).items():
        monkeypatch.setenv(name, value)
    ok("blur", "photos", "-r", "-o", "out/", "-q")
    assert len(contents("out")) == COUNT


# ---- the page -------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "cli" / "SHARDS.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def of_page(word):
    """The one command of the page that has a word in it."""
    [block] = [block for block in BLOCKS if word in block]
    return block


@pytest.mark.each("word, tool", [("for i in", "bash"), ("parallel ", "GNU parallel")])
def test_the_commands_of_the_page_do_the_whole_batch(ok, needs, program, photos, word, tool):
    """Several at the same time, which all make the folders of outputs."""
    needs(tool)
    ok("blur", "photos", "-r", "-o", "out/", "--sigma", "2", "-q")
    whole = taken("out")
    command = of_page(word)
    assert "blur photos/ -r -o out/ --sigma 2" in command
    ended = subprocess.run(["bash", "-ec", command], env=program | {"HOME": str(Path.cwd())}, capture_output=True)
    assert ended.returncode == 0, ended.stderr
    assert taken("out") == whole


def test_the_page_names_all_variables():
    assert [name for name in sorted(VARIABLES) if name not in PAGE] == []
    assert "sbatch" in of_page("sbatch")
