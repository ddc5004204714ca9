"""Tables beside a picture: the lines of `hough` as CSV and JSON, in files and folders."""

import csv
import io
import json

import numpy as np
from imfilter.filters.core.gradient.hough import COLUMNS
from imfilter.filters.hough import hough


def picture():
    """Two crossing lines."""
    found = np.zeros((60, 80), np.uint8)
    found[:, 20] = found[35] = 255
    return found


def test_the_table_in_files(tmp_path, run):
    named = tmp_path / "in.npy"
    np.save(named, picture())
    expected = hough(picture(), edges="nonzero", count=3).lines
    command = "hough", named, "--edges", "nonzero", "--count", "3"
    for suffix in ("csv", "json"):
        assert run(*command, "--lines", tmp_path / f"lines.{suffix}").code == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "lines.csv").read_text())))
    assert tuple(rows[0]) == COLUMNS
    np.testing.assert_array_equal(np.array(rows[1:], float), expected)
    whole = json.loads((tmp_path / "lines.json").read_text())
    assert [tuple(row) for row in whole["lines"]] == [COLUMNS] * len(expected)
    np.testing.assert_array_equal([[*row.values()] for row in whole["lines"]], expected)


def test_tables_in_a_folder_and_wrong_names(tmp_path, run):
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", picture())
    pictures = tmp_path / "a.npy", tmp_path / "b.npy"
    assert run("hough", *pictures, "--lines", f"{tmp_path}/out/").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.csv", "b.csv"]
    named = "hough", *pictures, "--lines", f"{tmp_path}/json/", "--name", "{stem}.{output}.json", "--update"
    assert run(*named).code == 0
    assert sorted(path.name for path in (tmp_path / "json").iterdir()) == ["a.lines.json", "b.lines.json"]
    assert "2 skipped" in run(*named).err
    assert run("hough", *pictures, "--lines", f"{tmp_path}/out/", "--depth", "8").code == 0  # of the picture
    wrong = run("hough", pictures[0], "--lines", tmp_path / "lines.png")
    assert wrong.code == 2 and "a table must be .csv or .json" in wrong.err
    assert not (tmp_path / "lines.png").exists()
    both = run("hough", *pictures, "--lines", tmp_path / "one.csv")
    assert both.code == 2 and "several images need a folder" in both.err


def test_a_table_without_a_stamp_is_not_updated_by_one(tmp_path, run):
    np.save(tmp_path / "in.npy", picture())
    command = "hough", tmp_path / "in.npy", "--update"
    for output, instead in ((f"{tmp_path}/lines.csv", ".json"), (f"{tmp_path}/out/", "--name '{stem}.json'")):
        ended = run(*command, "--lines", output)
        assert ended.code == 2 and len(ended.lines) == 1
        assert ended.err.endswith(f"CSV cannot hold the stamp of --update; use {instead}, or --no-stamp\n")
        assert run(*command, "--lines", output, "--no-stamp").code == 0
        assert "in.npy: skipped" in run(*command, "--lines", output, "--no-stamp", "-v").err
    assert run(*command, "--lines", tmp_path / "lines.json").code == 0
    assert "in.npy: skipped" in run(*command, "--lines", tmp_path / "lines.json", "-v").err
