"""The example with scikit-learn's digits: the commands that it prints run, and augmentation helps."""

import importlib.util
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.peers
EXAMPLE = Path(__file__).parent.parent / "sample_images" / "digits.py"


def test_who_learns_from_variants_too_tells_more_digits_right(peer, capsys, tmp_path):
    peer("sklearn")
    spec = importlib.util.spec_from_file_location("digits", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.main(tmp_path)
    *commands, _, without, augmented = capsys.readouterr().out.splitlines()
    assert commands == [*example.COMMANDS]
    (few, before), (many, after) = (
        map(float, re.search(r"(\d+) images  accuracy ([\d.]+)%", line).groups()) for line in (without, augmented)
    )
    assert (few, many) == (90, 810)
    assert before + 2 < after
