"""The progress bar, on a terminal that is emulated, and nowhere else."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import textwrap

import numpy as np
import pytest
from imfilter.cli.console.progress_bar import Bar
from PIL import Image

TERMINAL = {"TERM": "xterm-256color", "CI": "", "NO_COLOR": "", "FORCE_COLOR": "", "COLUMNS": "", "LINES": ""}


def screen(data, columns):
    """Return the lines that a terminal shows at the end, without the blanks behind them."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|[^\x1b]", data):
        if part == "\r":
            column = 0
        elif part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part == "\x1b[1A":
            row -= 1
        elif not part.startswith("\x1b"):
            if column == columns:
                row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
            lines[row] = lines[row].ljust(column)[:column] + part + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


@pytest.fixture
def terminal(command, parts_of, needs):
    """Run the program on a terminal; return its exit code and what it wrote. *keys* are pressed once *when* is seen."""
    needs("a terminal")

    def terminal(*words, program=command, columns=80, when=None, keys=b"", stderr=None, stdout=None, **env):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        attributes = termios.tcgetattr(slave)
        attributes[3] &= ~termios.ECHO  # it would fall among what the program writes
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        process = subprocess.Popen(
            [*program, *map(str, words)],
            stdin=slave,
            stdout=stdout or slave,
            stderr=stderr or slave,
            env={**os.environ, **TERMINAL, **env},
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)),
        )
        os.close(slave)
        written = b""
        for part in parts_of(master):
            written += part
            if when is not None and re.search(when, written.decode(errors="replace")):
                os.write(master, keys)
                when = None
        return process.wait(), written.decode()

    return terminal


@pytest.fixture
def photos(folder):
    """Forty small pictures with long names, the tenth of which is none."""
    (folder / "photos").mkdir()
    for number in range(40):
        Image.new("L", (30, 20), number).save(folder / "photos" / f"[red]{number:02} {'long ' * 20}.png")
    for path in (folder / "photos").glob("*]10*"):
        path.write_bytes(b"")
    return folder / "photos"


BATCH = ("blur", "photos", "-o", "out/")
BAR = re.compile(r"\d+/40")


def test_a_bar_counts_to_the_end_and_goes(terminal, photos):
    code, written = terminal(*BATCH)
    assert code == 1
    assert re.findall(r" ?(\d+)/40", written)[0] == "0"
    assert re.findall(r" ?(\d+)/40", written)[-1] == "40"
    shown = screen(written, 80)
    assert "━" not in "".join(shown)
    assert "failed in" in written.splitlines()[-1]


def test_a_failure_stands_above_the_bar(terminal, photos):
    _, written = terminal(*BATCH, columns=300)
    failure = written.index("imfilter: photos/[red]10")
    assert BAR.search(written, failure)
    lines = [line for line in screen(written, 300) if line]
    assert len(lines) == 2
    assert lines[0].startswith("imfilter: photos/[red]10")
    assert lines[1].startswith("imfilter: 39 done, 0 skipped, 1 failed in ")


@pytest.mark.parametrize("columns", [40, 80])
def test_a_bar_is_one_line_of_any_terminal(terminal, photos, columns):
    _, written = terminal(*BATCH, columns=columns)
    plain = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", written)
    bars = [line for line in re.split(r"[\r\n]+", plain) if "━" in line]
    assert bars
    assert max(map(len, bars)) <= columns - 3  # a terminal echoes ^C behind it
    assert any("/40 " in bar and "/s " in bar and "phot" in bar for bar in bars)


def test_a_name_is_no_markup(terminal, photos):
    assert "photos/[red]" in terminal(*BATCH, columns=200)[1]


def test_an_interruption_takes_the_bar_away_and_says_one_line(terminal, hanging, photos, folder):
    with (folder / "log").open("wb") as log:
        code, written = terminal(*BATCH, program=hanging, when=BAR, keys=b"\x03", stdout=log)
    shown = [line for line in screen(written, 80) if line]
    assert code == 130
    assert shown[-1] == "imfilter: interrupted", written
    assert "━" not in "".join(shown)


def test_the_terminals_cursor_comes_back(terminal, photos):
    written = terminal(*BATCH)[1]
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


def test_no_colour_where_none_is_wanted(terminal, photos):
    assert re.search(r"\x1b\[[\d;]+m", terminal(*BATCH)[1])
    written = terminal(*BATCH, NO_COLOR="1")[1]
    assert not re.search(r"\x1b\[3\d|\x1b\[9\d", written)
    assert BAR.search(written)


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": "unknown"}, {"CI": "true"}], ids=str)
def test_no_bar_where_it_would_not_go_away(terminal, photos, env):
    written = terminal(*BATCH, **env)[1]
    assert "\x1b" not in written
    assert not BAR.search(written)


def test_a_bar_needs_a_terminal_and_nothing_else(terminal, photos):
    assert BAR.search(terminal(*BATCH, FORCE_COLOR="0", TTY_COMPATIBLE="0", TTY_INTERACTIVE="0")[1])


@pytest.mark.parametrize("words", [("-q",), ("-n",)], ids=str)
def test_no_bar_for_those_who_want_none(terminal, photos, words):
    written = terminal(*BATCH, *words)[1]
    assert "\x1b" not in written
    assert not BAR.search(written)


def test_no_bar_for_a_single_image(terminal, png):
    assert terminal("blur", "a.png", "-o", "b.png") == (0, "")


SLOW = """
    import time
    from imfilter.cli import main
    from imfilter.cli.console import slow_image
    slow_image.PATIENCE, slow_image.INTERVAL = {patience}, 0.001
    drawn, closed = [], []
    add, write, close = slow_image.Progress.add, slow_image.SlowImage._write, slow_image.SlowImage.close
    def slow(self, rows, of):
        add(self, rows, of)
        before = len(drawn)
        while {wait} and len(drawn) < before + 2 and not closed:  # one may have looked before these rows were added
            time.sleep(0.001)
    def told(self, text):
        write(self, text)
        drawn.append(text)
    def ended(self):
        closed.append(True)
        close(self)
    slow_image.Progress.add, slow_image.SlowImage._write, slow_image.SlowImage.close = slow, told, ended
    main.main()
    """


@pytest.fixture
def slow():
    """The program with an image that is slow: each part of it waits until the line has been drawn."""
    code = textwrap.dedent(SLOW.format(patience=0, wait=True))
    return [sys.executable, "-c", code]


@pytest.fixture
def tall(folder):
    """A picture of several strips, with a long name that is no markup."""
    Image.new("RGB", (400, 4000)).save(folder / f"[red]{'long ' * 20}.png")
    return f"[red]{'long ' * 20}.png"


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_a_slow_image_shows_how_far_it_is(terminal, slow, tall, columns):
    code, written = terminal("blur", tall, "-o", "b.png", program=slow, columns=columns)
    assert code == 0
    lines = re.split(r"\r\x1b\[2K", written)
    parts = [int(part) for line in lines for part in re.findall(r"(\d+)%", line)]
    assert parts == sorted(parts)
    assert 0 < parts[0] < 50 < parts[-1] <= 100
    assert max(map(len, lines)) <= columns - 3
    assert any(line.endswith(" left") for line in lines)
    assert [line for line in screen(written, columns) if line] == []


def test_a_slow_file_of_many_frames_shows_how_far_it_is(terminal, slow, folder):
    pages = [Image.new("L", (30, 20), number) for number in range(8)]
    pages[0].save("a.tif", save_all=True, append_images=pages[1:])
    code, written = terminal("blur", "a.tif", "-o", "b.tif", program=slow)
    assert code == 0
    assert {"12%", "50%", "100%"} <= set(re.findall(r"\d+%", written))


def test_a_note_of_a_slow_image_has_its_own_line(terminal, slow, folder):
    np.save("a.npy", np.random.default_rng(0).random((4000, 400), np.float32))
    code, written = terminal("blur", "a.npy", "-o", "b.png", program=slow, columns=200)
    assert code == 0
    last = re.split(r"\r\x1b\[2K", written)[-1]
    assert last.startswith("imfilter: a.npy: ") or last == ""


def test_an_image_shows_nothing_until_it_is_slow(terminal, tall):
    code = textwrap.dedent(SLOW.format(patience=1000, wait=False))
    assert terminal("blur", tall, "-o", "b.png", program=[sys.executable, "-c", code]) == (0, "")


@pytest.mark.parametrize(("words", "env"), [(("-q",), {}), ((), {"TERM": "dumb"}), ((), {"CI": "1"})], ids=str)
def test_a_slow_image_shows_nothing_to_those_who_want_none(terminal, tall, words, env):
    code = textwrap.dedent(SLOW.format(patience=0, wait=False))
    assert terminal("blur", tall, "-o", "b.png", *words, program=[sys.executable, "-c", code], **env) == (0, "")


def test_a_slow_image_says_nothing_into_a_log(terminal, tall, folder):
    code = textwrap.dedent(SLOW.format(patience=0, wait=False))
    with (folder / "log").open("wb") as log:
        assert terminal("blur", tall, "-o", "b.png", program=[sys.executable, "-c", code], stderr=log)[0] == 0
    assert (folder / "log").read_bytes() == b""


def test_an_interruption_takes_the_line_of_a_slow_image_away(terminal, slow, tall):
    code, written = terminal("blur", tall, "-o", "b.png", program=slow, when=r"\d+%", keys=b"\x03")
    assert code == 130
    assert re.split(r"\r\x1b\[2K", written)[-1] == "imfilter: interrupted\r\n"


def test_no_bar_among_the_lines_of_json(terminal, photos, folder):
    assert "\x1b" not in terminal(*BATCH, "--json")[1]
    with (folder / "log").open("wb") as log:
        written = terminal(*BATCH, "--json", stdout=log)[1]
    assert BAR.search(written)
    assert len((folder / "log").read_text().splitlines()) == 41


@pytest.mark.parametrize("env", [{}, {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1"}], ids=str)
def test_a_log_holds_plain_lines_alone(terminal, photos, folder, env):
    with (folder / "log").open("wb") as log:
        _, written = terminal(*BATCH, stderr=log, **env)
    lines = (folder / "log").read_text().splitlines()
    assert written == ""
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_a_bar_has_no_thread_that_a_fork_would_lose(monkeypatch):
    import threading

    before = threading.active_count()
    bar = Bar(3)
    try:
        bar.show()
        assert threading.active_count() == before
    finally:
        bar.close()


def test_a_terminal_that_is_closed_ends_the_batch(terminal, command, photos):
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*command, *BATCH, "--sigma", "4"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, **TERMINAL},
        preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)),
    )
    os.close(slave)
    shown = b""
    while b"/40" not in shown:
        shown += os.read(master, 4096)
    os.close(master)
    assert process.wait() in (128 + signal.SIGHUP, 1)
