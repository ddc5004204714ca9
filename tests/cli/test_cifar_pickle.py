"""CIFAR as Python's pickles: those of every protocol, that of Python 2 operation by operation, and hostile ones."""

import io
import pickle
import pickletools
import struct
import tracemalloc

import numpy as np
import pytest
from imfilter.cli.images.cifar_pickle import Machine
from imfilter.cli.images.picture import DecodeError

from .test_cifar import CLASSES, COARSE, FINE, HUNDRED, LABELS, SAME, TEN, images

ROWS = images().transpose(0, 3, 1, 2).reshape(-1, 3072)


def string(text):
    """A string of Python 2."""
    data = text if isinstance(text, bytes) else text.encode()
    return (b"U" + bytes([len(data)]) if len(data) < 256 else b"T" + struct.pack("<i", len(data))) + data


def array(rows, shape=None, module=b"numpy.core.multiarray", dtype="u1", fortran=b"\x89", data=None):
    """An array as NumPy wrote it in Python 2: who makes it and of what, then its state."""
    sizes = b"".join(b"M" + struct.pack("<H", size) for size in (rows.shape if shape is None else shape))
    made = b"c" + module + b"\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + string("b") + b"\x87R"
    of_type = b"cnumpy\ndtype\n" + string(dtype) + b"K\x00K\x01\x87R(K\x03" + string("|") + b"NNN"
    of_type += 2 * b"J\xff\xff\xff\xff" + b"K\x00tb"
    state = b"(K\x01" + sizes + b"\x86" + of_type + fortran + string(rows.tobytes() if data is None else data)
    return made + state + b"tb"


def listed(numbers):
    return b"](" + b"".join(b"K" + bytes([number]) for number in numbers) + b"e"


def batch(**items):
    """The dictionary of a batch, with memo entries behind its keys as Python 2 wrote them."""
    body = b"".join(string(key) + b"q" + bytes([n]) + value for n, (key, value) in enumerate(items.items()))
    return b"\x80\x02}q\x20(" + body + b"u."


PYTHON_2 = batch(batch_label=string("training batch 1 of 5"), labels=listed(LABELS), data=array(ROWS))
PYTHON_2_HUNDRED = batch(
    filenames=b"](" + string("a.png") * 5 + b"e",
    fine_labels=listed(FINE),
    data=array(ROWS),
    coarse_labels=listed(COARSE),
)


def pickled(protocol, rows=ROWS, **more):
    return pickle.dumps({b"batch_label": b"x", b"labels": LABELS, b"data": rows, b"filenames": [b"a"] * 5}, protocol)


def test_what_is_written_here_is_what_python_reads():
    found = pickle.loads(PYTHON_2, encoding="bytes")
    assert found[b"labels"] == LABELS
    np.testing.assert_array_equal(found[b"data"], ROWS)
    pickletools.dis(PYTHON_2_HUNDRED, io.StringIO())


@pytest.mark.parametrize("name", ["data_batch_1", "data_batch_1.pkl"])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PYTHON_2, TEN),
        (PYTHON_2_HUNDRED, HUNDRED),
        (PYTHON_2.replace(b"numpy.core", b"numpy._core"), TEN),
        *((pickled(protocol), TEN) for protocol in range(2, 6)),
        *((pickled(protocol, np.asfortranarray(ROWS)), TEN) for protocol in (2, 5)),
        (pickle.dumps({"data": ROWS, "fine_labels": FINE, "coarse_labels": COARSE}, 4), HUNDRED),
    ],
    ids=["python-2", "python-2-hundred", "new-name", "2", "3", "4", "5", "2-fortran", "5-fortran", "texts"],
)
def test_a_batch_becomes_the_binary_file(ok, folder, name, data, expected):
    (folder / name).write_bytes(data)
    ok(*SAME, name, "-o", "out.bin")
    assert (folder / "out.bin").read_bytes() == expected


def test_a_folder_of_batches_with_its_class_names(run, folder):
    (folder / "in").mkdir()
    (folder / "in" / "data_batch_1").write_bytes(PYTHON_2)
    names = b"](" + b"".join(string(name) for name in CLASSES) + b"e"
    (folder / "in" / "batches.meta").write_bytes(batch(num_cases_per_batch=b"K\x05", label_names=names))
    result = run(*SAME, "in", "-o", "out/", "--to", "cifar10")
    assert result.code == 0 and "copy batches.meta.txt" in result.err and "1 other file passed over" in result.err
    assert (folder / "out" / "data_batch_1.bin").read_bytes() == TEN


def test_it_is_not_written(refused, folder):
    (folder / "data_batch_1").write_bytes(PYTHON_2)
    (folder / "train").write_bytes(PYTHON_2_HUNDRED)
    assert "is read but not written; use --to cifar10" in refused(1, "blur", "data_batch_1", "-o", "out/")
    assert "is read but not written; use --to cifar100" in refused(1, "blur", "train", "-o", "out/")
    assert not (folder / "out").exists() or not list((folder / "out").iterdir())
    assert "which is not supported" in refused(1, "blur", meta(folder), "-o", "out.png")


def meta(folder):
    (folder / "meta").write_bytes(batch(fine_label_names=listed([1])))
    return "meta"


class Command:
    """What runs a command where it is unpickled."""

    def __reduce__(self):
        import os

        return os.system, ("touch harmed",)


HOSTILE = [
    (pickle.dumps({"data": Command()}, 2), r"calls posix.system\); nothing of it was run"),
    (pickle.dumps({"data": Command()}, 4), r"calls posix.system\); nothing of it was run"),
    (b"\x80\x02}c" + b"a" * 300, "has no end"),
    (b"\x80\x02}cos\nsystem\n.", "nothing of it was run"),
    (b"\x80\x04}K\x01K\x02\x93.", "calls something without a name"),
    (b"\x80\x02}(S'x'\n.", "operation 0x53"),
    (b"\x80\x02}ios\nsystem\n.", "operation 0x69"),
    (b"\x80\x02}P1\n.", "operation 0x50"),
    (b"\x80\x05}\x97.", "operation 0x97"),
    (b"\x80\x02}\x8b\xff\xff\xff\x7f.", "operation 0x8b"),
    # A memo of which the pickle module made a list of a thousand million.
    (b"\x80\x02}r\xff\xff\xff\x3f.", "without the 'data'"),
    (b"\x80\x02}B\xff\xff\xff\xff.", "ends early"),
    (b"\x80\x04}\x8e" + b"\xff" * 8 + b".", "ends early"),
    (b"\x80\x02}T\xff\xff\xff\xffabc", "ends early"),
    (b"\x80\x02}X\x02\0\0\0\xff\xfe.", "is not UTF-8"),
    (b"\x80\x02}", "ends early"),
    (b"\x80\x02}00.", "takes more than its stack holds"),
    (b"\x80\x02}u.", "takes more than its stack holds"),
    (b"\x80\x02}(U\x01au.", "has no value"),
    (b"\x80\x02}(00.", "takes more than its stack holds"),
    (b"\x80\x02}h\x05.", "has not stored"),
    (b"\x80\x02}K\x01K\x02R.", "what is not a function"),
    (b"\x80\x02}K\x01K\x02b.", "appends to something other"),
    (b"\x80\x02}K\x01a.", "appends to something other"),
    (b"\x80\x02}" + b"]" * 4000 + b".", "without the 'data'"),
    (b"\x80\x02}" + b"(" * 9000 + b".", "more operations"),
    (b"\x80\x02}" + b"\x85" * 3000 + b"}q\1h\1" + b"\x85" * 900 + b".", "without the 'data'"),
    (b"\x80\x02}(" + b")" + b"\x85" * 2000 + b"K\x01u.", "not a short text"),
    (b"\x80\x02}(" + string("a" * 300) + b"K\x01u.", "not a short text"),
    (b"\x80\x02}q\x01(U\x04datah\x01u.", "is not an array"),
    (batch(labels=listed(LABELS), data=array(ROWS, (5, 3073))), "its array is 5×3073"),
    (batch(labels=listed(LABELS), data=array(ROWS, (0, 3072))), "its array is 0×3072"),
    (batch(labels=listed(LABELS), data=array(ROWS, (6, 3072))), "does not have the size that its shape needs"),
    (batch(labels=listed(LABELS), data=array(ROWS, (65535, 3072), data=b"")), "does not have the size"),
    (batch(labels=listed(LABELS), data=array(ROWS, dtype="O8")), "are not uint8"),
    (batch(labels=listed(LABELS[1:]), data=array(ROWS)), "it holds 4 labels but 5 images"),
    (batch(labels=string("12345"), data=array(ROWS)), "without the 'labels'"),
    (batch(data=array(ROWS)), "without the 'labels'"),
    (batch(labels=b"](" + b"J\xff\xff\xff\xff" * 5 + b"e", data=array(ROWS)), "image 0 has a label"),
    (batch(labels=listed([0, 1, 2, 3, 10]), data=array(ROWS)), "image 4 has the label 10; valid labels are 0 to 9"),
    (batch(fine_labels=listed(FINE), data=array(ROWS)), "without the 'coarse_labels'"),
    (b"\x80\x02(K\x01t.", "is a Python pickle, which is not supported"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_file_is_refused_in_one_line(refused, folder, number):
    import re

    data, why = HOSTILE[number]
    (folder / "a").write_bytes(data)
    said = refused(1, "blur", "a", "-o", "out.png")
    assert re.search(why, said) or why in said, said
    assert not (folder / "out.png").exists() and not (folder / "harmed").exists()


def test_every_cut_and_every_changed_byte_is_refused_or_read():
    start = PYTHON_2.index(b"\x80\x02") + 160
    for at in range(start):
        with pytest.raises(DecodeError):
            Machine(PYTHON_2[:at]).result()
        for value in (0, 0x28, 0x65, 0x72, 0xFF, PYTHON_2[at] ^ 1):
            try:
                Machine(PYTHON_2[:at] + bytes([value]) + PYTHON_2[at + 1 :]).result()
            except DecodeError:
                continue


def test_operations_take_little_memory():
    each = [b"}", b"]", b"(", b"K\x01", b"h\x00", b"\x85", b"\x94", b"h\x00h\x00\x86"]
    tracemalloc.start()
    for piece in each:
        data = b"\x80\x04}q\x00" + piece * (3_000_000 // len(piece))
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        with pytest.raises(DecodeError):
            Machine(data).result()
        assert tracemalloc.get_traced_memory()[1] - before < 20_000_000, piece
    tracemalloc.stop()
