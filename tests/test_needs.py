"""A tool that is absent, another of the same name, or broken is said to be lacking; none makes a test fail."""

import pytest


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """``on_path(name, script)`` puts a program on a path that has nothing else but the shell."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def on_path(name, script):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    return on_path


def test_a_tool_that_says_who_it_is_is_there(lacks, on_path):
    on_path("convert", "echo 'Version: ImageMagick 6.9.11-60 Q16 x86_64'")
    assert lacks("ImageMagick") == ""


@pytest.mark.parametrize(
    "script",
    [
        "echo '%PDF rubbish'; exit 1",
        "echo 'convert: ImageMagick is not installed here' >&2",
        "echo 'Version: ImageMagick 6.9.11-60'; exit 1",
        "printf '\\377\\376'; cat",
        "kill -9 $$",
    ],
)
def test_another_tool_of_the_name_is_none(lacks, on_path, script):
    on_path("convert", script)
    assert lacks("ImageMagick") == "needs ImageMagick: the convert on the PATH is another"


def test_a_tool_that_is_absent_or_cannot_be_run_is_named(lacks, on_path, tmp_path):
    assert lacks("ImageMagick") == "needs ImageMagick: no convert is on the PATH"
    (tmp_path / "convert").write_bytes(b"\x7fELF rubbish")
    (tmp_path / "convert").chmod(0o755)
    assert lacks("ImageMagick").startswith("needs ImageMagick: convert cannot be asked: ")


def test_devices_and_limits_are_asked_for(lacks, tmp_path, on_path):
    assert lacks("/dev/nosuch") == "needs /dev/nosuch"
    assert lacks("ulimit -f 1") == "needs bash: no bash is on the PATH"


def test_what_nobody_knows_is_an_error(lacks):
    with pytest.raises(KeyError):
        lacks("ImageMagic")
