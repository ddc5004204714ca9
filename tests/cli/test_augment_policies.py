"""The policies of `imfilter augment`: what they draw, how strong it is, and that it does what the tables say."""

import itertools
import math
import shlex
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from imfilter.augment import Augmenter
from imfilter.cli.batch.augment import operations, policies
from imfilter.cli.batch.augment.policies import policy
from imfilter.cli.batch.filter_chain import Chain
from imfilter.cli.batch.recipe import in_a_row
from imfilter.cli.commands.chain_command import chained
from imfilter.filters.core.engine.colour import LUMA_WEIGHTS
from PIL import Image
from scipy import ndimage, stats

from .test_augment import as_words, contents, manifest

SPACES = {
    "ra": ("trivial-augment", {"space": "ra"}, operations.STANDARD),
    "wide": ("trivial-augment", {"space": "wide"}, operations.WIDE),
    "rand": ("rand-augment", {"n": "1", "max_m": "30"}, operations.RAND_AUGMENT),
}
WITHOUT_STRENGTH = ("identity", "auto-contrast", "equalize")
ONE_WAY = ("solarize", "posterize")
BINS = range(31)


def drawn(space, name, number, direction):
    """The calls of an operation at a strength of 30."""
    word, texts, table = SPACES[space]
    shares = {
        "operation": [*table].index(name) / len(table) + 1e-9,
        "direction": 0.25 + 0.5 * direction,
        "strength": (number + 0.5) / 31,
    }
    if word == "rand-augment":
        texts = {**texts, "m": str(number)}
    spec = policies.spec_of(word)
    found = policy(word, {**dict.fromkeys(spec.parameters), **texts}, "")
    return found.calls(lambda parameter, attempt: shares[parameter], "")


def by_policy(image, space, name, number, direction):
    calls = drawn(space, name, number, direction)
    return Chain(in_a_row(calls))(image) if calls else image


def test_the_tables_are_those_of_the_papers():
    # Müller and Hutter 2021, the table of augmentation spaces; Cubuk et al. 2019, table 6; 2020, section 3.2.
    ends = {
        name: [span.ends for span in map(table.get, ("rotate", "color", "shear-x", "translate-y"))]
        for name, table in (("ra", operations.STANDARD), ("wide", operations.WIDE), ("rand", operations.RAND_AUGMENT))
    }
    side = 150 / 331 * 100
    assert ends == {
        "ra": [(-30, 30), (0.1, 1.9), (-0.3, 0.3), (-10, 10)],
        "wide": [(-135, 135), (0.01, 2.0), (-0.99, 0.99), (-32, 32)],
        "rand": [(-30, 30), (0.1, 1.9), (-0.3, 0.3), pytest.approx((-side, side))],
    }
    assert [operations.WIDE["posterize"], operations.STANDARD["posterize"]] == [((2,), 8, ""), ((4,), 8, "")]
    assert {table["solarize"] for table in (operations.WIDE, operations.STANDARD)} == {((0,), 256, "")}
    assert len(operations.WIDE) == len(operations.STANDARD) == len(operations.RAND_AUGMENT) == 14
    assert "".join(sorted(set(operations.RAND_AUGMENT) - set(operations.AUG_MIX))) == (
        "brightnesscolorcontrastidentitysharpness"
    )


def test_drawn_numbers_replay_as_a_chain(ok, folder, rgb):
    for number, part in enumerate((rgb, rgb[::2], rgb[:, ::-1])):
        Image.fromarray(np.ascontiguousarray(part)).save(folder / f"{number}.png")
    inputs = ("0.png", "1.png", "2.png")
    steps = ("trivial-augment", "rand-augment --n 3 --m 3..8 --fill 128 | none", "blur --sigma 0.5")
    ok("augment", "-q", *inputs, "-o", "out/", "--no-stamp", "--variants", "12", "--manifest", "m.jsonl", *steps)
    filters = Counter()
    for line in manifest():
        filters.update(step["filter"] for step in line["steps"])
        ok("chain", "-q", line["source"], "-o", "again.png", "--no-stamp", *map(as_words, line["steps"]))
        assert Path("again.png").read_bytes() == Path(line["output"]).read_bytes(), line
    assert {"rotate", "affine", "conv", "tone"} <= filters.keys()


def test_bytes_are_the_same_whatever_shares_the_work(ok, folder, rgb):
    for number in range(6):
        Image.fromarray(np.roll(rgb, number, axis=1)).save(folder / f"{number}.png")
    for jobs in ("1", "4"):
        ok(
            "augment",
            "-q",
            ".",
            "-o",
            f"../out{jobs}/",
            "--variants",
            "4",
            "-j",
            jobs,
            "trivial-augment",
            "rand-augment",
        )
    one, four = (contents(folder.parent / f"out{jobs}") for jobs in "14")
    assert len(one) == 24 and one == four


def test_python_draws_what_the_command_does(ok, folder, rgb):
    Image.fromarray(rgb).save(folder / "a.png")
    steps = ("trivial-augment --space ra", "rand-augment --n 1 --p 0.5")
    ok("augment", "-q", "a.png", "-o", "out/", "--variants", "12", "--seed", "5", *steps)
    augmenter = Augmenter(*steps, seed=5)
    for variant in range(1, 13):
        written = np.asarray(Image.open(folder / f"out/a-{variant:02}.png"))
        np.testing.assert_array_equal(augmenter(rgb, name="a.png", variant=variant), written)


def luma(image):
    return image @ np.array(LUMA_WEIGHTS) / sum(LUMA_WEIGHTS) if image.shape[2] == 3 else image[..., 0]


def moved(image, inverse):
    """Each sample of the result from where *inverse* takes its offset from the middle; 0 is past the edge."""
    height, width, _channels = image.shape
    rows, columns = np.mgrid[:height, :width] + 0.5
    x, y = inverse(columns - width / 2, rows - height / 2)
    x, y = x + width / 2 - 0.5, y + height / 2 - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    found = np.zeros(image.shape)
    for down in (0, 1):
        for across in (0, 1):
            row, column = top + down, left + across
            weight = np.where(down, y - top, 1 - y + top) * np.where(across, x - left, 1 - x + left)
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            samples = image[row.clip(0, height - 1), column.clip(0, width - 1)]
            found += (weight * inside)[..., None] * samples
    return found


def reference(image, name, end, strength):
    """What an operation makes of an image of 8 bits in float64, unrounded; *end* is its number at full strength."""
    image = image.astype(np.float64)
    _height, _width, _ = image.shape
    factor = 1 + strength * (end - 1)
    match name:
        case "identity":
            return image
        case "auto-contrast":
            low, high = image.min((0, 1)), image.max((0, 1))
            return np.where(high > low, (image - low) * 255 / np.where(high > low, high - low, 1), image)
        case "equalize":
            found = image.copy()
            for channel in range(image.shape[2]):
                plane = image[..., channel]
                least = (plane == plane.min()).sum()
                if plane.size > least:
                    up_to = np.array([(plane <= value).sum() for value in range(256)])
                    found[..., channel] = 255 * (up_to[plane.astype(int)] - least) / (plane.size - least)
            return found
        case "rotate":
            cos, sin = math.cos(math.radians(strength * end)), math.sin(math.radians(strength * end))
            return moved(image, lambda x, y: (cos * x + sin * y, cos * y - sin * x))
        case "shear-x":
            return moved(image, lambda x, y: (x - strength * end * y, y))
        case "shear-y":
            return moved(image, lambda x, y: (x, y - strength * end * x))
        case "translate-x":
            return moved(image, lambda x, y: (x - strength * end, y))
        case "translate-y":
            return moved(image, lambda x, y: (x, y - strength * end))
        case "solarize":
            return np.where(image >= 256 - strength * (256 - end), 255 - image, image)
        case "posterize":
            step = 2 ** math.floor(strength * (8 - end) + 0.5)
            return image // step * step
        case "brightness":
            return factor * image
        case "contrast":
            mean = luma(image).mean()
            return mean + factor * (image - mean)
        case "color":
            gray = luma(image)[..., None]
            return gray + factor * (image - gray)
        case "sharpness":
            kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]])[..., None] / 13
            smooth = ndimage.correlate(image, kernel, mode="reflect")
            return smooth + factor * (image - smooth)


@pytest.mark.each("space", SPACES)
@pytest.mark.parametrize("name", operations.RAND_AUGMENT)
def test_every_strength_is_that_of_the_table(rgb, space, name):
    ends = SPACES[space][2][name].ends
    for direction, end in enumerate(ends or (0,)):
        if space == "rand" and name.startswith("translate"):
            end = end / 100 * rgb.shape[1 if name.endswith("x") else 0]
        for number in BINS:
            found = by_policy(rgb, space, name, number, direction)
            exact = reference(rgb, name, end, number / 30)
            assert np.abs(found - exact.clip(0, 255)).max() <= 0.501, (number, direction)  # ties are rounded too
            if not number and name not in WITHOUT_STRENGTH:
                np.testing.assert_array_equal(found, rgb)


@pytest.mark.each("space", SPACES)
@pytest.mark.parametrize("name", [name for name in operations.RAND_AUGMENT if name not in WITHOUT_STRENGTH])
def test_the_difference_grows_with_the_strength(space, name):
    y, x = np.mgrid[:48, :48] - 23.5
    ramp = 128 + 5 * x[..., None] * [1, -0.8, 0.6]  # what is moved further differs more
    image = np.where(np.hypot(x, y)[..., None] < 22, ramp, 0).astype(np.uint8)
    if name.startswith("translate"):
        image[:] = [200, 150, 100]  # of which less is left
    for direction in range(len(SPACES[space][2][name].ends)):
        found = [by_policy(image, space, name, number, direction).astype(float) for number in BINS]
        differences = [np.abs(each - image).mean() for each in found]
        assert differences[0] == 0 and differences[-1] > 1
        assert all(later >= earlier - 0.02 for earlier, later in itertools.pairwise(differences))
        # Nothing but the least brightness and contrast is black or flat, as peers' posterize was.
        faint = name in ("brightness", "contrast") and direction == 0
        assert faint or found[-1].std() > 10


@pytest.mark.each("space", ("ra", "wide", "rand"))
def test_both_directions_are_drawn_and_opposite(rgb, space):
    table = SPACES[space][2]
    for name in ("rotate", "shear-x", "shear-y", "translate-x", "translate-y"):
        given = [drawn(space, name, 20, direction)[0].given for direction in (0, 1)]
        numbers = [[float(word.strip("%")) for value in each.values() for word in str(value).strip("()").split(",")]
                   for each in given]  # fmt: skip
        assert numbers[0] == [-number for number in numbers[1]] and any(numbers[0]), (name, given)
    for name in ("color", "contrast", "brightness", "sharpness"):
        low, high = table[name].ends
        assert low < 1 < high


def test_operations_strengths_and_directions_are_as_likely():
    names, table = 14 * 300, operations.WIDE
    seen, strengths, signs = Counter(), Counter(), Counter()
    augmenter = Augmenter("trivial-augment")
    for number in range(names):
        steps = augmenter.chain(8, 8, name=f"{number}.png").steps
        (call,) = steps
        given = dict(call.given)
        seen[(call.name, *sorted(given.keys() - {"fill"}), given.get("op"))] += 1
        if call.name == "rotate":
            strengths[round(abs(given["angle"]) / 4.5)] += 1
            signs[given["angle"] > 0] += 1
    # The size of a pad is the picture itself: the identity, and all others at the strength 0.
    assert seen.pop(("pad", "size", None)) > names / 14
    moves = seen[("affine", "shear", None)], seen[("affine", "translate", None)]
    single = [count for key, count in seen.items() if key[0] != "affine"]
    expected = [names / 14 * (1 if (key[-1] in ("autocontrast", "equalize")) else None or 30 / 31) for key in seen
                if key[0] != "affine"]  # fmt: skip
    assert stats.chisquare(single, np.array(expected) * sum(single) / sum(expected)).pvalue > 1e-3
    assert stats.binomtest(moves[0], sum(moves)).pvalue > 1e-3
    assert stats.chisquare([strengths[number] for number in range(1, 31)]).pvalue > 1e-3
    assert stats.binomtest(signs[True], signs.total()).pvalue > 1e-3
    assert len(table) == 14


@pytest.mark.each(
    "words, line",
    [
        ("rand-augment --m 11", "--m: 11 is more than --max-m 10, the full strength"),
        ("rand-augment --m 3..12", "step 1 (rand-augment): --m: 11 is more than --max-m 10, the full strength"),
        ("rand-augment --n 0", "step 1 (rand-augment): --n: 0 is below the least value, 1"),
        ("rand-augment --maxm 3", "step 1 (rand-augment): unknown option --maxm; did you mean --max-m?"),
        ("trivial-agument", "step 1: unknown filter 'trivial-agument'; did you mean 'trivial-augment'?"),
        (
            "trivial-augment --space wade",
            "step 1 (trivial-augment): --space: unknown value 'wade'; did you mean 'wide'? (one of wide, ra)",
        ),
    ],
)
def test_wrong_options_are_refused(refused, folder, rgb, words, line):
    Image.fromarray(rgb).save(folder / "a.png")
    assert refused(2, "augment", "a.png", "-o", "b.png", words).endswith(line)


MIXING = "aug-mix --severity 10"


def branches_of(step):
    """The steps of each branch of a mix."""
    return [[shlex.split(words) for words in branch.split(" then ")] for branch in step["branches"].split(" + ")]


def test_aug_mix_replays_as_a_mix_and_names_branches_and_weights(ok, folder, rgb):
    Image.fromarray(rgb).save(folder / "a.png")
    Image.fromarray(rgb[..., 0]).save(folder / "b.png")
    ok("augment", "-q", "a.png", "b.png", "-o", "out/", "--no-stamp", "--variants", "10", "--manifest", "m.jsonl",
       MIXING, "aug-mix --p 0.3 --width 2 --depth 2 --alpha 0.4 --fill 90 --interpolation bicubic")  # fmt: skip
    depths, filters = Counter(), Counter()
    for line in manifest():
        ok("chain", "-q", line["source"], "-o", "again.png", "--no-stamp", *map(as_words, line["steps"]))
        assert Path("again.png").read_bytes() == Path(line["output"]).read_bytes(), line
        first = line["steps"][0]
        branches = branches_of(first)
        assert first["filter"] == "mix" and len(branches) == len(first["weights"]) == 4 and branches[0] == [["none"]]
        assert sum(first["weights"]) == pytest.approx(1, abs=1e-11) and min(first["weights"]) >= 0
        depths.update(map(len, branches[1:]))
        filters.update(words[0] for branch in branches[1:] for words in branch)
        for second in line["steps"][1:]:
            assert [*map(len, branches_of(second))] in ([1, 2, 2], [1, 1, 2], [1, 2, 1], [1, 1, 1])
            assert "affine" not in second["branches"] or "--fill 90.0 --interpolation bicubic" in second["branches"]
    assert {*depths} == {1, 2, 3} and {*filters} >= {"rotate", "affine", "tone"}
    assert "conv" not in filters  # no sharpness, nor another corruption of ImageNet-C


def test_aug_mix_is_the_mean_of_its_chains(rgb):
    image = rgb / 255
    for number in range(20):
        augmenter = Augmenter(MIXING)
        (call,) = augmenter.chain(8, 8, name=f"{number}").steps
        mean = np.zeros(image.shape)
        for branch, weight in zip(branches_of(call.given), call.given["weights"], strict=True):
            mean += weight * (
                image if branch == [["none"]] else Chain(chained([shlex.join(words) for words in branch]))(image)
            )
        np.testing.assert_allclose(augmenter(image, name=f"{number}"), mean, atol=1e-11)


def test_the_weights_of_aug_mix_have_their_laws():
    for alpha in (1.0, 0.3, 4.0):
        augmenter = Augmenter(f"aug-mix --alpha {alpha}")
        calls = [augmenter.chain(8, 8, name=f"{number}.png").steps[0] for number in range(600)]
        weights = np.array([call.given["weights"] for call in calls])
        assert stats.kstest(weights[:, 0], stats.beta(alpha, alpha).cdf).pvalue > 1e-3
        # A part of Dirichlet's law is one of the beta law.
        for chain in (1, 2, 3):
            parts = weights[:, chain] / (1 - weights[:, 0])
            assert stats.kstest(parts, stats.beta(alpha, 2 * alpha).cdf).pvalue > 1e-3
        assert abs(np.corrcoef(weights[:, 0], weights[:, 1] / (1 - weights[:, 0]))[0, 1]) < 0.1
        depths = Counter(
            len(branch) for call in calls for branch in branches_of(call.given)[1:] if branch != [["none"]]
        )
        assert depths[1] + depths[2] + depths[3] == depths.total() and min(depths.values()) > depths.total() / 4


def test_the_severity_bounds_every_strength():
    def angles(severity):
        augmenter = Augmenter(f"aug-mix --severity {severity} --depth 3")
        calls = [augmenter.chain(8, 8, name=f"{number}.png").steps[0] for number in range(250)]
        return [float(words[2]) for call in calls for branch in branches_of(call.given) for words in branch
                if words[0] == "rotate"]  # fmt: skip

    for severity in (1, 3, 10):
        found = np.array(angles(severity))
        assert 0.3 <= np.abs(found).min() < 0.9 and 3 * severity * 0.95 < np.abs(found).max() <= 3 * severity
        assert abs((found > 0).mean() - 0.5) < 0.1
        assert stats.kstest(np.abs(found), stats.uniform(0.3, 3 * severity - 0.3).cdf).pvalue > 1e-3


@pytest.mark.each("words", ("trivial-augment", "rand-augment --n 3", MIXING))
def test_pictures_of_all_kinds_keep_theirs(rgb, words):
    augmenter, rgb = Augmenter(words), rgb.clip(0, 254)  # white alone is no multiple of a step of floats
    kinds = {
        "gray": rgb[..., 0],
        "RGB": rgb,
        "RGBA": np.dstack([rgb, rgb[..., 1]]),
        "16 bits": rgb.astype(np.uint16) * 257,
        "float": (rgb / 255).astype(np.float32),
        "double": rgb / 255,
        "1×1": rgb[:1, :1],
        "2×3": rgb[:2, :3],
        "row": rgb[:1],
    }
    for variant in range(1, 25):
        found = {kind: augmenter(image, name="a", variant=variant) for kind, image in kinds.items()}
        for kind, image in kinds.items():
            assert (found[kind].shape, found[kind].dtype) == (image.shape, image.dtype), kind
        assert np.isfinite(found["double"]).all()
        # Depths differ by their rounding, and by how finely values are counted and bits kept.
        double = found["double"].clip(0, 1)
        assert np.abs(double - found["RGB"] / 255).mean() < 0.02, variant
        assert np.abs(double - found["16 bits"] / 65535).mean() < 0.02, variant


def test_a_step_at_the_end_changes_no_draw(rgb):
    alone = Augmenter("trivial-augment", "rand-augment", seed=3).chain(8, 8, name="a").steps
    behind = Augmenter("trivial-augment", "rand-augment", "aug-mix", seed=3).chain(8, 8, name="a").steps
    assert behind[:-1] == alone and behind[-1].name == "mix"


def test_the_policies_and_their_tables_are_listed(run):
    listed = run("augment", "--policies")
    text = listed.out.decode()
    assert listed.code == 0 and all(f"\n{name}: " in text for name in policies.KINDS)
    for name in policies.KINDS:
        options = policies.spec_of(name).parameters
        assert all(f"--{option.replace('_', '-')} " in text for option in options)
    rows = {line.split()[0]: line for line in text.splitlines() if line and line.split()[0] in operations.WIDE}
    assert len(rows) == 14
    assert rows["rotate"].split() == ["rotate", "0", "±135°", "±30°", "±30°", "±30°"]
    assert rows["posterize"].split() == ["posterize", "8", "2", "4", "4", "4"]


def test_a_last_step_with_a_depth_of_its_own_keeps_the_image(ok, folder, rgb):
    Image.fromarray(rgb).save(folder / "a.png")
    ok("augment", "-q", "a.png", "-o", "out/", "--keep", "aug-mix --depth 2")
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "out/a-00.png")), rgb)


@pytest.mark.each("words", ("trivial-augment", "rand-augment --n 2", "aug-mix"))
def test_a_stack_has_the_variants_of_its_images(rgb, words):
    augmenter = Augmenter("flip --p 0.5", words, seed=2)
    images = np.stack([np.roll(rgb, number, axis=1) for number in range(12)])
    names = [f"{number}.png" for number in range(12)]
    found, drawn = augmenter.stack(images, names)
    for number, image in enumerate(images):
        np.testing.assert_array_equal(found[number], augmenter(image, name=names[number]))
    assert len(drawn) == 12
