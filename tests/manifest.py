"""A manifest of what the program does, a line for each of some thousand calls: proof of a restructuring.

    python tests/manifest.py write FILE [--quick] [--only PATTERN] [--cores N] [--processes N]
    python tests/manifest.py compare OLD NEW [--ignore-messages] [--common] [--only PATTERN]
    python tests/manifest.py show PATTERN

The program is the `imfilter` that the interpreter imports: run this file with the interpreters of two environments, and
compare what they write. A line holds the exit codes of a case, a digest of every file that it wrote, a digest of what
it printed, and what it said. The program is known by its command line and its catalogue alone, so that this file
outlives any move of what lies below them.

Every case runs in an empty folder, a few in each copy of a process that has imported what the program imports. What
differs from run to run by its nature is masked, and nothing else: the seconds and the rate of images in the summary of
a batch and in the lines of `--json`, and the path of the folder.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import importlib
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from manifest_cases import WARM, Case, cases

Program = Callable[[], int]
"""Runs the command line that `sys.argv` holds; returns the exit code."""

ENVIRONMENT = {"COLUMNS": "80", "LC_ALL": "C.UTF-8", "TERM": "dumb", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
FOREIGN = ("IMFILTER", "_IMFILTER", "MAKE", "MFLAGS", "PYTHONIOENCODING", "PYTHONWARNINGS", "NO_COLOR", "FORCE_COLOR")
"""The beginnings of variables that would change what the program says."""
TOGETHER = 25
"""Cases that one process runs one after the other, as tests do; one for each would cost half as much again."""
DEADLINE = 120
"""Seconds after which a call is ended; it stops nothing but a hang."""
PAST, FUTURE = 10**9, 4 * 10**9
"""When the inputs were written, and when those are that a case touches."""
MASKS = (
    (re.compile(rb'("(?:seconds|megapixels_per_second)": )[^,}]+'), rb"\g<1>0"),
    (re.compile(rb"\bin \d+\.\d\d s\b"), b"in 0 s"),
    (re.compile(rb"\b\d+\.\d MP/s"), b"0 MP/s"),
)
ERROR = re.compile(rb'("error": )("(?:[^"\\]|\\.)*")')
"""The words in a line of `--json`."""


class Record(NamedTuple):
    """What a case left behind."""

    codes: list[int]
    files: dict[str, str]
    """Of each file that was written, changed or removed: its digest, and its mode where that is unusual."""
    printed: dict[str, str]
    """Of each line of `--json` its digest, or one of all that was printed for programs; with the number of the call."""
    said: str
    """What was said to people."""


# ---- running ----------------------------------------------------------------------------------------


class Runner:
    """Runs cases in a folder below *room*, whose `inputs` hold the files that they may name."""

    def __init__(self, program: Program, room: Path, inputs: Path) -> None:
        self.program, self.inputs = program, inputs
        self.folder = room / "case"
        self._written = [(room / "out", "wb"), (room / "err", "wb")]
        self._known = sorted(os.listdir(inputs))
        self._environment = dict(os.environ)
        room.mkdir(exist_ok=True)

    def record(self, case: Case) -> Record:
        """Run a case."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self._place(" ".join(case.calls))
        before = state(self.folder)
        codes, printed, said = [], {}, []
        for line in case.calls:
            words = line.split(" ", 1) if line.startswith("$ ") else shlex.split(line)
            if words and words[0] in ("rm", "touch", "cp", "with"):
                self._act(*words)
                continue
            code, out, words_said = self._call(words, dict(case.env))
            codes.append(code)
            said.append(words_said)
            if case.prose:
                said.append(out)
            else:
                said += [found[2] for found in ERROR.finditer(out)]
                printed |= {f"{key} ({len(codes)})": value for key, value in parts(ERROR.sub(rb'\1"..."', out)).items()}
        after = state(self.folder)
        files = {
            name: after.get(name, "gone") for name in sorted({*before, *after}) if before.get(name) != after.get(name)
        }
        text = b"".join(said).decode("utf-8", "backslashreplace")
        return Record(codes, files, printed, text)

    def _place(self, text: str) -> None:
        """Copy the inputs that *text* names into the folder."""
        names = {word.partition("/")[0] for word in re.split(r"""[\s'"=]+""", text)}
        for name in self._known:
            if name in names or (len(name.split()) > 1 and name in text):
                source, copy = self.inputs / name, self.folder / name
                if name == "kinds":  # two hundred files, which nothing writes to
                    copy.symlink_to(source)
                elif source.is_symlink() or source.is_file():
                    shutil.copy2(source, copy, follow_symlinks=False)
                else:
                    shutil.copytree(source, copy, symlinks=True)

    def _act(self, verb: str, *names: str) -> None:
        """Do to files what lies between two calls."""
        paths = [self.folder / name for name in names]
        if verb == "rm":
            paths[0].unlink()
        elif verb == "touch":
            os.utime(paths[0], (FUTURE, FUTURE))
        elif verb == "cp":
            shutil.copyfile(*paths)

    def _call(self, words: Sequence[str], env: dict[str, str]) -> tuple[int, bytes, bytes]:
        """Run one call; return its exit code, standard output and standard error, masked."""
        source = "/dev/null"
        if "<" in words:
            at = list(words).index("<")
            source, words = words[at + 1], words[:at]
        os.environ.clear()
        os.environ.update(self._environment | env)
        os.chdir(self.folder)
        signal.alarm(DEADLINE)
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(open(path, mode)) for path, mode in ((source, "rb"), *self._written)]
            code = in_shell(words[1], streams) if words[:1] == ["$"] else in_process(self.program, words, streams)
        signal.alarm(0)
        out, err = (path.read_bytes() for path, _ in self._written)
        return code, self._masked(out), self._masked(err)

    def _masked(self, text: bytes) -> bytes:
        return masked(text.replace(os.fsencode(self.folder), b"<folder>"))


def in_shell(line: str, streams: Sequence[IO[bytes]]) -> int:
    """Run a line of shell in which `imfilter` is the program; return its exit code."""
    function = f'imfilter() {{ {shlex.quote(sys.executable)} -m imfilter "$@"; }}; '
    stdin, stdout, stderr = streams
    words = ["/bin/bash", "-o", "pipefail", "-c", function + line]
    return subprocess.run(words, stdin=stdin, stdout=stdout, stderr=stderr, check=False).returncode


def in_process(program: Program, words: Sequence[str], streams: Sequence[IO[bytes]]) -> int:
    """Run the program here, with the three standard streams; return its exit code."""
    names = ("stdin", "stdout", "stderr")
    before = sys.argv, *(getattr(sys, name) for name in names)
    kept = [os.dup(number) for number in range(3)]
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream.fileno(), number)
            mode = "w" if number else "r"
            wrapped = os.fdopen(number, mode, encoding="utf-8", errors="surrogateescape", closefd=False)
            setattr(sys, names[number], wrapped)
        sys.argv = ["imfilter", *words]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = program()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except Exception as error:  # a bug, whose place in the code is not compared
            code = 1
            os.write(2, "".join(traceback.format_exception_only(error)).encode())
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        return code
    finally:
        sys.argv = before[0]
        for number, name in enumerate(names):
            setattr(sys, name, before[number + 1])
            os.dup2(kept[number], number)
            os.close(kept[number])


def forked(work: Callable[[], None]) -> int:
    """Do some work in a copy of this process; return the copy's number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a test runner has threads, whose locks the copy does not need
        process = os.fork()
    if process:
        return process
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def masked(text: bytes) -> bytes:
    """Return *text* without what differs from run to run; an image's bytes are left as they are."""
    if b"\0" in text:
        return text
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


def state(folder: Path) -> dict[str, str]:
    """Return the files, links and folders below a folder, with digests of what they hold."""
    found = {}
    for top, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(top, name)
            shown = ascii(str(path.relative_to(folder)))[1:-1]
            if path.is_symlink():
                found[shown] = f"-> {path.readlink()}"
            elif path.is_dir():
                found[shown + "/"] = "folder"
            else:
                mode = path.stat().st_mode
                found[shown] = digest(path.read_bytes()) + (f" {mode:o}" if mode != 0o100644 else "")
    return found


def parts(out: bytes) -> dict[str, str]:
    """Return a digest of standard output; of the lines of `--json`, one for each input."""
    lines = out.splitlines()
    if lines and all(line.startswith(b'{"schema"') for line in lines):
        return {json.loads(line).get("input", "summary"): digest(line) for line in lines}
    return {"standard output": digest(out)} if out else {}


def digest(data: bytes) -> str:
    """Return the beginning of a digest, as long as no two files of a manifest will ever share."""
    return hashlib.sha256(data).hexdigest()[:24]


def preload(runner: Runner, calls: Sequence[str], listed: Path) -> None:
    """Import what the program imports in *calls*, so that no copy of this process has to."""

    def work() -> None:
        for number, call in enumerate(calls):
            runner.record(Case(f"preload {number}", (call,)))
        listed.write_text("\n".join(sys.modules))

    os.waitpid(forked(work), 0)
    for name in listed.read_text().splitlines():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


# ---- the manifest -----------------------------------------------------------------------------------


def write(
    path: Path, cases: Sequence[Case], program: Program, room: Path, *, warm: Sequence[str], processes: int
) -> None:
    """Run all cases, in so many processes at a time, and write their lines."""
    os.umask(0o022)
    inputs = room / "inputs"
    if len(cases) > len(warm):
        preload(Runner(program, room / "warm", inputs), warm, room / "modules")
    gc.collect()
    gc.freeze()  # or each copy of this process would copy what its collector looks at
    gc.disable()
    found: dict[str, str] = {}
    waiting = [cases[at : at + TOGETHER] for at in range(0, len(cases), TOGETHER)]
    running: dict[int, tuple[Sequence[Case], Path]] = {}
    numbers = itertools.count()
    while waiting or running:
        while waiting and len(running) < processes:
            some, place = waiting.pop(0), room / f"room{next(numbers)}"
            running[forked(lambda some=some, place=place: _run_some(Runner(program, place, inputs), some))] = (
                some,
                place,
            )
        process, status = os.wait()
        some, place = running.pop(process)
        lines = (place / "lines").read_text(encoding="ascii").splitlines(keepends=True)
        found |= {case.name: text for case, text in zip(some, lines, strict=False)}
        if status:
            died = some[len(lines)]
            said = f"the process ended with {os.waitstatus_to_exitcode(status)}\n"
            found[died.name] = line(died.name, Record([], {}, {}, said))
            waiting.append(some[len(lines) + 1 :])
        shutil.rmtree(place)
    path.write_text("".join(found[case.name] for case in cases), encoding="ascii")


def _run_some(runner: Runner, cases: Sequence[Case]) -> None:
    with (runner.folder.parent / "lines").open("w", encoding="ascii", buffering=1) as file:
        for case in cases:
            file.write(line(case.name, runner.record(case)))


def line(name: str, record: Record) -> str:
    """Return the line of a case."""
    return json.dumps({"case": name, **record._asdict()}) + "\n"


def read(path: Path) -> dict[str, Record]:
    """Return the records of a manifest by their cases."""
    found = map(json.loads, path.read_text(encoding="ascii").splitlines())
    return {values.pop("case"): Record(**values) for values in found}


def differences(old: Record, new: Record, ignore_messages: bool) -> list[str]:
    """Return what differs, a line each; of messages that are ignored, whether there was one."""
    found = []
    if old.codes != new.codes:
        found.append(f"exit codes: {old.codes} before, {new.codes} now")
    for what, before, now in (("file", old.files, new.files), ("printed", old.printed, new.printed)):
        for name in sorted({*before, *now}):
            if before.get(name) != now.get(name):
                found.append(f"{what} {name}: {before.get(name, 'none')} before, {now.get(name, 'none')} now")
    if list(old.printed) != list(new.printed) and old.printed.keys() == new.printed.keys():
        found.append("the order of the printed lines")
    if (bool(old.said) != bool(new.said)) if ignore_messages else (old.said != new.said):
        before, now = old.said.splitlines(), new.said.splitlines()
        lines = [f"- {text}" for text in before if text not in now] + [
            f"+ {text}" for text in now if text not in before
        ]
        found += lines or ["the order or number of the lines that were said"]
    return found


def compare(old: dict[str, Record], new: dict[str, Record], ignore_messages: bool = False) -> list[str]:
    """Return the differing cases, and what differs, as lines."""
    lines = []
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new or name not in old:
            lines.append(f"{name}\n    only in the {'old' if name in old else 'new'} manifest")
        elif found := differences(old[name], new[name], ignore_messages):
            lines.append("\n    ".join([name, *found]))
    return lines


# ---- the command ------------------------------------------------------------------------------------


def main() -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write", help="run the cases and write their manifest")
    writing.add_argument("file", type=Path)
    writing.add_argument("--quick", action="store_true", help="a subset: every operator, few images, all refusals")
    writing.add_argument("--cores", type=int, default=1, help="the program's cores (IMFILTER_JOBS)")
    writing.add_argument("--processes", type=int, default=1, help="processes that share the cases")
    comparing = commands.add_parser("compare", help="say what differs; exit with 1 if anything does")
    comparing.add_argument("old", type=Path)
    comparing.add_argument("new", type=Path)
    comparing.add_argument("--common", action="store_true", help="pass over cases that only one of them has")
    comparing.add_argument(
        "--ignore-messages", action="store_true", help="look over other words, not over their absence"
    )
    showing = commands.add_parser("show", help="run cases and print what they leave behind")
    for command in (writing, comparing):
        command.add_argument("--only", metavar="PATTERN", default="", help="cases whose name matches the expression")
    showing.add_argument("only", metavar="PATTERN")
    options = parser.parse_args()
    if options.command == "compare":
        return _compare(options)
    return _run(options)


def _compare(options: argparse.Namespace) -> int:
    old, new = (
        {name: record for name, record in read(path).items() if re.search(options.only, name)}
        for path in (options.old, options.new)
    )
    if options.common:
        old, new = ({name: record for name, record in one.items() if name in old and name in new} for one in (old, new))
    found = compare(old, new, options.ignore_messages)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} of {len({*old, *new})} cases differ")
    return 1 if found else 0


def _run(options: argparse.Namespace) -> int:
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ.update(ENVIRONMENT)
    os.environ["IMFILTER_JOBS"] = str(getattr(options, "cores", 1))
    warnings.simplefilter("ignore")
    # What NumPy reads when it is imported has been said by now.
    import manifest_inputs
    from imfilter.cli.app import run

    began = time.perf_counter()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # half the time is the disk's
    with tempfile.TemporaryDirectory(prefix="manifest-", dir=memory) as room:
        inputs = Path(room, "inputs")
        inputs.mkdir()
        with contextlib.chdir(inputs):
            names = manifest_inputs.write()
        for top, _, files in os.walk(inputs):
            for name in files:
                os.utime(Path(top, name), (PAST, PAST), follow_symlinks=False)
        wanted = [case for case in cases(*names) if re.search(options.only, case.name)]
        if options.command == "show":
            runner = Runner(run, Path(room, "show"), inputs)
            for case in wanted:
                print(
                    case.name,
                    *(f"$ {call}" for call in case.calls),
                    json.dumps(runner.record(case)._asdict(), indent=1),
                    sep="\n",
                )
            return 0
        if options.quick:
            wanted = [case for case in wanted if case.quick]
        write(options.file, wanted, run, Path(room), warm=WARM, processes=options.processes)
    print(f"{len(wanted)} cases in {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
