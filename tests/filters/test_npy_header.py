"""The header of a ``.npy`` file: NumPy's headers are read, and invalid ones are errors."""

import io

import numpy as np
import pytest
from imfilter.filters.core import npy_header
from imfilter.filters.core.npy_header import MAGIC, read

TEXT = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}"


def npy(text, version=(1, 0)):
    return MAGIC + bytes(version) + len(text).to_bytes(2 if version == (1, 0) else 4, "little") + text.encode()


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize(
    "array",
    [np.zeros(()), np.zeros(5, ">i2"), np.zeros((2, 3), "f8"), np.zeros((1, 2, 3, 4), order="F"), np.zeros(2, "i4,f4")],
    ids=lambda array: str(array.shape),
)
def test_what_numpy_writes_is_read(array, version):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    header = read(file.getvalue())
    assert header.shape == array.shape
    assert np.lib.format.descr_to_dtype(header.described) == array.dtype
    assert len(file.getvalue()) - header.start == array.nbytes


def test_lengths_as_python_2_wrote_them():
    assert read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (20L, 3L), }")).shape == (20, 3)


def test_a_comment_in_a_header_is_none_of_it():
    assert read(npy(TEXT + "  # imfilter\n")).shape == (2, 3)


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_every_cut_is_seen(version):
    whole = npy(TEXT, version)
    for cut in range(len(whole)):
        with pytest.raises(ValueError, match=r"cut off|no valid signature"):
            read(whole[:cut])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a Python literal"),
        ("(" * 5000, "not a Python literal"),
        ("-" * 9000 + "1", "not a Python literal"),
        ("__import__('os')", "not a Python literal"),
        ("[1]", "has no shape"),
        ("{'shape': (1,)}", "has no shape"),
        (TEXT.replace("(2, 3)", "(-2, 3)"), "its shape is"),
        (TEXT.replace("(2, 3)", "(True, 3)"), "its shape is"),
        (TEXT.replace("(2, 3)", "[2, 3]"), "its shape is"),
        (TEXT.replace("(2, 3)", "'" + "a" * 9000 + "'"), "its shape is"),
        (TEXT + " " * npy_header.MAX_HEADER_BYTES, "is longer than 10000"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_header_is_refused(text, said):
    with pytest.raises(ValueError, match=said) as error:
        read(npy(text))
    assert len(str(error.value)) < 100


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match=r"its version 4\.0 is unknown"):
        read(npy(TEXT, (4, 0)))


def test_a_header_of_the_largest_length_is_not_waited_for():
    with pytest.raises(ValueError, match="longer than"):
        read(MAGIC + b"\2\0" + b"\xff" * 4 + TEXT.encode())
