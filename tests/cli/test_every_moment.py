"""What is written together appears together, whatever fails and at whatever moment a signal comes."""

import contextlib
import errno
import itertools
import os
import signal
import sys
from pathlib import Path

import pytest
from imfilter.cli import signals
from imfilter.cli.errors import FileError
from imfilter.cli.file_identity import identity
from imfilter.cli.images import atomic_write
from imfilter.cli.images.atomic_write import Transaction
from imfilter.cli.images.output_folder import root_of

CALLS = ("open", "stat", "mkdir", "link", "replace", "unlink", "fchmod", "fchown", "utime", "readlink", "fdopen")
"""What a transaction asks of the system."""
OLD = {"in.png": b"input", "out/a": b"old a", "out/b": b"old b"}
NEW = {**OLD, "out/a": b"new a", "out/b": b"new b", "out/sub/c": b"new c"}
IN_PLACE = {**OLD, "in.png": b"filtered", "in.png~": b"input", "out/a": b"new a"}


def start_over(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    Path("out").mkdir()
    for name, contents in OLD.items():
        Path(name).write_bytes(contents)
        Path(name).chmod(0o640)


def write_several(notes):
    """Replace two files of a tree and make a third, in a folder that is made."""
    with Transaction({identity("in.png")}) as transaction:
        for name in ("out/a", "out/b", "out/sub/c"):
            with transaction.open(Path(name), root=root_of("out/")) as file:
                file.write(NEW[name])
        transaction.commit()
        notes += transaction.notes


def write_in_place(notes):
    """Replace an input, of which a backup is kept, and a file beside it."""
    own = identity("in.png")
    with Transaction({own}) as transaction:
        with transaction.open(Path("in.png"), Path("in.png~"), times=(10**18, 10**18), replaces=own) as file:
            file.write(b"filtered")
        with transaction.open(Path("out/a")) as file:
            file.write(b"new a")
        transaction.commit()
        notes += transaction.notes


WRITERS = pytest.mark.parametrize(("write", "new"), [(write_several, NEW), (write_in_place, IN_PLACE)])


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def at_calls(happens):
    """Let something happen before the calls to the system; it is told their numbers."""
    numbers = itertools.count(1)

    def wrapped(call):
        def calling(*arguments, **options):
            happens(next(numbers))
            return call(*arguments, **options)

        return calling

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, wrapped(getattr(os, name)))
        yield


def outcomes(happens):
    """Do the same for every moment, as long as there is one; yield its number."""
    for moment in itertools.count(1):
        if not happens(moment):
            return
        yield moment


# ---- failures ---------------------------------------------------------------------------------------


def no_links(*_, **__):
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
@pytest.mark.parametrize("code", [errno.EIO, errno.EPERM, errno.ENOSPC], ids=errno.errorcode.get)
@WRITERS
def test_a_call_that_fails_leaves_all_as_it_was(folder, monkeypatch, write, new, code, links):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    failures = 0

    def fails_at(moment):
        def happens(number):
            if number == moment:
                reached.append(number)
                raise OSError(code, os.strerror(code))

        start_over(folder)
        reached, notes = [], []
        try:
            with at_calls(happens):
                write(notes)
        except FileError as error:
            assert str(error).count("\n") == 0
            assert contents(folder) == OLD
            return True
        found = contents(folder)
        if reached and found != new:  # an old file that could not be removed
            (stray,) = found.keys() - new.keys()
            assert notes == [f"the replaced file could not be removed: {stray}"]
            Path(stray).unlink()
        assert contents(folder) == new
        return bool(reached)

    for _ in outcomes(fails_at):
        failures += 1
    assert failures > 15


@WRITERS
def test_what_cannot_be_put_back_is_kept_and_named(folder, write, new):
    """From one moment on all that changes a name fails."""

    def fails_from(moment):
        def happens(number):
            if number >= moment:
                reached.append(number)
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        start_over(folder)
        reached = []
        try:
            with at_calls(happens):
                write([])
        except FileError:
            assert set(OLD.values()) <= set(contents(folder).values())
            return True
        assert contents(folder).items() >= new.items()
        return bool(reached)

    assert len(list(outcomes(fails_from))) > 15
    for left in folder.rglob(".imfilter-*"):
        left.unlink()


def test_the_name_of_what_could_not_be_put_back_is_said(folder, monkeypatch):
    start_over(folder)
    replace, calls = os.replace, []

    def replace_once(*names, **folders):
        calls.append(names)
        if len(calls) > 1:
            raise OSError(errno.EIO, "Input/output error")
        replace(*names, **folders)

    monkeypatch.setattr(os, "replace", replace_once)
    with pytest.raises(FileError) as caught:
        write_several([])
    (kept,) = folder.rglob("*.old")
    assert str(caught.value).endswith(f"not all files could be restored, see {kept.relative_to(folder)}")
    assert kept.read_bytes() in OLD.values()
    kept.unlink()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO], ids=errno.errorcode.get)
@pytest.mark.parametrize("moment", ["write", "flush", "close"])
@WRITERS
def test_a_disk_that_refuses_late_is_heard(folder, monkeypatch, write, new, code, moment):
    fdopen = os.fdopen

    class Late:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.close()

        def close(self):
            if not self.file.closed:
                self.file.close()
                self.fail("close")

        def fail(self, now):
            if now == moment:
                raise OSError(code, os.strerror(code))

        def write(self, data):
            self.fail("write")
            return self.file.write(data)

        def flush(self):
            self.fail("flush")
            self.file.flush()

    monkeypatch.setattr(os, "fdopen", lambda descriptor, mode: Late(fdopen(descriptor, mode)))
    start_over(folder)
    with pytest.raises(FileError, match=os.strerror(code).lower()):
        write([])
    assert contents(folder) == OLD


# ---- signals ----------------------------------------------------------------------------------------


@pytest.fixture
def ending(monkeypatch):
    """Receive signals as the command does, which remembers the one that ends it."""
    monkeypatch.setattr(signals, "_signalled", None)
    before = {number: signal.getsignal(number) for number in signals.ENDING}

    def receive():
        for number in signals.ENDING:
            signal.signal(number, signals.end)

    yield receive
    for number, handler in before.items():
        signal.signal(number, handler)


def check_whole(folder, new):
    """All is as before, or as after."""
    found = contents(folder)
    assert found in (OLD, new)


@pytest.mark.parametrize("second", [None, 1, 2, 5], ids=lambda after: "alone" if after is None else f"then {after}")
@WRITERS
def test_a_signal_at_any_call_leaves_all_or_nothing(folder, ending, write, new, second):
    def interrupted_at(moment):
        def happens(number):
            if number == moment:
                os.kill(os.getpid(), signal.SIGINT)
            elif second is not None and number == moment + second:
                os.kill(os.getpid(), signal.SIGTERM)

        start_over(folder)
        ending()
        try:
            with at_calls(happens):
                write([])
        except KeyboardInterrupt:
            check_whole(folder, new)
            return True
        assert contents(folder) == new
        return False

    assert len(list(outcomes(interrupted_at))) > 15


@pytest.mark.parametrize(
    ("write", "new", "numbers"),
    [
        pytest.param(write_several, NEW, (signal.SIGINT,), marks=pytest.mark.thorough),
        pytest.param(write_several, NEW, (signal.SIGINT, signal.SIGTERM), marks=pytest.mark.thorough),
        pytest.param(write_in_place, IN_PLACE, (signal.SIGTERM,), marks=pytest.mark.thorough),
        (write_in_place, IN_PLACE, (signal.SIGINT, signal.SIGTERM)),
    ],
)
def test_a_signal_at_any_line_leaves_all_or_nothing(folder, ending, write, new, numbers):
    """Between two lines of Python more happens than between two calls to the system."""
    ours = str(Path(atomic_write.__file__).parent.parent)

    def interrupted_at(moment):
        lines = itertools.count(1)

        def trace(frame, event, _):
            if not frame.f_code.co_filename.startswith(ours):
                return None
            if event == "line" and 0 <= next(lines) - moment < len(numbers):
                sent.append(frame.f_lineno)
                os.kill(os.getpid(), numbers[len(sent) - 1])
            return trace

        start_over(folder)
        ending()
        sent = []
        before = sys.gettrace()
        try:
            sys.settrace(trace)
            write([])
        except (KeyboardInterrupt, SystemExit):
            sys.settrace(before)
            check_whole(folder, new)
            return True
        finally:
            sys.settrace(before)
        assert contents(folder) == new
        return bool(sent)

    assert len(list(outcomes(interrupted_at))) > 100
