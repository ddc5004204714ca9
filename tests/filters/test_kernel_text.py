"""Kernels as people write them."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.core.linear import kernel_source
from imfilter.filters.core.linear.kernels import Kernel

MATRIX = [[0, -1, 0.5], [-1, 5, 2]]


@pytest.fixture
def read(tmp_path):
    """``read(content)``: what a file of these bytes, text or array is read as."""

    def from_file(content, name="kernel.txt", **options):
        path = tmp_path / name
        if isinstance(content, np.ndarray):
            with path.open("wb") as file:
                np.save(file, content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return kernel_source.read(str(path), **options)

    return from_file


@pytest.mark.each(
    "text",
    [
        "0 -1 0.5\n-1 5 2\n",
        "0 -1 0.5\r\n-1 5 2\r\n",
        "\n\n 0\t-1\t0.5 \n\n-1\t5\t2",
        "0,-1,0.5\n-1,5,2",
        "0, -1, 0.5,\n-1, 5, 2,\n",
        "0 -1 0.5; -1 5 2",
        "0,-1,0.5;-1,5,2;",
        "0 -1 0.5;\n-1 5 2;",
        "[0 -1 0.5; -1 5 2]",
        "[0, -1, 0.5; -1, 5, 2]",
        "(0,-1,0.5;-1,5,2)",
        "[[0, -1, 0.5], [-1, 5, 2]]",
        "[[ 0.  -1.   0.5]\n [-1.   5.   2. ]]",
        json.dumps(MATRIX, indent=2),
        "0;-1;0,5\n-1;5;2\n",
        "0\t-1\t0,5\n-1\t5\t2\n",
        "# kernel\n0 -1 1/2 // half\n% next\n-1 5 2 # end",
        "0 -1e0 5e-1\n-1 +5 4/2",
    ],
)
@pytest.mark.each("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_plain_text_is_read_however_it_is_laid_out(read, text, encoding):
    source = read(text.encode(encoding))
    assert source.family == "plain"
    assert source.kernel.weights.tolist() == MATRIX


@pytest.mark.parametrize("text", ["0,-1,0;-1,5,-1;0,-1,0", "0 -1 0; -1 5 -1; 0 -1 0", "0 -1 0\n-1 5 -1\n0 -1 0"])
def test_a_literal_is_read(text):
    assert kernel_source.read(text).kernel.weights.tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]


def test_fractions_may_stand_in_a_literal():
    assert kernel_source.read("1/4 1/2 1/4").kernel.weights.tolist() == [[0.25, 0.5, 0.25]]


def test_a_comment_in_an_older_encoding_does_no_harm(read):
    assert read("# Größe\n1 2".encode("latin-1")).kernel.weights.tolist() == [[1, 2]]


def test_commas_between_decimal_and_separator_are_refused():
    with pytest.raises(ValueError, match="'0,5;0,5' is ambiguous; write decimal points, or blanks"):
        kernel_source.read("0,5;0,5")


def test_semicolons_with_blanks_separate_rows():
    assert kernel_source.read("1,2; 3,4").kernel.weights.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "weights", "offset"),
    [
        ("3 1\n1 2 3", [[1, 2, 3]], 0),
        ("1 3\n1 2 3", [[1], [2], [3]], 0),
        ("2 2 4\n1 2\n3 4", [[0.25, 0.5], [0.75, 1]], 0),
        ("2 2 4 7\n1 2\n3 4", [[0.25, 0.5], [0.75, 1]], 7),
        ("# mine\n2 2 4 7 # header\n1 2 # first\n3 4", [[0.25, 0.5], [0.75, 1]], 7),
        ("3 3\n1 2 3 4 5 6 7 8 9", [[1, 2, 3], [4, 5, 6], [7, 8, 9]], 0),
    ],
)
def test_a_libvips_matrix_has_its_width_first(read, text, weights, offset):
    source = read(text)
    assert source.family == "libvips"
    assert source.kernel.weights.tolist() == weights
    assert source.reading.offset == offset


def test_the_number_of_values_tells_a_header_from_a_row(read):
    assert read("3 3\n1 2\n4 5").family == "plain"
    assert read("3 3 1\n1 2 3\n4 5 6").family == "plain"


def test_a_libvips_scale_of_0_is_refused(read):
    with pytest.raises(ValueError, match="line 1: cannot apply the scale 0 and the offset 0"):
        read("2 1 0\n1 2")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64"])
def test_an_npy_file_is_read(read, dtype):
    source = read(np.array([[1, 0], [0, 1], [1, 1]], dtype))
    assert source.family == ".npy"
    assert source.kernel.weights.tolist() == [[1, 0], [0, 1], [1, 1]]


REFUSED = [
    ("", "holds no numbers"),
    (" \n\n", "holds no numbers"),
    ("# 1 2 3", "holds no numbers"),
    ("[]", "holds no numbers"),
    ("3 3 1\n1 2 3\n4 5", r"row 3 \(line 3\): has 2 values, but row 1 has 3 \(as the header of a 3×3 kernel"),
    ("1 " + "7" * 10**5, r"'7{30}…' is not a number \(100000 characters\)"),
    ("[" * 10**5 + "1", "is JSON that is nested too deep"),
    ("[[[1, 2]]]", r"row 1: '\[…\]' is not a number"),
    ("1 2\n3", r"row 2 \(line 2\): has 1 value, but row 1 has 2"),
    ("# c\n\n1 2\n\n3 4 5", r"row 2 \(line 5\): has 3 values, but row 1 has 2"),
    ("[[1, 2], [3]]", "row 2: has 1 value, but row 1 has 2"),
    ("1 2 3\n3 x 1", r"row 2 \(line 2\): 'x' is not a number"),
    ('[[1, "a"]]', "row 1: 'a' is not a number"),
    ("1 inf", "'inf' is not a finite number"),
    ("1 nan", "'nan' is not a finite number"),
    ("1 1e300", "'1e300' is not a finite number of at most 1e.30"),
    ("1 1e999", "'1e999' is not a finite number"),
    ("1/0", "'1/0' is not a number"),
    ("1 1_000", "'1_000' is not a number"),
    ("CONVOLVE\n1 2 1", "'CONVOLVE' is not a number"),
    ("x" * 1000, "'x{30}…' is not a number"),
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is a PNG picture, not a kernel"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "is a JPEG picture, not a kernel"),
    (b"\x7fELF\x01\x02\x03", "is neither text nor a .npy file"),
    (b"\x93NUMPY\x01\x00v\x00", "is not a readable .npy file"),
    (np.array([[1j]]), "holds complex128"),
    (np.array([["a"]]), "a kernel must hold real numbers"),
    (np.array([[None]], object), "is not a readable .npy file"),
    (np.zeros((2, 2, 2)), r"has the shape \(2, 2, 2\)"),
    (np.array([[np.inf]]), "must be finite"),
    (np.zeros((0, 3)), r"has the shape \(0, 3\)"),
    (np.zeros((700, 700)), r"700×700 = 490000 taps; the limit is 65536 \(--max-taps raises it\)"),
    (np.zeros((1000, 1000)), r"is larger than 4 MiB, the limit for 65536 taps \(--max-taps raises it\)"),
    ("1 " * 100_000, "100000×1 = 100000 taps; the limit is 65536"),
]


@pytest.mark.each("content, message", REFUSED)
def test_what_is_no_kernel_is_refused_in_one_line_that_names_the_file(read, content, message):
    with pytest.raises(ValueError, match=message) as raised:
        read(content)
    assert "kernel.txt" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_npy_file_that_claims_more_than_memory_is_refused(read):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000000), }"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with pytest.raises(ValueError, match=r"taps; the limit is 65536 \(--max-taps raises it\)"):
        read(data)


def test_the_limit_of_taps_can_be_raised(read):
    assert read(np.ones((1000, 1000)), max_taps=10**6).kernel.shape == (1000, 1000)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        kernel_source.read(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "hint"), [("gaussain3", "did you mean 'gaussian3'"), ("zzz.txt", "`imfilter kernels`")]
)
def test_a_name_that_is_none_is_refused_with_a_hint(name, hint):
    with pytest.raises(ValueError, match=hint):
        kernel_source.read(name)


def test_a_file_with_the_name_of_a_built_in_kernel_needs_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mean3").write_text("7")
    assert kernel_source.read("mean3").family == "built-in"
    assert kernel_source.read("./mean3").kernel.weights.tolist() == [[7]]


numbers = st.integers(-5, 5) | st.floats(-1e6, 1e6)


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=4), elements=numbers))
@example(np.array([[2, 2], [1, 2], [3, 4]]))  # would pass for a header and four values
@example(np.array([[3, 1, 0], [1, 2, 3]]))
def test_what_is_written_is_read_back(tmp_path_factory, matrix):
    path = tmp_path_factory.getbasetemp() / "written.txt"
    path.write_text(kernel_source.write(Kernel.of(matrix)))
    np.testing.assert_array_equal(kernel_source.read(str(path)).kernel.weights, matrix)


@settings(max_examples=3 * settings().max_examples)
@given(st.binary(max_size=60) | st.text("0123456789.,;:[]() \t\n/e-+#%ai", max_size=40).map(str.encode))
def test_whatever_a_file_holds_it_is_a_kernel_or_refused_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "anything.txt"
    for start in (b"", b"\x93NUMPY", b"\xff\xfe", b"["):
        path.write_bytes(start + content)
        try:
            taps = kernel_source.read(str(path)).kernel.weights
        except ValueError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error)
        else:
            assert taps.ndim == 2 and np.isfinite(taps).all()


def test_a_divisor_is_written_into_the_weights():
    assert kernel_source.write(Kernel.of([[1, 2, 1]], 4)) == "0.25 0.5 0.25\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_read_without_its_mark_too(read, encoding):
    assert read("1 2 0\n-3 4 5".encode(encoding)).kernel.weights.tolist() == [[1, 2, 0], [-3, 4, 5]]
