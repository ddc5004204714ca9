"""`imfilter augment`: which variants are written, by which numbers, and what it refuses."""

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from imfilter.augment import Augmenter
from imfilter.cli.batch.augment import small
from imfilter.cli.images.reader import Reader
from PIL import Image
from scipy import stats

STEPS = (
    "flip --p 0.5",
    "rotate --angle -15..15",
    "crop --area 0.08..1 --ratio 3/4..4/3 --place 0..1,0..1",
    "resize --size 24",
    "tone --brightness 0.6..1.4 --gamma 0.5..2",
    "blur --sigma 0..2 | noise --sigma 0..12 | none",
    "erase --p 0.5 --area 0.02..0.33 --op {noise|mean}",
)


@pytest.fixture
def train(rgb, folder):
    """Two classes of three pictures, of which two are alike."""
    for name, part in (("cat/a.png", rgb), ("cat/b.jpg", rgb), ("dog/a.png", rgb), ("dog/c.tif", rgb[:, ::2])):
        (folder / "train" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(part)).save(folder / "train" / name)
    return folder / "train"


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def manifest(path="m.jsonl"):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def as_words(step):
    """Write a step of the manifest as one of a chain."""
    words = [step["filter"]]
    for name, value in step.items():
        option = f"--{name.replace('_', '-')}"
        if name == "filter":
            continue
        if value is True:
            words.append(option)
        else:
            text = ",".join(map(repr, value)) if isinstance(value, list) else str(value)
            words.append(shlex.quote(f"{option}={text}"))
    return " ".join(words)


def test_variants_mirror_the_tree_and_are_numbered(ok, train, folder):
    ok("augment", "-q", "train", "-r", "-o", "out/", "--variants", "2", "--keep", *STEPS)
    stems = ("cat/a-{}.png", "cat/b-{}.jpg", "dog/a-{}.png", "dog/c-{}.tif")
    assert {*contents(folder / "out")} == {stem.format(f"0{n}") for stem in stems for n in range(3)}
    kept = np.asarray(Image.open(folder / "out/dog/c-00.tif"))
    assert np.array_equal(kept, np.asarray(Image.open(train / "dog/c.tif")))
    with Image.open(folder / "out/cat/a-01.png") as found:
        assert found.size == (24, 24)
    assert len({*contents(folder / "out").values()}) == 12


def test_order_cores_subsets_and_places_of_folders_change_no_byte(ok, train, folder):
    call = ("augment", "-q", "-r", "--variants", "3", "--seed", "7")
    ok(*call, "train", "-o", "one/", "-j", "1", *STEPS)
    ok(*call, "train", "-o", "two/", "-j", "2", *STEPS)
    one = contents(folder / "one")
    assert one == contents(folder / "two") and len(one) == 12
    ok(*call, "train", "-o", "some/", "--exclude", "cat", *STEPS)
    assert contents(folder / "some") == {name: data for name, data in one.items() if name.startswith("dog")}
    shutil.move(train, folder / "moved")
    ok(*call, "moved", "-o", "three/", *STEPS)
    assert contents(folder / "three") == one
    ok(*call[:-1], "8", "moved", "-o", "four/", *STEPS)
    assert not {*contents(folder / "four").values()} & {*one.values()}
    ok("augment", "-q", "-r", "--variants", "5", "--seed", "7", "moved", "-o", "five/", *STEPS)
    assert one.items() <= contents(folder / "five").items()


def test_the_manifest_replays_through_chain_to_the_same_bytes(ok, train, folder):
    ok("augment", "-q", "train", "-r", "-o", "out/", "--variants", "4", "--keep", "--manifest", "m.jsonl", *STEPS)
    lines = manifest()
    assert [line["output"] for line in lines] == sorted(line["output"] for line in lines) and len(lines) == 20
    assert {line["label"] for line in lines} == {"cat", "dog"}
    assert {line["variant"] for line in lines} == {*range(5)}
    assert lines[0] == {
        "output": "out/cat/a-00.png",
        "source": "train/cat/a.png",
        "name": "cat/a.png",
        "variant": 0,
        "label": "cat",
        "steps": [],
    }
    ok("augment", "-q", "train", "-r", "-o", "bare/", "--no-stamp", "--variants", "4", "--keep", *STEPS)
    for line in lines:
        steps = [as_words(step) for step in line["steps"]] or ["pad --size 0"]
        again = folder / f"again{line['output'][-4:]}"
        ok("chain", "-q", line["source"], "-o", again, "--no-stamp", *steps)
        assert again.read_bytes() == (folder / line["output"].replace("out/", "bare/")).read_bytes(), line


def test_update_keeps_what_is_current_and_the_manifest_names_it_all(ok, run, train, folder):
    call = ("augment", "train", "-r", "-o", "out/", "--update", "--variants", "2", "--manifest", "m.jsonl")
    ok(*call, "-q", *STEPS)
    first, lines = contents(folder / "out"), manifest()
    assert "0 done, 8 skipped" in run(*call, *STEPS).err
    assert manifest() == lines
    assert "0 done, 8 skipped" not in run(*call, "--seed", "1", *STEPS).err
    assert not {*contents(folder / "out").values()} & {*first.values()}
    ok(*call, "-q", *STEPS)
    assert contents(folder / "out") == first
    assert "8 done, 0 skipped" in run(*call, *STEPS[:-1]).err


def test_dry_run_prints_every_output_and_writes_none(run, train, folder):
    ended = run("augment", "train", "-r", "-o", "out/", "-n", "--variants", "2", "--manifest", "m.jsonl", "flip")
    assert ended.out.decode().splitlines()[:2] == [
        "train/cat/a.png -> out/cat/a-01.png",
        "train/cat/a.png -> out/cat/a-02.png",
    ]
    assert "--manifest -> m.jsonl" in ended.out.decode()
    assert sorted(path.name for path in folder.iterdir()) == ["train"]


def test_json_tells_of_each_variant(ok, train):
    out = ok("augment", "train", "-r", "-o", "out/", "--json", "-q", "--variants", "2", "rotate --angle -5..5 | none")
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == 9 and lines[0]["filter"] == "augment"
    assert lines[0]["parameters"] == {"seed": 0, "steps": ["rotate --angle -5..5 | none"]}
    assert lines[1]["outputs"] == {"image": "out/cat/a-02.png"}


def test_one_variant_of_one_file_may_have_a_name_of_its_own(ok, train, folder):
    ok("augment", "train/cat/a.png", "-o", "b.png", "--seed", "3", "rotate --angle 5..9")
    ok("augment", "train/cat/a.png", "-o", "out/", "--seed", "3", "rotate --angle 5..9")
    ok(
        "augment",
        "train/cat/a.png",
        "-o",
        "out/",
        "--seed",
        "3",
        "--name",
        "{variant:03}-{stem}",
        "rotate --angle 5..9",
    )
    assert [*contents(folder / "out")] and len({*contents(folder / "out").values()}) == 1
    assert (folder / "out/001-a.png").read_bytes() == (folder / "b.png").read_bytes()


def test_without_steps_the_images_are_kept(ok, train, folder):
    ok("augment", "-q", "train", "-r", "-o", "out/", "--keep", "--include", "*.png")
    assert np.array_equal(np.asarray(Image.open("out/cat/a-00.png")), np.asarray(Image.open("train/cat/a.png")))
    assert {*contents(folder / "out")} == {"cat/a-00.png", "dog/a-00.png"}


@pytest.mark.each("name", ("coffee.jpg", "cat.jpg"))
def test_mean_brightness_has_no_bias_under_jitter_about_1(ok, folder, name):
    """Of photographs Pillow's factors of brightness, contrast and saturation take 0.48, 0.44 and 0.49 of a level.

    All three in a row, each of which cuts fractions off, take 1.6.
    """
    photograph = Image.open(Path(__file__).parents[2] / "sample_images" / name).convert("RGB").resize((150, 100))
    Image.fromarray(image := np.asarray(photograph)).save("a.png")
    factors = "--brightness 0.6..1.4", "--contrast 0.6..1.4", "--saturation 0.6..1.4", "--hue -20..20"
    for given in (*factors, " ".join(factors)):
        step = f"tone {given}"
        ok("augment", "a.png", "-q", "-o", "out/", "--variants", "40", "--seed", "5", step)
        augmenter, bias = Augmenter(step, seed=5), []
        for variant in range(1, 41):
            chain = augmenter.chain(150, 100, name="a.png", variant=variant)
            expected = np.clip(np.asarray(chain(image.astype(np.float64))), 0, 255)
            made = augmenter(image, name="a.png", variant=variant)
            assert np.array_equal(made, np.asarray(Image.open(f"out/a-{variant:02}.png")))
            bias.append(made.mean() - expected.mean())
        assert abs(np.mean(bias)) < 0.02, given


def test_failures_cost_their_line_and_no_other(run, train, folder):
    (train / "cat" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    ended = run("augment", "train", "-r", "-o", "out/", "--variants", "2", "--manifest", "m.jsonl", "flip --p 0.5")
    assert ended.code == 1 and "8 done, 0 skipped, 2 failed" in ended.err
    assert len(manifest()) == 8
    ended = run("augment", "train", "-r", "-o", "big/", "crop --size 50..99999")
    assert ended.code == 1 and "Traceback" not in ended.err and "larger than the image" in ended.err


@pytest.mark.each(
    "step, reason",
    [
        ("blur --sigma 0..2000", "step 1 (blur): --sigma: 2000 is above the greatest value, 1000 px"),
        ("rotate --angle 5..-5", "step 1 (rotate): --angle: '5..-5' is reversed; write -5..5"),
        ("rotate --angle a..b", "step 1 (rotate): --angle: 'a..b' is not a number"),
        ("tone --gamma 0..2", "--gamma: '0..2' is drawn on a logarithmic scale; both ends must be above 0"),
        ("blur --op median --size 2.5..4", "--size: '2.5' is not a whole number"),
        ("blur --op median --size 3..7:0", "--size: '3..7:0' has a step of 0; it must be above 0"),
        ("affine --translate 1..5%", "--translate: '1..5%' has a percent sign at only one end"),
        ("edges --op canny --size 3..7", "--size"),
        ("flip --p 2", "step 1 (flip): --p: 2 is not between 0 and 1"),
        ("flip --p x", "step 1 (flip): --p: 'x' is not a number"),
        ("flip --op {left-right|sideways}", "--op: unknown value 'sideways'"),
        ("flip --op {left-right||both}", "has an empty choice"),
        ("flip | ", "step 1: an alternative is empty; write none for it"),
        ("flip | none --p 0.5", "step 1 (none): takes no options"),
        ("flip | blurr", "step 1: unknown filter 'blurr'"),
        ("normalize --to 0,1 --depth float --p 0.5", "--depth needs a step that always runs"),
        ("blur --gain 1..2", "--gain cannot be random"),
        ("conv --kernel haar", "step 1 (conv): gives maps, but augment writes pictures"),
        ("crop --size 5 --area 0.1..1", "--area cannot be used with --size"),
    ],
)
def test_wrong_steps_are_refused_before_the_work(refused, train, folder, step, reason):
    assert reason in refused(2, "augment", "train", "-r", "-o", "out/", step)
    assert not (folder / "out").exists()


def test_wrong_calls_are_refused(refused, train, folder):
    call = ("augment", "train", "-r", "-o", "out/")
    assert "no step" in refused(2, *call)
    assert refused(2, *call, "--variants", "0", "flip") == "imfilter: --variants: 0 is not from 1 to 10000"
    assert refused(2, *call, "--seed", "-1", "flip") == "imfilter: --seed: -1 is not from 0 to 4294967295"
    assert "add {variant}" in refused(2, *call, "--variants", "2", "--name", "{stem}.png", "flip")
    assert "! is not allowed in {variant!r}" in refused(2, *call, "--name", "{variant!r}.png", "flip")
    assert "unknown field {variant}" in refused(2, "blur", "train", "-r", "-o", "out/", "--name", "{stem}{variant}")
    assert "--in-place" in refused(2, "augment", "train/cat/a.png", "--in-place", "flip")
    assert "several images need a folder" in refused(2, "augment", "train/cat/a.png", "-o", "b.png", "--keep", "flip")
    assert refused(2, *call, "--roi", "0,0,2,2", "flip") == "imfilter: --roi cannot be used with augment"
    assert refused(2, *call, "--mask", "m.png", "flip") == "imfilter: --mask cannot be used with augment"
    said = refused(2, *call, "--manifest", "train/cat/a.png", "flip")
    assert "which is never overwritten" in said


def test_options_that_are_refused_are_not_in_the_help(ok):
    words = ok("augment", "--help").decode().split()
    assert "--masks" in words
    assert not {"--mask", "--roi", "--in-place", "--backup"}.intersection(words)


def test_folders_that_measure_are_refused(ok, refused, train, folder):
    for name in ("val", "Valid", "validation", "test"):
        shutil.copytree(train / "cat", train / name)
        said = refused(2, "augment", "train", "-r", "-o", "out/", "flip")
        assert f"--exclude {name}, or add --all-splits" in said
        ok("augment", "-q", "train", "-r", "-o", f"o{name}/", "--exclude", name, "flip")
        shutil.rmtree(train / name)
    shutil.copytree(train / "cat", train / "val")
    ok("augment", "-q", "train", "-r", "-o", "out/", "--all-splits", "flip")
    assert (folder / "out/val/a-01.png").exists()
    ok("augment", "-q", "train/val", "-o", "named/", "flip")


def test_a_folder_that_measures_is_taken_with_a_word_where_it_is_named(run, train, folder, monkeypatch):
    shutil.copytree(train / "cat", train / "test")
    monkeypatch.chdir(train / "test")
    for name in (".", "../test/", folder / "train" / "test"):
        lines = run("augment", name, "-o", f"{folder}/out/", "flip").lines
        assert lines[0].endswith("is a test folder, whose images are for evaluation, not for training; "
                                 "add --all-splits to augment them anyway")  # fmt: skip
        assert len(lines) == 2
        assert len(run("augment", name, "-o", f"{folder}/out/", "--all-splits", "flip").lines) == 1
        assert run("augment", name, "-q", "-o", f"{folder}/out/", "flip").lines == []
    assert len(run("augment", "a.png", "-o", folder / "one.png", "flip").lines) == 0


def test_all_frames_of_a_file_have_one_draw(ok, rgb, folder):
    pages = [Image.fromarray(rgb), Image.fromarray(rgb)]
    pages[0].save("a.tif", save_all=True, append_images=pages[1:])
    ok("augment", "a.tif", "-o", "b.tif", "--seed", "5", "rotate --angle -90..90")
    with Image.open("b.tif") as found:
        first = np.asarray(found)
        found.seek(1)
        assert np.array_equal(first, np.asarray(found)) and not np.array_equal(first, rgb)


def test_a_second_picture_is_taken_from_its_folder(ok, train, folder):
    shutil.copytree(train, folder / "other")
    ok("augment", "-q", "train", "-r", "-o", "out/", "flip", "blend --other other --opacity 0..1 | none")
    assert len(contents(folder / "out")) == 4


def test_steps_of_a_recipe_come_first_and_may_be_drawn(ok, refused, train, folder):
    Path("r.toml").write_text(
        '[[step]]\nfilter = "flip"\np = 0.5\n[[step]]\nfilter = "affine"\nangle = "-10..10"\n'
        'translate = "-2..2,1"\nscale = [1.5, 0.5]\n'
        '[[step]]\nalternatives = [{filter = "blur", sigma = "0..2"}, {filter = "none"}]\n'
    )
    ok("augment", "-q", "train", "-r", "-o", "one/", "--variants", "2", "--recipe", "r.toml", "tone --gamma 0.5..2")
    words = ("flip --p 0.5", "affine --angle -10..10 --translate -2..2,1 --scale 1.5,0.5", "blur --sigma 0..2 | none")
    ok("augment", "-q", "train", "-r", "-o", "two/", "--variants", "2", *words, "tone --gamma 0.5..2")
    assert contents(folder / "one") == contents(folder / "two")
    ok("chain", "train/cat/a.png", "-q", "-o", "c.png", "blur --sigma 1", "flip", "--save", "s.toml")
    ok("augment", "-q", "train/cat/a.png", "-o", "three.png", "--recipe", "s.toml")
    assert np.array_equal(np.asarray(Image.open("three.png")), np.asarray(Image.open("c.png")))
    call = ("augment", "train/cat/a.png", "-o", "r.toml", "--to", "png", "--recipe", "r.toml")
    assert "never overwritten" in refused(2, *call)


@pytest.mark.each(
    "text, reason",
    [
        ('filter = "blurr"', "r.toml: step 1: unknown filter 'blurr'"),
        ('filter = "blur"\nsigmaa = 1', "r.toml: step 1 (blur): "),
        ('filter = "blur"\nsigma = "2..1"', "--sigma: '2..1' is reversed"),
        ('filter = "blur"\nsigma = {a = 1}', "sigma is a table, not a value"),
        ('alternatives = ["blur"]', "step 1: alternatives are a list of tables"),
        ('filter = "flip"\nalternatives = [{filter = "none"}]', "and stand alone"),
    ],
)
def test_wrong_recipes_are_refused(refused, train, folder, text, reason):
    Path("r.toml").write_text(f"[[step]]\n{text}\n")
    assert reason in refused(2, "augment", "train", "-r", "-o", "out/", "--recipe", "r.toml")


def test_rectangles_that_do_not_fit_are_drawn_again(ok, folder):
    Image.fromarray(np.full((20, 60), 200, np.uint8)).save("a.png")
    step = "erase --area 0.05..0.5 --ratio 0.3..3.3 --place 0..1,0..1"
    ok("augment", "a.png", "-q", "-o", "out/", "--variants", "60", "--manifest", "m.jsonl", step)
    for line in manifest():
        [drawn] = line["steps"]
        sides = [(drawn["area"] * 1200 * drawn["ratio"]) ** 0.5, (drawn["area"] * 1200 / drawn["ratio"]) ** 0.5]
        assert sides[0] <= 60.5 and sides[1] <= 20.5
        black = np.asarray(Image.open(line["output"])) == 0
        assert (black.any(axis=0).sum(), black.any(axis=1).sum()) == tuple(int(side + 0.5) for side in sides)


def test_numbers_in_a_manifest_follow_their_laws(ok, folder):
    """What 5000 variants of images were drawn, by the tests of Kolmogorov and Smirnov, and of the binomial law."""
    np.save("a.npy", np.zeros((50, 2, 2, 1), np.uint8))
    steps = ("flip --p 0.3", "rotate --angle -15..15", "tone --brightness 0.6..1.4 --gamma 0.25..4")
    ok("augment", "a.npy", "-q", "-o", "b.npy", "--variants", "100", "--manifest", "m.jsonl", *steps)
    lines = manifest()
    assert len(lines) == 5000
    flips = [line["steps"][0]["filter"] == "flip" for line in lines]
    assert stats.binomtest(sum(flips), len(lines), 0.3).pvalue > 1e-3
    turned, toned = ([line["steps"][at] for line in lines] for at in (-2, -1))
    angles = np.array([step["angle"] for step in turned])
    factors = np.array([step["brightness"] for step in toned])
    powers = np.log2([step["gamma"] for step in toned])
    for values, law in ((angles, (-15, 30)), (factors, (0.6, 0.8)), (powers, (-2, 4))):
        assert stats.kstest(values, stats.uniform(*law).cdf).pvalue > 1e-3
        table = values.reshape(50, 100)  # samples by variants
        for one, other in ((table[1:], table[:-1]), (table[:, 1:], table[:, :-1])):
            assert stats.pearsonr(one.ravel(), other.ravel()).pvalue > 1e-3
    for one, other in ((angles, factors), (angles, powers), (factors, powers), (angles, flips), (factors, flips)):
        assert stats.pearsonr(one, other).pvalue > 1e-3


def test_one_file_alone_and_four_processes_make_the_same(ok, train, folder):
    call = ("augment", "-q", "--variants", "2", "--seed", "7")
    ok(*call, "train", "-r", "-o", "one/", "-j", "1", *STEPS)
    ok(*call, "train", "-r", "-o", "four/", "-j", "4", *STEPS)
    assert contents(folder / "one") == contents(folder / "four")
    ok(*call, "train/cat", "-o", "cats/", *STEPS)
    shutil.copy(train / "cat" / "a.png", folder / "a.png")
    ok(*call, "a.png", "-o", "alone/", *STEPS)
    assert contents(folder / "alone") == {n: d for n, d in contents(folder / "cats").items() if n.startswith("a-")}


def test_a_picture_is_decoded_once_for_its_variants(ok, train, folder, monkeypatch):
    read, original = [], Reader.read
    monkeypatch.setattr(Reader, "read", lambda self, name: read.append(name) or original(self, name))
    ok("augment", "-q", "train", "-r", "-o", "out/", "-j", "1", "--variants", "3", "--keep", *STEPS)
    assert len(read) == 4 and len(contents(folder / "out")) == 16
    data = (train / "cat" / "a.png").read_bytes()
    call = ("augment", "-", "-q", "-o", "in/", "--variants", "2", "--name", "{variant}.png", "rotate --angle -9..9")
    ok(*call, "-j", "1", stdin=data)
    assert {*contents(folder / "in")} == {"1.png", "2.png"}


def test_small_pictures_are_what_stages_make_of_them(ok, train, folder, rgb, monkeypatch):
    Image.fromarray(rgb[..., 0]).save(folder / "train/cat/gray.jpg", dpi=(72, 144))
    made, computed = [], small.computed
    monkeypatch.setattr(small, "computed", lambda *given: made.append(computed(*given)) or made[-1])
    steps = [*STEPS[:4], "tone --brightness 0.6..1.4 --contrast 0.6..1.4 --saturation 0..2", "erase --area 0.1 --p 0.3"]
    call = ("augment", "-q", "train", "-r", "--variants", "4", "--seed", "3", "-j", "1", *steps)
    ok(*call, "-o", "out/")
    assert len(made) == 20
    assert None not in made
    monkeypatch.setattr(small, "takes", lambda *given: False)
    ok(*call, "-o", "stages/")
    assert contents(folder / "out") == contents(folder / "stages")
    ok(*call, "-o", "large/", "--max-pixels", "2000")
    assert len(made) == 20
