"""Pictures in the terminal: what is sent is the reduced picture, and what a terminal answers never stays behind."""

import base64
import contextlib
import fcntl
import io
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.commands.sectioned_command import joined
from imfilter.cli.images.colour_description import ColourDescription
from imfilter.cli.images.metadata import Metadata
from imfilter.cli.terminal import asking, blocks, iterm, kitty, screen, sixel
from imfilter.cli.terminal import dots as braille
from imfilter.cli.terminal.asking import Answers, understood
from imfilter.cli.terminal.reduced import reduced
from imfilter.cli.terminal.room import Room
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "sample_images"

# ---- terminals that are emulated --------------------------------------------------------------------


def of_sixel(data):
    """Decode a sixel picture; each of its pixels must be set once."""
    body = re.search(rb"\x1bP[\d;]*q([^\x1b]*)\x1b\\", data)[1].decode()
    palette, colour, x, y, repeated = {}, None, 0, 0, 1
    picture = times = None
    for token in re.findall(r'"[\d;]+|#[\d;]+|!\d+|[$-]|[?-~]', body):
        numbers = [int(number) for number in re.findall(r"\d+", token)]
        if token[0] == '"':
            _, _, width, height = numbers
            picture, times = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), int)
        elif token[0] == "#" and len(numbers) > 1:
            assert numbers[1] == 2
            palette[numbers[0]] = [round(255 * part / 100) for part in numbers[2:]]
        elif token[0] == "#":
            colour = palette[numbers[0]]
        elif token[0] == "!":
            repeated = numbers[0]
        elif token == "$":
            x = 0
        elif token == "-":
            x, y = 0, y + 6
        else:
            for row in range(6):
                if (ord(token) - 63) >> row & 1:
                    picture[y + row, x : x + repeated] = colour
                    times[y + row, x : x + repeated] += 1
            x, repeated = x + repeated, 1
    assert (times == 1).all()
    return picture


LEVELS = [0, 95, 135, 175, 215, 255]


def of_blocks(text, columns):
    """Return the dots that half blocks show: an emulator of colours, characters and lines."""
    rows, upper, lower, ink, paper = [], [], [], None, None
    for codes, character in re.findall(r"\x1b\[([\d;]*)m|(.|\n)", text.replace("\r", "")):
        if character == "▀":
            upper.append(ink)
            lower.append(paper)
        elif character == "\n":
            assert len(upper) <= columns
            rows += [upper, lower]
            upper, lower = [], []
        elif character:
            raise AssertionError(repr(character))
        if codes == "0":
            ink = paper = None
            continue
        numbers = [int(number) for number in codes.split(";") if number]
        while numbers:
            number = numbers.pop(0)
            assert number in (38, 48)
            if numbers.pop(0) == 2:
                colour, numbers = numbers[:3], numbers[3:]
            else:
                rest = numbers.pop(0) - 16
                colour = [LEVELS[rest // 36], LEVELS[rest // 6 % 6], LEVELS[rest % 6]]
            ink, paper = (colour, paper) if number == 38 else (ink, colour)
    if None in rows[-1]:
        rows.pop()
    return np.array(rows, np.uint8)


def of_braille(text):
    """Return the dots of characters of Braille that are set."""
    lines = [[ord(character) - 0x2800 for character in line] for line in text.replace("\r", "").splitlines()]
    found = np.zeros((4 * len(lines), 2 * len(lines[0])), bool)
    for row, line in enumerate(lines):
        for column, bits in enumerate(line):
            for bit, (y, x) in enumerate([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]):
                found[4 * row + y, 2 * column + x] = bits >> bit & 1
    return found


def of_png(text):
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        return np.asarray(image)


def of_kitty(data):
    """Return the picture of chunks, each of which is well formed."""
    chunks = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", data)
    assert all(len(text) <= 4096 for _, text in chunks)
    assert chunks[0][0].startswith(b"a=T,f=100,q=2,")
    assert [keys[-3:] for keys, _ in chunks] == [b"m=1"] * (len(chunks) - 1) + [b"m=0"]
    return of_png(b"".join(text for _, text in chunks))


@pytest.fixture(scope="module")
def photo():
    """Something like a photograph: soft shades, an edge and grain, 150×101."""
    y, x = np.mgrid[:101, :150] / 100
    shades = np.stack([x / 1.5, y, 0.5 + 0.5 * np.sin(6 * x * y)], axis=2) * np.where(x > 0.9, 1, 0.6)[..., None]
    grain = np.random.default_rng(3).normal(0, 0.02, shades.shape)
    return np.clip((shades + grain) * 255, 0, 255).astype(np.uint8)


def test_pngs_for_kitty_and_iterm_are_the_picture(photo):
    sent = b"".join(kitty.pieces(photo))
    assert np.array_equal(of_kitty(sent), photo)
    assert sent.endswith(b"\x1b\\\n")
    assert b"c=40," in b"".join(kitty.pieces(photo, 40))
    sent = b"".join(iterm.pieces(photo, 20, 7))
    header, text = re.fullmatch(rb"\x1b]1337;File=inline=1;([^:]*):([^\a]*)\a\n", sent).groups()
    assert np.array_equal(of_png(text), photo)
    assert header == b"size=%d;width=20;height=7;preserveAspectRatio=1" % len(base64.b64decode(text))


@pytest.mark.each("name", ["coffee.jpg", "cat.jpg"])
@pytest.mark.each("colours, least", [(256, 33), (16, 20), (2, 8)])
def test_sixel_is_near_the_picture(name, colours, least):
    with Image.open(SAMPLES / name) as image:
        photo = np.asarray(image.convert("RGB"))
    sent = b"".join(sixel.pieces(photo, colours))
    found = of_sixel(sent)
    assert len({*map(tuple, found.reshape(-1, 3).tolist())}) <= colours
    assert 10 * np.log10(255**2 / np.mean((found - photo.astype(float)) ** 2)) >= least
    assert sent.endswith(b"\x1b\\\n")


@pytest.mark.each("shape", [(1, 1), (1, 7), (6, 5), (7, 1), (13, 1200)])
def test_sixel_of_few_colours_is_exact(shape):
    """Black, white and pure colours are per cents; runs of all lengths, bands of all heights."""
    pure = np.random.default_rng(5).integers(0, 2, (*shape, 3)) * 255
    pure[:, shape[1] // 3 : shape[1] // 2] = 0
    assert np.array_equal(of_sixel(b"".join(sixel.pieces(pure.astype(np.uint8)))), pure)


@pytest.mark.each("rows", [100, 101])
def test_half_blocks_are_the_picture(photo, rows):
    text = b"".join(blocks.lines(photo[:rows], true_colour=True)).decode()
    assert np.array_equal(of_blocks(text, 150), photo[:rows])
    text = b"".join(blocks.lines(photo[:rows], true_colour=False)).decode()
    found = of_blocks(text, 150).astype(float)
    means = [np.add.reduceat(np.add.reduceat(one, range(0, 96, 8), 0), range(0, 144, 8), 1)[:-1, :-1] / 64
             for one in (found, photo[:rows].astype(float))]  # fmt: skip
    assert np.abs(means[0] - means[1]).max() < 20  # the dither is right in the mean
    still = b"".join(blocks.lines(np.full((2, 50, 3), 9, np.uint8), true_colour=True))
    assert still.count(b"\x1b") == 2  # codes stand where colours change


def test_dots_of_braille_are_as_many_as_the_picture_is_bright():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    found = of_braille(b"".join(braille.lines(ramp)).decode())
    assert found.shape == (64, 256)
    shares = found.reshape(64, 8, 32).mean(axis=(0, 2))
    assert np.allclose(shares, (np.arange(8) * 32 + 15.5) / 255, atol=0.04)
    edge = np.zeros((5, 3, 3), np.uint8)
    edge[4, 2] = 255
    assert [*map(tuple, np.argwhere(of_braille(b"".join(braille.lines(edge)).decode())).tolist())] == [(4, 2)]


# ---- the reduced picture ----------------------------------------------------------------------------


def test_a_picture_is_reduced_by_means_and_never_enlarged(rgb):
    small = reduced(rgb, None, Room(20, 99), white=255)
    means = rgb.reshape(12, 2, 20, 2, 3).mean(axis=(1, 3))
    assert small.shape == (12, 20, 3)
    assert np.abs(small - means).max() <= 1  # rounded down the columns, then along the rows
    assert np.array_equal(reduced(rgb, None, Room(400, 400), white=255), rgb)
    assert reduced(rgb, None, Room(40, 6, 2.0), white=255).shape == (6, 20, 3)


def test_samples_of_all_kinds_are_shown(rgb, gray):
    room = Room(99, 99)
    assert np.array_equal(reduced(rgb.astype(np.uint16) * 257, None, room, white=65535), rgb)
    assert np.array_equal(reduced(rgb / 255.0, None, room, white=1.0), rgb)
    assert np.array_equal(reduced(gray[..., None], None, room, white=255), gray[..., None].repeat(3, axis=2))
    inks = np.dstack([255 - rgb, np.zeros_like(gray)])
    assert np.array_equal(reduced(inks, None, room, white=255, colours="cmyk"), rgb)
    bands = np.dstack([rgb, rgb])
    assert np.array_equal(reduced(bands, None, room, white=255, colours="bands"), rgb)


def test_what_is_transparent_lies_on_a_checkerboard_or_a_colour(rgba):
    pixels, alpha = rgba[..., :3], rgba[..., 3]
    shown = reduced(pixels, alpha, Room(99, 99), white=255)
    assert np.array_equal(shown[alpha == 255], pixels[alpha == 255])
    assert {*map(tuple, shown[alpha == 0].tolist())} == {(204,) * 3, (153,) * 3}
    shown = reduced(pixels, alpha, Room(99, 99), white=255, background=(10, 20, 30))
    assert {*map(tuple, shown[alpha == 0].tolist())} == {(10, 20, 30)}
    hidden = np.zeros((8, 8, 3), np.uint8)
    hidden[:, 1::2] = 200
    opaque = np.zeros((8, 8), np.uint8)
    opaque[:, ::2] = 255
    shown = reduced(hidden, opaque, Room(4, 4), white=255, background=(100, 100, 100))
    assert np.abs(shown.astype(int) - 50).max() <= 1  # hidden colours do not bleed


def test_colours_that_a_file_describes_become_those_of_srgb():
    """Half of the light is 188 of sRGB, in linear samples of 8 bits and of floats."""
    linear = Metadata(colour=ColourDescription(gamma=100_000))
    for pixels, white in ((np.full((2, 2, 3), 128, np.uint8), 255), (np.full((2, 2, 3), 128 / 255), 1.0)):
        assert (reduced(pixels, None, Room(9, 9), white=white, metadata=linear) == 188).all()


# ---- what a terminal says ---------------------------------------------------------------------------

XTERM = b"\x1b[6;20;9t\x1b[?1;0;256S\x1b[?2;0;1000;900S\x1b[?63;1;2;4;22c"
KITTY = b"\x1b_Gi=31;OK\x1b\\\x1b[6;20;9t\x1b[?62;c"
PLAIN = b"\x1b[?1;2c"


def test_answers_are_understood_whatever_stands_around_them():
    assert understood(XTERM) == Answers(True, False, (9, 20), frozenset({63, 1, 2, 4, 22}), 256, (1000, 900))
    assert understood(b"abc\x1b[A" + KITTY + b"\x1b[200~x") == Answers(True, True, (9, 20), frozenset({62}))
    assert understood(b"\x1b_Gi=31;EINVAL:no\x1b\\" + PLAIN)[:3] == (True, False, None)
    for data in (b"", b"\x1b[?", b"\xff\x00\x1b[6;0;0t", b"\x1b[?1;3;0S", XTERM[:-1]):
        assert not understood(data).complete


@pytest.mark.each("size", [0, 1, 3, 40])
def test_any_bytes_are_no_reason_to_fail(size):
    random = np.random.default_rng(size)
    for _ in range(200):
        understood(bytes(random.choice(list(b"\x1b[?_G;0123456789cStOK\\\xff"), size).tolist()))


CHOSEN = {
    "kitty": (KITTY, {}),
    "kitty before iterm": (KITTY, {"TERM_PROGRAM": "iTerm.app"}),
    "iterm": (PLAIN, {"TERM_PROGRAM": "iTerm.app"}),
    "iterm by ssh": (PLAIN, {"LC_TERMINAL": "iTerm2"}),
    "sixel": (XTERM, {}),
    "blocks": (PLAIN, {}),
    "blocks where nothing is said": (b"", {}),
    "blocks inside tmux": (XTERM, {"TMUX": "/tmp/tmux-0/default,1,0", "LC_TERMINAL": "iTerm2"}),
    "blocks inside screen": (XTERM, {"STY": "1.x"}),
    "dots": (PLAIN, {"NO_COLOR": "1"}),
    "sixel without colours": (XTERM, {"NO_COLOR": "1"}),
}


@pytest.mark.each("case", CHOSEN)
def test_the_best_way_is_chosen(case):
    said, environment = CHOSEN[case]
    assert screen.chosen(understood(said), environment) == case.split()[0]


# ---- terminals that are scripted --------------------------------------------------------------------


class Terminal:
    """A terminal of 80×24 characters that answers the questions by a script, and keeps what it was sent."""

    def __init__(self, answer=b"", delay=0.0, reads=True):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 720, 480))
        self.attributes = termios.tcgetattr(self.slave)
        self.answer, self.delay, self.sent, self.answered = answer, delay, b"", 0
        self.reads = threading.Event()
        self.closing = threading.Event()
        if reads:
            self.reads.set()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        due = []
        while not self.closing.is_set():
            if self.reads.is_set() and select.select([self.master], [], [], 0.005)[0]:
                self.sent += os.read(self.master, 65536)
            if len(due) + self.answered < self.sent.count(b"\x1b[c"):
                due.append(time.monotonic() + self.delay)
            if due and time.monotonic() >= due[0] and self.answer:
                os.write(self.master, self.answer)
                self.answered += 1
                due.pop(0)

    def start(self, words, program, **env):
        environment = {name: value for name, value in os.environ.items() if name not in ("COLORTERM", "TMUX", "STY")}
        return subprocess.Popen(
            [*program, *map(str, words)],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={**environment, "TERM": "xterm", **env},
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)),
        )

    def left(self):
        """Return what would stand at the prompt."""
        attributes = termios.tcgetattr(self.slave)
        attributes[3] &= ~termios.ICANON
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)
        return os.read(self.slave, 4096) if select.select([self.slave], [], [], 0.02)[0] else b""

    def picture(self):
        """Return what was sent behind the questions, once all of it is there."""
        while select.select([self.master], [], [], 0.05)[0]:
            time.sleep(0.01)  # which the thread reads
        return self.sent.replace(asking.QUESTIONS, b"").replace(b"\r\n", b"\n")

    def close(self):
        self.closing.set()
        self.thread.join()
        for end in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(end)


@pytest.fixture
def terminal(needs):
    """``terminal(answer, delay)`` opens a `Terminal`."""
    needs("a terminal")
    opened = []

    def terminal(*words, **options):
        opened.append(Terminal(*words, **options))
        return opened[-1]

    yield terminal
    for one in opened:
        one.close()


PATIENT = """
from imfilter.cli.terminal import asking
from imfilter.cli import main
asking.PATIENCE = asking.LATE = 30
main.main()
"""
"""The program, on a machine that is busy with other things."""


@pytest.fixture
def patient():
    return [sys.executable, "-c", PATIENT]


@pytest.fixture
def shown(terminal, command, patient):
    """``shown(*words, answer=…, **env)`` runs the program on a terminal; return what that was sent."""

    def shown(*words, answer=PLAIN, code=0, **env):
        on = terminal(answer)
        process = on.start(words, patient if answer else command, **env)
        assert process.wait() == code, on.picture()
        sent = on.picture()
        assert termios.tcgetattr(on.slave) == on.attributes
        assert on.left() == b""
        return sent

    return shown


def test_a_picture_is_shown_as_the_terminal_can(shown, png, rgb):
    assert np.array_equal(of_kitty(shown("show", "a.png", answer=KITTY)), rgb)
    found = of_sixel(shown("show", "a.png", answer=XTERM)).astype(float)
    assert 10 * np.log10(255**2 / np.mean((found - rgb) ** 2)) > 20  # noise has more than 256 colours
    assert np.array_equal(of_blocks(shown("show", "a.png", COLORTERM="truecolor").decode(), 80), rgb)


def test_terminals_that_say_nothing_or_rubbish_get_blocks(shown, png):
    assert of_blocks(shown("show", "a.png", answer=b"").decode(), 80).shape == (24, 40, 3)
    sent = shown("show", "a.png", answer=b"\xff\x1b[6;1\x1b_G\x1b[?cx\x1b]11;?\a\n" + PLAIN)
    assert of_blocks(sent.decode(), 80).shape == (24, 40, 3)


@pytest.mark.each("words", [("show", "a.png", "--show-as", "dots"), ("show", "a.png", "-q", "--show-as=blocks")])
def test_text_needs_no_question(terminal, command, png, words):
    on = terminal()
    assert on.start(words, command).wait() == 0
    on.picture()
    assert b"\x1b[c" not in on.sent


def test_results_are_shown_with_their_inputs_and_written_nowhere_else(shown, png, rgb, folder):
    words = "--show-as", "blocks"
    result = of_blocks(shown("conv", "--show", "a.png", "--kernel", "0 0 0; 0 0 0; 0 0 1", *words, COLORTERM="24bit")
                       .decode(), 80)  # fmt: skip
    assert np.array_equal(result[:-1, :-1], rgb[1:, 1:])
    sent = shown("conv", "a.png", "--kernel", "identity", "--show", "both", *words, COLORTERM="24bit").decode()
    both = of_blocks(sent, 80)
    assert np.array_equal(both[:, :39], both[:, 41:80])
    assert [path.name for path in folder.iterdir()] == ["a.png"]
    sent = shown("chain", "a.png", "flip", "flip", "--show", "-o", "b.png", *words, COLORTERM="24bit").decode()
    assert np.array_equal(of_blocks(sent, 80), rgb)
    assert (folder / "b.png").exists()


def test_what_is_watched_is_shown_again_when_it_changes(terminal, patient, ok, png, load):
    on, begin = terminal(KITTY), b"\x1b_Ga=T"
    process = on.start(["flip", "a.png", "--show", "--watch"], patient)
    for number in (1, 2):
        while on.sent.count(begin) < number or not re.search(rb"1 picture, \S+ s\r\n$", on.sent):
            assert process.poll() is None, on.sent
            time.sleep(0.01)
        ok("flip", "a.png", "-o", "expected.png")
        assert np.array_equal(of_kitty(on.sent[on.sent.rindex(begin) :]), load("expected.png"))
        Image.fromarray(np.full((9, 8, 3), 40 * number, np.uint8)).save("new.png")
        Path("new.png").replace("a.png")
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert termios.tcgetattr(on.slave) == on.attributes
    assert on.left() == b""


def test_maps_are_shown_as_a_sheet_and_frames_by_the_first(shown, png, rgb, folder):
    sent = shown("conv", "a.png", "--kernel", "haar", "--show", answer=KITTY)
    assert of_kitty(sent).shape[0] > 24
    frames = [Image.fromarray(np.full((4, 4, 3), value, np.uint8)) for value in (10, 200)]
    frames[0].save("film.png", save_all=True, append_images=frames[1:])
    for words, value in (("show",), 10), (("show", "--frame", "1"), 200), (("blur", "--show", "--frame=1"), 200):
        picture = shown(*words, "film.png", "-q", answer=KITTY)
        assert (of_kitty(picture) == value).all()
    assert b"2 frames" in shown("blur", "film.png", "--show", answer=KITTY)


def test_inks_and_bands_are_shown_as_well_as_a_terminal_can(shown, rgb):
    inks = Image.fromarray(np.dstack([255 - rgb, np.zeros_like(rgb[..., 0])]), "CMYK")
    inks.save("inks.tif")
    np.save("bands.npy", np.dstack([rgb, rgb]))
    for name in ("inks.tif", "bands.npy"):
        assert np.array_equal(of_kitty(shown("conv", name, "--kernel", "identity", "--show", answer=KITTY)), rgb)


def test_floats_that_are_all_white_are_said_to_be_so(shown, rgb):
    np.save("a.npy", rgb.astype(np.float32) + 5)
    sent = shown("show", "a.npy", answer=KITTY)
    assert b"are far above white, 1, and shown as white; imfilter tone --white 4095" in sent
    assert (of_kitty(sent) == 255).all()


def test_several_pictures_have_their_names_above_them_and_one_that_is_bad_stops_none(shown, png, folder):
    (folder / "b.png").write_bytes(b"no picture")
    (folder / "c.png").write_bytes(png.read_bytes())
    sent = shown("show", ".", "--show-as", "dots", code=1).decode()
    assert re.findall(r"^(?:imfilter: )?\./\w\.png", sent, re.MULTILINE) == ["./a.png", "imfilter: ./b.png", "./c.png"]
    sent = shown("blur", ".", "--show", "--show-as", "dots", "-j", "2", code=1).decode()
    assert re.findall(r"^(?:imfilter: )?\./\w\.png", sent, re.MULTILINE) == ["./a.png", "imfilter: ./b.png", "./c.png"]


@pytest.mark.each("option, columns, rows", [("20x50", 20, 6), ("80x3", 10, 3), ("1x1", 1, 1)])
def test_a_picture_has_the_size_that_is_asked_for_at_most(shown, png, option, columns, rows):
    lines = shown("show", "a.png", "--show-as", "blocks", "--show-size", option).decode().splitlines()
    assert (max(line.count("▀") for line in lines), len(lines)) == (columns, rows)


SESSION = """
    import os
    from imfilter.cli.terminal import asking
    asking.PATIENCE, asking.LATE = 0.02, 20
    for number in range({runs}):
        talk = asking.Conversation()
        talk.begin()
        said = talk.answers()
        talk.wait()
        talk.end()
        os.write(1, b"complete\\n" if said.complete else b"late\\n")
"""


def test_no_byte_of_an_answer_stays_however_late_it_comes(terminal):
    """The program waits longer than the 400 ms that answers take from the other side of the world."""
    assert asking.PATIENCE <= 0.25 < 0.4 < asking.LATE
    for delay, said in (0.0, None), (0.1, "late"), (0.4, "late"):
        on = terminal(XTERM, delay)
        code = textwrap.dedent(SESSION).format(runs=4)
        assert on.start([code], [sys.executable, "-c"]).wait() == 0
        words = on.picture().decode().split()
        assert len(words) == on.answered == 4
        assert said is None or {*words} == {said}
        assert on.left() == b""
        assert on.attributes[3] & termios.ECHO


def test_an_answer_that_came_is_heard_whenever_it_is_looked_for(terminal):
    """The program imports NumPy in between, which may take longer than its patience."""
    on = terminal(XTERM)
    code = """
        import os, time
        from imfilter.cli.terminal import asking
        asking.PATIENCE = 0
        talk = asking.Conversation()
        talk.begin()
        while not os.path.exists("answered"):
            time.sleep(0.01)
        os.write(1, b"heard" if talk.answers().complete else b"lost")
    """
    process = on.start([textwrap.dedent(code)], [sys.executable, "-c"])
    while not on.answered:
        time.sleep(0.01)
    Path("answered").touch()
    assert process.wait() == 0
    assert on.picture() == b"heard"


def test_what_is_in_the_background_asks_nothing(terminal, command, png):
    """It would be stopped for that, or read what is meant for another program."""
    on = terminal(XTERM)
    line = f"set -m; {' '.join(command)} show a.png & wait $!; echo code=$?"
    assert on.start(["-c", line], ["bash"]).wait() == 0
    sent = on.picture()
    assert b"code=0" in sent
    assert b"\x1b[c" not in sent
    assert "▀" in sent.decode()


def test_a_terminal_that_closes_ends_the_program_without_a_word(terminal, patient, png):
    on = terminal()
    process = on.start(["show", "a.png"], patient)
    while b"\x1b[c" not in on.sent:
        assert process.poll() is None
        time.sleep(0.01)
    on.close()
    assert process.wait() in (1, 129)


@pytest.mark.each("way, end", [("iterm", b"\a\n"), ("sixel", b"\x1b\\\n"), ("kitty", b"m=0,q=2;\x1b\\\n")])
def test_an_interruption_ends_the_sequence_in_its_middle(terminal, patient, folder, way, end):
    noise = np.random.default_rng(1).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    Image.fromarray(noise).save("noise.png")
    on = terminal(XTERM)
    process = on.start(["show", "noise.png", "--show-as", way], patient)
    begin = {"iterm": b"\x1b]1337;", "sixel": b"\x1bP0", "kitty": b"\x1b_Ga=T"}[way]
    while begin not in on.sent:
        assert process.poll() is None
        time.sleep(0.001)
    on.reads.clear()  # the picture does not fit into what the system holds for a terminal
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    on.reads.set()
    assert process.wait() == 130
    sent = on.picture()
    assert len(sent) < noise.size
    assert sent[sent.index(begin) :].count(end) == 1
    assert sent.endswith(end + b"imfilter: interrupted\n")


# ---- what is refused --------------------------------------------------------------------------------

REFUSED = {
    "show a.png": "standard output is not a terminal, so pictures cannot be shown; imfilter sheet writes them",
    "blur a.png --show": "standard output is not a terminal, so pictures cannot be shown; write a file with -o",
    "chain a.png blur --show both": "standard output is not a terminal, so pictures cannot be shown",
    "show a.png --show-as xterm": "--show-as: 'xterm' is not one of kitty, iterm, sixel, blocks, dots",
    "show a.png --show-size 80": "--show-size: '80' is not COLSxROWS, such as 80x24",
    "show a.png --show-size 0x4": "--show-size: '0x4' is not COLSxROWS, such as 80x24",
    "show": "no input; name images, folders, or - for standard input",
    "show a.png --frame -1": "--frame must be 0 or greater",
    "blur a.png -o b.png --show-as sixel": "--show-as requires --show",
    "blur a.png -o b.png --show-size 9x9": "--show-size requires --show",
    "augment a.png -o out/ flip --show": "--show has no meaning for augment: an input has several outputs",
}


@pytest.mark.each("line", REFUSED)
def test_a_call_that_cannot_show_is_refused_before_any_work(refused, png, folder, line):
    assert refused(2, *line.split()).startswith(f"imfilter: {REFUSED[line]}")
    assert [path.name for path in folder.iterdir()] == ["a.png"]


ON_TERMINAL = {
    "blur a.png --show --json": "--show and --json contradict each other",
    "blur a.png --show -n": "--show and --dry-run contradict each other",
    "blur a.png --show -o -": "--show needs standard output; write the image to a file with -o, or omit -o",
    "blur a.png --show --update": "--update requires -o OUTPUT; --show alone writes no file",
    "blur a.png --show=x": "--show: 'x' is not both; use --show alone for just the result",
}


@pytest.mark.each("line", ON_TERMINAL)
def test_what_cannot_be_shown_is_refused(refused, png, monkeypatch, line):
    monkeypatch.setattr(screen, "wanted", lambda *_: screen.Wanted("dots", None))
    assert refused(2, *line.split()) == f"imfilter: {ON_TERMINAL[line]}"


def test_an_environment_that_names_no_way_and_a_dumb_terminal_are_refused(shown, png):
    sent = shown("show", "a.png", code=2, IMFILTER_SHOW="ascii")
    assert sent == b"imfilter: IMFILTER_SHOW: 'ascii' is not one of kitty, iterm, sixel, blocks, dots\n"
    assert shown("show", "a.png", code=2, TERM="dumb").startswith(b"imfilter: this terminal (TERM=dumb)")


@pytest.mark.each("to", [">f", "| cat", ">&-", ">/dev/null"])
@pytest.mark.each("call", ["show a.png", "edges a.png --show"])
def test_nothing_is_drawn_where_nobody_looks(shell, png, folder, call, to):
    ended = shell(f"imfilter {call} {to}")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.count(b"\n") == 1
    assert not (folder / "f").exists() or (folder / "f").read_bytes() == b""


def test_sixel_that_a_terminal_would_print_is_refused(monkeypatch, refused, rgb):
    monkeypatch.setattr(screen, "MOST_UNASKED", 1000)
    on = screen.Screen(screen.Wanted("sixel", (80, 24)), {})
    monkeypatch.setattr(on._conversation, "answers", lambda: understood(PLAIN))
    with pytest.raises(screen.FileError, match="may not know sixel"):
        on.show(rgb)
    monkeypatch.setattr(screen, "MOST_UNASKED", 1 << 20)
    assert b"".join(on._pieces(rgb)).startswith(b"\x1bP")


def test_a_file_behind_show_is_an_input():
    assert joined(["a.png", "--show", "b.png"]) == ["a.png", "--show=result", "b.png"]
    assert joined(["--show", "both", "--", "both"]) == ["--show=both", "--", "both"]


# ---- real terminals ---------------------------------------------------------------------------------


@pytest.mark.needs("tmux")
def test_tmux_gets_blocks(program, png, folder):
    socket = folder / "tmux"
    tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    try:
        line = "imfilter show a.png; echo ended=$?; cat"
        subprocess.run([*tmux, "new-session", "-d", "-x", "90", "-y", "30", line], env=program, check=True)
        text = ""
        while "ended=" not in text:
            time.sleep(0.1)
            text = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, check=True).stdout.decode()
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
    lines = text.splitlines()
    assert lines[:12] == ["▀" * 40] * 12
    assert lines[12] == "ended=0"
    assert not "".join(lines[13:]).strip()  # no answer stands there


@pytest.mark.thorough
@pytest.mark.needs("xterm", "Xvfb")
def test_xterm_draws_the_picture(patient, folder, start):
    """By sixel; what is on its screen is the picture, pixel by pixel."""
    Image.fromarray(np.full((60, 90, 3), (255, 0, 51), np.uint8)).save("red.png")
    frame = folder / "Xvfb_screen0"
    reader, writer = os.pipe()
    server = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24", "-fbdir", str(folder)]
    start(server, pass_fds=[writer], stderr=subprocess.DEVNULL)
    number = os.read(reader, 16).decode().strip()
    line = f"{shlex.join(patient)} show red.png; echo $? > ended; cat"
    start(["xterm", "-ti", "vt340", "-e", "sh", "-c", line], env={**os.environ, "DISPLAY": f":{number}"})
    while not (folder / "ended").exists() or not (folder / "ended").read_text():
        time.sleep(0.1)
    for _ in range(50):
        data = frame.read_bytes()
        header = np.frombuffer(data[:100], ">u4")
        begin, height, line_bytes, colours = (int(header[at]) for at in (0, 5, 12, 19))
        pixels = np.frombuffer(data[begin + colours * 12 :], np.uint8)[: height * line_bytes].reshape(-1, 4)
        if (red := int((pixels[:, 2::-1] == (255, 0, 51)).all(axis=1).sum())) == 90 * 60:
            break
        time.sleep(0.1)
    os.close(reader)
    os.close(writer)
    assert (folder / "ended").read_text() == "0\n"
    assert red == 90 * 60


def test_a_sweep_is_shown_as_its_sheet(shown, png, folder, load):
    words = "sweep", "a.png", "--show", "--show-as", "blocks", "--size", "8", "blur --sigma {1,2}"
    found = of_blocks(shown(*words, COLORTERM="24bit").decode(), 80)
    assert [path.name for path in folder.iterdir()] == ["a.png"]
    again = of_blocks(shown(*words, "-o", "s.png", COLORTERM="24bit").decode(), 80)
    assert np.array_equal(again, found)
    sheet = load("s.png")
    whole = np.broadcast_to(sheet.reshape(*sheet.shape[:2], -1), (*sheet.shape[:2], 3))
    assert found.shape[1] <= 80 and abs(found.mean() - whole.mean()) < 8


SWEPT = ("sweep", "a.png", "blur --sigma {1,2}")


@pytest.mark.each("words, said", {
    ("--show",): "standard output is not a terminal",
    ("--show-as", "dots", "-o", "s.png"): "--show-as requires --show",
    ("--show", "-o", "-"): "--show needs standard output",
    ("--show", "--json"): "--show and --json cannot be used together",
    ("--show", "-u"): "--update requires -o SHEET",
    (): "no output; name the sheet with -o FILE, or show it with --show",
}.items())  # fmt: skip
def test_a_sweep_that_cannot_be_shown_is_refused(refused, png, words, said, folder):
    assert said in refused(2, *SWEPT, *words)
    assert [path.name for path in folder.iterdir()] == ["a.png"]
