"""`imfilter dataset split`: exact shares of each class, stable, without leaks; whole or not at all."""

import io
import itertools
import os
import shutil
import struct
import tarfile
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.cli.dataset import partition
from imfilter.cli.dataset.partition import Sample, Samples, allot
from imfilter.cli.digest import digest
from PIL import Image

RNG = np.random.default_rng(7)
SHARES = [Fraction(8, 10), Fraction(1, 10), Fraction(1, 10)]
PARTS = "train=0.5,val=0.25,test=0.25"


def assign(samples, shares, seed):
    """Return the parts, by the columns."""
    return partition.assign(Samples(samples), shares, seed)


def slow_assign(samples, shares, seed):
    """The same, sample by sample."""
    ranks = [digest(b"%d\0%b" % (seed, os.fsencode(sample.name)), 16) for sample in samples]
    part = [-1] * len(samples)
    taken: dict[str, Counter[int]] = defaultdict(Counter)
    sizes = Counter(sample.label for sample in samples)
    by_class: dict[str, list[tuple[str, list[int]]]] = {label: [] for label in sizes}
    for members in slow_groups([sample.kin for sample in samples]):
        rank = ranks[min(members, key=lambda member: os.fsencode(samples[member].name))]
        labels = {samples[member].label for member in members}
        if len(labels) == 1:
            by_class[labels.pop()].append((rank, members))
            continue
        own = at_place(Fraction(int(rank, 16), 1 << 8 * 16), list(accumulate(shares)))
        for member in members:
            part[member] = own
            taken[samples[member].label][own] += 1
    for label, found in by_class.items():
        quotas = [quota - taken[label][at] for at, quota in enumerate(allot(sizes[label], shares))]
        left = allot(sizes[label] - taken[label].total(), [max(quota, 0) for quota in quotas])
        bounds = list(accumulate(left))
        place = 0
        for _, members in sorted(found):
            own = at_place(place + Fraction(len(members), 2), bounds)
            place += len(members)
            for member in members:
                part[member] = own
    return part


def at_place(place, bounds):
    return next((at for at, bound in enumerate(bounds) if place < bound), len(bounds) - 1)


def slow_groups(kin):
    groups = [{number} for number in range(len(kin))]
    for one, other in itertools.combinations(range(len(kin)), 2):
        if {*kin[one]} & {*kin[other]}:
            whole = groups[one] | groups[other]
            for number in whole:
                groups[number] = whole
    return [[*group] for group in sorted(map(sorted, {frozenset(group) for group in groups}))]


def named(count, label="x"):
    return [Sample(f"{label}/{number}.png", label) for number in range(count)]


@given(st.integers(0, 500), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_counts_are_exact_to_less_than_one(count, weights):
    found = allot(count, weights)
    assert sum(found) == count
    assert all(
        abs(share - Fraction(count * weight, sum(weights))) < 1 for share, weight in zip(found, weights, strict=True)
    )


@given(st.dictionaries(st.sampled_from("abc"), st.integers(1, 60), min_size=1), st.integers(0, 9))
def test_every_class_has_the_counts_of_the_largest_remainders(sizes, seed):
    samples = [sample for label, size in sizes.items() for sample in named(size, label)]
    found = Counter(zip((sample.label for sample in samples), assign(samples, SHARES, seed), strict=True))
    for label, size in sizes.items():
        assert [found[label, part] for part in range(3)] == allot(size, SHARES)


def test_the_order_does_not_matter_and_the_seed_does():
    samples = named(200)
    found = dict(zip(samples, assign(samples, SHARES, 3), strict=True))
    assert found == dict(zip(samples[::-1], assign(samples[::-1], SHARES, 3), strict=True))
    assert found != dict(zip(samples, assign(samples, SHARES, 4), strict=True))


@pytest.mark.each("size", [9, 100, 995, 1000])
def test_files_that_are_added_move_few_others(size):
    before, after = (assign(named(count), SHARES, 1) for count in (size, size + 1))
    assert sum(one != other for one, other in zip(before, after[:-1], strict=True)) <= 4
    after = assign(named(size + size // 10), SHARES, 1)
    # A tenth more shifts each of the two cuts by a few places in the ranking, and what lies between stays.
    assert sum(one != other for one, other in zip(before, after, strict=False)) <= 4 + size // 10


@given(st.lists(st.tuples(st.sampled_from("xy"), st.integers(0, 12)), min_size=1, max_size=60))
def test_kindred_files_stay_together_and_counts_near(found):
    samples = [Sample(f"{label}/{at}", label, (kin,)) for at, (label, kin) in enumerate(found)]
    parts = assign(samples, SHARES, 0)
    of_kin = {}
    for sample, part in zip(samples, parts, strict=True):
        assert of_kin.setdefault(sample.kin, part) == part


def test_a_group_moves_a_count_by_half_its_size_at_most():
    samples = [Sample(f"x/{number}", "x", (number // 6,)) for number in range(600)]
    counts = Counter(assign(samples, SHARES, 5))
    assert all(abs(counts[part] - 600 * share) <= 6 for part, share in enumerate(SHARES))


def test_large_groups_are_not_drawn_to_the_first_part():
    samples = [Sample(f"{'xy'[at % 2]}/{at:05}", "xy"[at % 2], (at // 20,)) for at in range(4000)]
    counts = Counter(assign(samples, [Fraction(1, 2)] * 2, 0))
    assert abs(counts[0] - 2000) < 500  # of 200 groups, by five deviations


def test_groups_are_those_of_a_slow_closure():
    kin = [tuple(RNG.integers(0, 40, RNG.integers(0, 3)).tolist()) for _ in range(40)]
    found = Samples(Sample(str(at), "x", shared) for at, shared in enumerate(kin)).groups()
    assert found == [group for group in slow_groups(kin) if len(group) > 1]


SHARED = st.lists(st.integers(0, 30), max_size=2).map(tuple)


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), SHARED), max_size=60),
    st.sampled_from([SHARES, [Fraction(1)], [Fraction(1, 3)] * 3]),
    st.integers(0, 9),
)
def test_parts_are_those_of_a_slow_reference(found, shares, seed):
    samples = [Sample(f"{label}/{at}", label, kin) for at, (label, kin) in enumerate(found)]
    assert assign(samples, shares, seed) == slow_assign(samples, shares, seed)


# ---- files ------------------------------------------------------------------------------------------


@pytest.fixture
def pets(folder):
    for kind, number in itertools.product(("cat", "dog"), range(8)):
        path = folder / "pets" / kind / f"p{number // 2}-{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RNG.integers(0, 256, (6, 8, 3), np.uint8)).save(path)
    return folder / "pets"


def tree(path):
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_files_are_copied_once_each_unchanged(ok, folder, pets):
    table = ok("dataset", "split", "pets", "-o", "out", "--parts", PARTS).decode().splitlines()
    found = tree(folder / "out")
    assert {name.split("/", 1)[1]: data for name, data in found.items()} == tree(pets)
    assert len(found) == 16
    assert Counter(tuple(name.split("/")[:2]) for name in found) == {
        (part, kind): count for part, count in (("train", 4), ("val", 2), ("test", 2)) for kind in ("cat", "dog")
    }
    assert [line.split() for line in table] == [
        ["class", "train", "val", "test"],
        ["cat", "4", "2", "2"],
        ["dog", "4", "2", "2"],
        ["all", "images", "8", "4", "4"],
    ]
    ok("dataset", "split", "pets", "-o", "again", "--parts", PARTS)
    assert tree(folder / "again") == found
    ok("dataset", "split", "pets", "-o", "other", "--parts", PARTS, "--seed", "1")
    assert tree(folder / "other") != found
    assert "lies" not in ok("dataset", "check", "out").decode()


def test_links_are_the_files_themselves(ok, folder, pets):
    ok("dataset", "split", "pets", "-o", "out", "--parts", PARTS, "--link")
    for name in tree(folder / "out"):
        assert (folder / "out" / name).samefile(pets / name.split("/", 1)[1])


def test_equal_and_kindred_files_stay_together(ok, folder, pets):
    (pets / "dog" / "p9-9.png").write_bytes((pets / "cat" / "p0-0.png").read_bytes())
    for seed in range(6):
        ok("dataset", "split", "pets", "-o", f"out{seed}", "--parts", PARTS, "--group", r"(\w+/p\d)-", "--seed", seed)
        parts = {}
        for name in tree(folder / f"out{seed}"):
            part, kind, file = name.split("/")
            assert parts.setdefault(f"{kind}/{file[:2]}", part) == part
        assert parts["dog/p9"] == parts["cat/p0"]


def test_what_would_go_wrong_is_refused_before_anything_is_written(refused, folder, pets):
    before = tree(folder)
    split = ("dataset", "split", "pets", "-o", "out", "--parts")
    assert "add up to 0.9" in refused(2, *split, "train=0.8,test=0.1")
    assert "names a part twice" in refused(2, *split, "a=0.5,A=0.5")
    assert "does not name a part" in refused(2, *split, "../a=0.5,b=0.5")
    assert "has no share" in refused(2, *split, "a,b=0.5")
    assert "greater than 0" in refused(2, *split, "a=0,b=1")
    assert "not a regular expression" in refused(2, *split, PARTS, "--group", "(")
    assert "requires" in refused(2, "dataset", "split", "pets", "-o", "out", "--parts")
    assert "nosuch: no such file or folder" in refused(2, "dataset", "split", "nosuch", "-o", "out", "--parts", PARTS)
    assert "lies in the data set" in refused(2, "dataset", "split", "pets", "-o", "pets/out", "--parts", PARTS)
    assert ("a data set cannot go to standard output") in refused(
        2, "dataset", "split", "pets", "-o", "-", "--parts", PARTS
    )
    copy = folder / "more" / "cat" / "p0-0.png"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((pets / "cat" / "p0-1.png").read_bytes())
    assert "would be the same file as" in refused(2, "dataset", "split", "pets", "more", "-o", "out", "--parts", PARTS)
    copy.unlink()
    assert tree(folder) == before
    assert not (folder / "out").exists()


def test_nothing_is_overwritten(refused, folder, pets):
    (folder / "out" / "val").mkdir(parents=True)
    (folder / "out" / "val" / "mine.txt").write_text("mine")
    line = refused(2, "dataset", "split", "pets", "-o", "out", "--parts", PARTS)
    assert "out/val: exists and is not empty" in line
    assert tree(folder / "out") == {"val/mine.txt": b"mine"}


def test_single_images_are_refused(refused, folder, pets):
    assert "is one image; split takes" in refused(
        2, "dataset", "split", "pets/cat/p0-0.png", "-o", "o", "--parts", PARTS
    )


# ---- containers -------------------------------------------------------------------------------------

COUNT = 40
LABELS = np.arange(COUNT) % 4


def idx(array):
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()
    )


def of_idx(path):
    data = path.read_bytes()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(struct.unpack_from(f">{data[3]}I", data, 4))


def idx_part(folder):
    return of_idx(folder / "t-images-idx3-ubyte"), of_idx(folder / "t-labels-idx1-ubyte")


def npz_part(folder):
    with np.load(folder / "t.npz") as arrays:
        return arrays["images"], arrays["labels"]


def npy_part(folder):
    return np.load(folder / "t.npy"), None


def tar_part(folder):
    images, labels = [], []
    with tarfile.open(folder / "t.tar") as archive:
        for info in archive:
            data = archive.extractfile(info).read()
            if info.name.endswith(".png"):
                with Image.open(io.BytesIO(data)) as image:
                    images.append(np.asarray(image))
            elif info.name.endswith(".cls"):
                labels.append(int(data))
            else:
                assert (info.name.rpartition(".")[2], data) == ("txt", str(labels[-1]).encode())
    return np.array(images), np.array(labels)


def write_tar(path, images):
    with tarfile.open(path, "w") as archive:
        for number, image in enumerate(images):
            file = io.BytesIO()
            Image.fromarray(image).save(file, "PNG")
            label = str(LABELS[number]).encode()
            for field, data in (("png", file.getvalue()), ("cls", label), ("txt", label)):
                info = tarfile.TarInfo(f"a.b/{number:03}.{field}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


@pytest.fixture
def images(folder):
    images = RNG.integers(0, 256, (COUNT, 6, 5), np.uint8)
    images[6] = images[9]  # of two classes
    images[11] = images[3]
    (folder / "t-images-idx3-ubyte").write_bytes(idx(images))
    (folder / "t-labels-idx1-ubyte").write_bytes(idx(LABELS))
    np.savez(folder / "t.npz", images=images, labels=LABELS)
    np.save(folder / "t.npy", images[..., None])
    write_tar(folder / "t.tar", images)
    return images


CONTAINERS = {"t-images-idx3-ubyte": idx_part, "t.npz": npz_part, "t.npy": npy_part, "t.tar": tar_part}


@pytest.mark.each("name", [*CONTAINERS])
def test_containers_are_divided_with_their_labels(ok, folder, images, name):
    out = folder / f"out {name}"
    ok("dataset", "split", name, "-o", out, "--parts", PARTS)
    whole = {}
    for number, image in enumerate(images):
        whole.setdefault(image.tobytes(), []).append(LABELS[number])
    counts = Counter()
    for part in ("train", "val", "test"):
        samples, labels = CONTAINERS[name](out / part)
        for number, sample in enumerate(samples):
            counts[part] += 1
            found = whole[sample.tobytes()]  # equal ones are in one part, so each part takes away all or none of them
            if labels is not None:
                found.remove(labels[number])
            else:
                found.pop()
        for one, other in ((6, 9), (3, 11)):
            assert sorted(whole[images[one].tobytes()]) in ([], sorted([LABELS[one], LABELS[other]]))
    assert not any(whole.values())
    assert abs(counts["train"] - 20) <= 3 and abs(counts["val"] - 10) <= 3
    files = tree(out)
    ok("dataset", "split", name, "-o", "again", "--parts", PARTS)
    assert tree(folder / "again") == files
    shutil.rmtree(folder / "again")


def test_files_of_cifar_keep_their_names_and_those_of_the_classes(ok, folder):
    (folder / "cifar").mkdir()
    names = "".join(f"class{number}\n" for number in range(10))
    (folder / "cifar" / "batches.meta.txt").write_text(names)
    records = RNG.integers(0, 256, (40, 3073), np.uint8)
    records[:, 0] = np.arange(40) % 10
    for batch in (0, 1):
        (folder / "cifar" / f"data_batch_{batch + 1}.bin").write_bytes(records[20 * batch : 20 * batch + 20].tobytes())
    ok("dataset", "split", "cifar", "-o", "out", "--parts", "train=0.75,test=0.25")
    found = tree(folder / "out")
    files = ("batches.meta.txt", "data_batch_1.bin", "data_batch_2.bin")
    assert sorted(found) == [f"{part}/{file}" for part in ("test", "train") for file in files]
    assert found["train/batches.meta.txt"] == found["test/batches.meta.txt"] == names.encode()
    for batch in (1, 2):
        parts = [found[f"{part}/data_batch_{batch}.bin"] for part in ("train", "test")]
        own = [part[at : at + 3073] for part in parts for at in range(0, len(part), 3073)]
        assert sorted(own) == sorted(record.tobytes() for record in records[20 * batch - 20 : 20 * batch])
    train = b"".join(found[f"train/data_batch_{batch}.bin"] for batch in (1, 2))
    assert Counter(train[::3073]) == dict.fromkeys(range(10), 3)


def test_kindred_samples_of_a_shard_stay_together(ok, folder, images):
    ok("dataset", "split", "t.tar", "-o", "out", "--parts", "a=0.5,b=0.5", "--group", r"(\d)$")
    last = {}
    for part in ("a", "b"):
        with tarfile.open(folder / "out" / part / "t.tar") as archive:
            for name in archive.getnames():
                assert last.setdefault(name.partition("/")[2][2], part) == part
    assert {*last.values()} == {"a", "b"}


def test_what_cannot_be_split_is_refused(refused, folder, images):
    before = tree(folder)
    split = ("dataset", "split", "-o", "out", "--parts", PARTS)
    assert "is a container, and its samples must be copied" in refused(2, *split, "t.npz", "--link")
    assert "have no names" in refused(2, *split, "t.npz", "--group", "x")
    assert "would be the same file as t.npz" in refused(2, *split, "t.npz", "t.npz")
    (folder / "t-images-idx3-ubyte").write_bytes(idx(images)[:-1])
    before["t-images-idx3-ubyte"] = idx(images)[:-1]
    assert "is damaged or truncated" in refused(1, *split, "t.npz", "t-images-idx3-ubyte")
    assert tree(folder) == before


def test_labels_are_listed_as_numbers(ok, folder):
    images = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4)
    np.savez(folder / "d.npz", x=images, y=np.array([10, 2, 9, 10, 2, 9]))
    lines = ok("dataset", "split", "d.npz", "-o", "o", "--parts", "a=0.5,b=0.5").decode().splitlines()
    assert [line.split()[0] for line in lines] == ["class", "2", "9", "10", "all"]
