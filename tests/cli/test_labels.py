"""Labels of data sets: parts of them, what formats hold of them, and IDX files of labels beside the images."""

import numpy as np
import pytest
from imfilter.cli.images import idx
from imfilter.cli.images.labels import Labels, check_range, joined

from .test_idx import LABELS, packed, read, write

FINE, COARSE = np.array([19, 29, 0, 11, 1]), np.array([11, 15, 4, 14, 1])


@pytest.fixture
def digits():
    return np.random.default_rng(3).integers(0, 256, (7, 28, 28), np.uint8)


def test_parts_are_joined_to_the_whole():
    whole = Labels(FINE, COARSE, ("a", "b"))
    again = joined([whole.part(0, 1), whole.part(1, 4), whole.part(4, 5)])
    assert again is not None and again.classes == ("a", "b")
    np.testing.assert_array_equal(again.values, FINE)
    np.testing.assert_array_equal(again.coarse, COARSE)
    assert joined([]) is None and joined([None]) is None and joined([whole, None]) is None
    assert joined([Labels(FINE), whole]).coarse is None  # type: ignore[union-attr]


def test_a_label_out_of_range_is_named():
    check_range(COARSE, 20, "coarse label")
    with pytest.raises(ValueError, match=r"image 1 has the label 29; valid labels are 0 to 19"):
        check_range(FINE, 20)
    with pytest.raises(ValueError, match="image 0 has the label -1"):
        check_range(np.array([-1]), 10)


def test_what_idx_does_not_hold():
    assert idx.labels(None) == [] and idx.labels(Labels(FINE)) == []
    assert idx.labels(Labels(FINE, classes=("cat", "dog"))) == ["the names of its 2 classes were not written"]
    with pytest.raises(ValueError, match="not fine and coarse labels; use --to npz or --to cifar100"):
        idx.labels(Labels(FINE, COARSE))
    with pytest.raises(ValueError, match="32 bits"):
        idx.labels(Labels(np.array([1 << 40])))


@pytest.mark.parametrize(
    ("values", "code", "written"),
    [([0, 255], 0x0C, np.uint8), ([0, 256], 0x0B, np.int32), ([-1, 3], 0x09, np.int32)],
)
def test_labels_of_other_types_keep_their_values(run, folder, digits, values, code, written):
    dtype = idx.TYPES[code]
    write(folder, "t-images-idx3-ubyte", digits[:2])
    (folder / "t-labels-idx1-ubyte").write_bytes(packed(np.array(values, dtype), code))
    assert run("blur", "t-images-idx3-ubyte", "-o", "o-images-idx3-ubyte.gz").code == 0
    found = read(folder / "o-labels-idx1-ubyte.gz")
    assert found.tolist() == values and found.dtype == np.dtype(written).newbyteorder(">")


def test_labels_that_are_no_whole_numbers_are_refused(refused, folder, digits):
    write(folder, "t-images-idx3-ubyte", digits[:2])
    (folder / "t-labels-idx1-ubyte").write_bytes(packed(np.array([0.5, 1], np.float32), 0x0D))
    assert "not whole numbers" in refused(1, "blur", "t-images-idx3-ubyte", "-o", "o-images-idx3-ubyte")


def test_one_image_of_a_set_keeps_its_label(run, folder, digits):
    write(folder, "t-images-idx3-ubyte", digits)
    write(folder, "t-labels-idx1-ubyte", LABELS)
    assert run("blur", "t-images-idx3-ubyte", "-o", "o-images-idx3-ubyte", "--frame", "4").code == 0
    assert read(folder / "o-labels-idx1-ubyte").tolist() == [9]


def test_one_image_alone_is_a_picture_without_labels(run, folder, digits):
    write(folder, "t-images-idx3-ubyte", digits)
    write(folder, "t-labels-idx1-ubyte", LABELS)
    result = run("blur", "t-images-idx3-ubyte", "-o", "o.png", "--frame", "4")
    assert result.code == 0 and not result.err


def test_a_format_without_labels_says_so(run, folder, digits):
    write(folder, "t-images-idx3-ubyte", digits)
    write(folder, "t-labels-idx1-ubyte", LABELS)
    result = run("blur", "t-images-idx3-ubyte", "-o", "o.tif")
    assert result.code == 0 and result.err.count("its labels were not written") == 1
    assert "-idx3-ubyte" in result.err
