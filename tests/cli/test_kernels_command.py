"""`imfilter kernels`: the list, and what one kernel is understood as."""

import re

import numpy as np
import pytest
from imfilter.filters.core.linear import kernel_source
from imfilter.filters.core.linear.filter_banks import BUILT_IN
from imfilter.filters.core.linear.kernels import named


def test_the_list_names_every_kernel(ok):
    single, banks = ok("kernels").decode().split("\n\n")
    assert [line.split()[0] for line in single.splitlines()[1:]] == list(named())
    assert [line.split()[0] for line in banks.splitlines()[1:]] == list(BUILT_IN)


def test_the_list_fits_80_columns(ok, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, ok("kernels").decode().splitlines())) <= 80


def test_the_list_shows_size_sum_rank_and_weights(ok):
    assert re.search(r"^sobel-x +3×3 +0 +1 +-1 0 1; -2 0 2; -1 0 1$", ok("kernels").decode(), re.MULTILINE)


@pytest.mark.each("name", named())
def test_what_is_printed_can_be_pasted(ok, name, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    listed = re.search(rf"^{name} +\S+ +\S+ +\S+  (.*)$", ok("kernels").decode(), re.MULTILINE)
    shown = re.search(r"^as a literal: (.*)$", ok("kernels", "show", name).decode(), re.MULTILINE)
    for found in (listed, shown):
        assert found is not None
        again = kernel_source.read(found[1]).kernel
        assert np.array_equal(again.weights, named()[name].weights) and again.anchor == named()[name].anchor


@pytest.mark.each("text", ["1 2 1; 2 4 2; 1 2 1 / 16", "[1 2 1; 2 4 2; 1 2 1]/16", "[[1,2,1],[2,4,2],[1,2,1]] /16"])
def test_a_divisor_may_follow_the_rows(text):
    source = kernel_source.read(text)
    assert source.kernel.sum == 1 and source.kernel.weights[1, 1] == 0.25
    assert "divided by 16" in source.described


@pytest.mark.each(
    "text, said",
    [("1 2; 3 4 / 0", "cannot divide by '0'"), ("1 2 / 1e99", "1e99"), ("1 2; 3 /", "'/' is not a number")],
)
def test_a_wrong_divisor_is_refused(refused, text, said):
    assert said in refused(2, "kernels", "show", text)


def test_a_comment_is_no_divisor(folder):
    (folder / "k.txt").write_text("1 2 1 # their sum is / 4\n")
    assert kernel_source.read("k.txt").kernel.weights.tolist() == [[1, 2, 1]]


def test_show_prints_the_matrix_and_what_it_is(ok):
    text = ok("kernels", "show", "sobel-x").decode()
    assert text.splitlines()[:4] == ["sobel-x (built-in)", "  -1  0  1", "  -2  0  2", "  -1  0  1"]
    for fact in ("size 3×3, anchor 1,1", "sum 0, sum of absolute values 8", "rank 1, separable"):
        assert fact in text


def test_show_says_what_is_not_separable(ok):
    assert "rank 2, not separable" in ok("kernels", "show", "laplacian4").decode()


def test_show_reads_a_literal(ok):
    assert "literal" in ok("kernels", "show", "1 2; 3 4").decode()


def test_show_reads_a_literal_that_begins_with_a_minus(ok):
    assert "sum -3" in ok("kernels", "show", "--", "-1 -2").decode()


def test_show_reads_a_file(ok, folder):
    (folder / "vips.mat").write_text("3 1 4 10\n1 2 1\n")
    text = ok("kernels", "show", "vips.mat").decode()
    assert text.startswith("vips.mat (libvips)\n  0.25  0.5 0.25\n")
    assert "added to the result: 10" in text


@pytest.mark.each("name", named())
@pytest.mark.each("suffix", ["txt", "npy", "NPY"])
def test_save_and_read_again(ok, name, suffix):
    ok("kernels", "show", name, "--save", f"kernel.{suffix}")
    again = kernel_source.read(f"kernel.{suffix}").kernel
    assert np.array_equal(again.weights, named()[name].weights)


@pytest.mark.parametrize("literal", ["3 1; 1 2; 3 4; 5 6", "1/3 1e-9", "0.1 0.2 0.30000000000000004"])
def test_saved_text_means_the_same_kernel(ok, literal):
    ok("kernels", "show", literal, "--save", "kernel.txt")
    assert np.array_equal(kernel_source.read("kernel.txt").kernel.weights, kernel_source.read(literal).kernel.weights)


def test_a_saved_kernel_filters_as_the_named_one(ok, png, load):
    ok("kernels", "show", "gaussian5", "--save", "g.npy")
    ok("conv", "a.png", "-o", "file.png", "--kernel", "g.npy")
    ok("conv", "a.png", "-o", "named.png", "--kernel", "gaussian5")
    assert np.array_equal(load("file.png"), load("named.png"))


def test_save_replaces_whole_files_only(refused, folder, run):
    ended = run("kernels", "show", "mean3", "--save", "missing/k.txt")
    assert ended.code == 1
    assert ended.lines == ["imfilter: missing/k.txt: cannot be written: no such file or directory"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch"], "nosuch"),
        (["show"], "KERNEL"),
        (["show", "sobelx"], "did you mean 'sobel-x'?"),
        (["show", "1 2; 3"], "row 2"),
        (["show", "1 nan"], "nan"),
        (["show", "/"], "folder"),
    ],
)
def test_errors(refused, words, said):
    assert said in refused(2, "kernels", *words)


SVG = '<feConvolveMatrix order="3,1" kernelMatrix="1 2 3" divisor="2" targetX="0" bias="{}"/>'


def test_show_says_how_a_file_was_understood(ok, folder):
    (folder / "k.svg").write_text(SVG.format(0.5))
    lines = ok("kernels", "show", "k.svg").decode().splitlines()
    assert lines[:3] == ["k.svg (SVG)", "  1.5   1 0.5", "size 3×1, anchor 0,0"]
    for line in (
        "rotated by 180°, as SVG specifies",
        "divided by its divisor, 2",
        "anchor 0,0 from the file",
        "added to the result: 0.5 of white",
    ):
        assert line in lines


def test_verbose_says_how_a_file_was_understood(run, folder, png):
    (folder / "k.txt").write_text("3x1+0+0: 1,-,3")
    said = run("conv", "a.png", "-o", "b.png", "--kernel", "k.txt", "-v").err
    assert "k.txt (ImageMagick; applied as written, like -morphology Correlate; " in said
    assert "anchor 0,0 from the file; 1 missing cell counts as 0): 3×1, anchor 0,0" in said
    said = run("conv", "a.png", "-o", "b.png", "--kernel", "k.txt", "-v", "--mode", "convolve").err
    assert "then rotated by 180° (--mode convolve): 3×1, anchor 2,0" in said


@pytest.mark.parametrize(
    "content",
    [
        "# Image Pro Plus Kernel\nSize 3 1\nOffset 2 0\nBoost 7\nData\n1 2 3",
        "3 1 2 9\n1 2 3",
        SVG.format(0),
        "1x3: 1 2 3",
    ],
)
@pytest.mark.parametrize("suffix", ["txt", "npy"])
def test_a_converted_file_filters_as_the_file_itself(ok, run, folder, png, load, content, suffix):
    (folder / "k").write_text(content)
    ended = run("kernels", "show", "k", "--save", f"saved.{suffix}")
    if "added" in ended.err:  # an array has no place for it
        assert (ended.code, ended.out, suffix) == (2, b"", "npy")
        return
    ok("conv", "a.png", "-o", "file.png", "--kernel", "k")
    ok("conv", "a.png", "-o", "saved.png", "--kernel", f"saved.{suffix}")
    assert np.array_equal(load("file.png"), load("saved.png"))


def test_what_no_text_can_hold_is_not_saved(refused, folder):
    (folder / "k.svg").write_text(SVG.format(0.5))
    assert "would lose an offset, added to the result: 0.5 of white" in refused(
        2, "kernels", "show", "k.svg", "--save", "k.txt"
    )
    assert not (folder / "k.txt").exists()


def test_the_limit_of_taps_is_an_option(ok, refused, folder):
    (folder / "k.txt").write_text("3x3: 1 2 3 4 5 6 7 8 9")
    assert "--max-taps raises it" in refused(2, "kernels", "show", "k.txt", "--max-taps", "8")
    ok("kernels", "show", "k.txt", "--max-taps", "9")


@pytest.mark.parametrize("literal", ["3x1+0+0: 1,-,3", ":".join(["0 0 0 1 2 1 0 0 0"] * 4)])
def test_a_kernel_pasted_from_a_command_of_another_tool_is_read(ok, literal):
    assert ok("kernels", "show", literal).decode().startswith("literal (")


def test_a_kernel_file_that_cannot_be_honoured_is_a_wrong_call(refused, folder, png):
    (folder / "k.txt").write_text("MATRIX 1\n1\nTYPE S\n")
    said = refused(2, "conv", "a.png", "-o", "b.png", "--kernel", "k.txt")
    assert said.startswith("imfilter: --kernel: k.txt, line 3: TYPE S is recursive")


def test_a_literal_may_begin_with_a_minus(ok, folder, refused):
    assert "as a literal: -2 -1 0; -1 0 1; 0 1 2" in ok("kernels", "show", "-2 -1 0; -1 0 1; 0 1 2").decode()
    ok("kernels", "plot", "-o", "plot.png", "-1 1")
    assert (folder / "plot.png").exists()
    assert "--sav" in refused(2, "kernels", "show", "--sav", "x")
