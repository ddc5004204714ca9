"""The early guess of what will be read: a plain file that can only be an input."""

import pytest
import typer
from imfilter.cli import app
from imfilter.cli.images import prefetch
from imfilter.filters.core import catalog

COMMANDS = [*catalog.names(), "chain", "run", "augment"]


@pytest.fixture
def guessed(monkeypatch, folder):
    """The name that is begun for the words of a call; every file is large enough."""
    monkeypatch.setattr(prefetch, "WORTH_A_THREAD", 1)
    for name in ("in.png", "out.png", "blur", "show", "chain"):
        (folder / name).write_bytes(b"picture")

    def guessed(*words):
        begun = []
        with monkeypatch.context() as patch:
            patch.setattr(prefetch.Path, "open", lambda path, *_, **__: begun.append(str(path)))
            patch.setattr(prefetch, "_guessing", None)
            patch.setattr(
                prefetch, "_reader", lambda *_, **__: type("", (), {"begin": lambda self, name: begun.append(name)})()
            )
            prefetch.guess(words)
        assert len(begun) <= 1
        return begun[0] if begun else None

    return guessed


def options(name):
    command = typer.main.get_command(app.app).get_command(None, name)
    return [option for option in command.params if isinstance(option, typer.core.TyperOption)]


@pytest.mark.each("command", COMMANDS)
def test_no_value_of_an_option_is_ever_opened(guessed, command):
    for option in options(command):
        assert option.nargs == 1  # a second value would not follow a word that begins with -
        for word in option.opts:
            joined = f"{word}=out.png" if word.startswith("--") else f"{word}out.png"
            for words in ([word, "out.png"], [joined], ["-v", word, "out.png"], ["-qv" + word.lstrip("-"), "out.png"]):
                assert guessed(command, *words) is None
                assert guessed(command, "-", *words) is None
                assert guessed(command, *words, "--", "in.png") is None
                assert guessed(command, "in.png", *words) == "in.png"
            assert guessed(command, word, "out.png", "in.png") == "in.png"


@pytest.mark.each("command", COMMANDS)
def test_the_input_is_begun(guessed, command):
    assert guessed(command, "in.png", "-o", "out.png") == "in.png"
    assert guessed(command, "-o", "out.png", "in.png") == "in.png"
    assert guessed(command, "gone.png", "in.png", "-o", "out.png") == "in.png"


@pytest.mark.each(
    "words",
    [
        (),
        ("blur",),
        ("--version",),
        ("--", "blur", "-o", "out.png"),
        ("blur", "-o", "out.png"),
        ("blur", "-", "-o", "out.png"),
        ("blur", "gone.png", "-o", "out.png"),
        ("chain", "--files-from", "list", "blur", "-o", "blur"),
        ("chain", "blur", "--save", "blur"),
        ("chain", "", "blur", "--save", "blur"),
        ("kernels", "show", "show", "--save", "show"),
        ("info", "in.png", "--header"),
        ("info", "--header", "in.png"),
    ],
)
def test_nothing_else_is_begun(guessed, words):
    assert guessed(*words) is None
