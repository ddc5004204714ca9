"""Lets the program find what another system has: a process imports this when it starts, as the worker of a batch does.

Only the program's own modules see that system: the libraries beside it are those of this one. What Windows has is in
Python's documentation of `os` and `signal` (availability), what its calls refuse in Microsoft's of `CreateFile`,
`MoveFileEx` and `DeleteFile`. Paths and the disk stay this system's.
"""

import builtins
import errno
import io
import os
import pathlib
import select
import signal
import socket
import sys
import tempfile
import types
from pathlib import Path

PROGRAM = "imfilter"
BYTES = 1 << 30
NO_MODULES = {
    "windows": {"_posixsubprocess", "fcntl", "grp", "pwd", "pty", "readline", "resource", "syslog", "termios", "tty"},
    "macos": set(),
}
"""What nothing can import; but `_posixsubprocess`, by which this system starts processes, the program alone cannot."""
WINDOWS_OS = """
    F_OK R_OK W_OK X_OK O_APPEND O_CREAT O_EXCL O_RDONLY O_RDWR O_TRUNC O_WRONLY SEEK_CUR SEEK_END SEEK_SET DirEntry
    PathLike abort access altsep chdir chmod close closerange cpu_count curdir defpath device_encoding devnull dup dup2
    environ error execv execve execvp execvpe extsep fdopen fsdecode fsencode fspath fstat fsync ftruncate get_exec_path
    get_inheritable get_terminal_size getcwd getcwdb getenv getlogin getpid getppid isatty kill linesep link listdir
    lseek lstat makedirs mkdir name open pardir path pathsep pipe popen process_cpu_count putenv read readlink remove
    removedirs rename renames replace rmdir scandir sep set_inheritable spawnl spawnle spawnv spawnve stat stat_result
    strerror symlink system terminal_size times times_result truncate umask unlink unsetenv urandom utime waitpid
    waitstatus_to_exitcode walk write
""".split()
MACOS_LACKS = """
    O_DIRECT O_LARGEFILE O_NOATIME O_PATH O_TMPFILE copy_file_range eventfd getrandom getxattr listxattr memfd_create
    pidfd_open posix_fadvise posix_fallocate removexattr sched_getaffinity sched_setaffinity setxattr splice
""".split()
WINDOWS_SIGNALS = ("SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM")
NOT_THERE = {"windows": ("/dev/", "/proc"), "macos": ("/proc",)}

real_open, real_stat, real_lstat, real_os_open = builtins.open, os.stat, os.lstat, os.open


class Seen(types.ModuleType):
    """A module as the program sees it: some of its names are others, and some are missing."""

    def __init__(self, module, others, has=lambda name: True):
        super().__init__(module.__name__)
        self.__dict__.update({"_module": module, "_has": has, **others})

    def __getattr__(self, name):
        if self._has(name):
            return getattr(self._module, name)
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

    def __setattr__(self, name, value):
        setattr(self._module, name, value)


# ---- files ------------------------------------------------------------------------------------------


def refuse_open(path):
    """Windows neither renames nor removes what is open."""
    path = os.path.realpath(path)
    opened = {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}
    with real_open("/proc/self/maps") as maps:
        if path in opened or any(line.rstrip().endswith(path) for line in maps):
            raise PermissionError(errno.EACCES, "it is open", path)


def without_folders(call):
    """A call that takes no open folder."""

    def calling(*arguments, dir_fd=None, src_dir_fd=None, dst_dir_fd=None, **options):
        if not dir_fd == src_dir_fd == dst_dir_fd is None:
            raise NotImplementedError("dir_fd unavailable on this platform")
        return call(*arguments, **options)

    return calling


@without_folders
def windows_open(path, flags, mode=0o777):
    if path != os.devnull and not flags & BYTES:
        raise ValueError(f"{path} is opened as a text, whose lines are translated")
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "it is a folder", path)
    return os.open(path, flags & ~BYTES, mode)


@without_folders
def windows_rename(old, new):
    if os.path.lexists(new):
        raise FileExistsError(errno.EEXIST, "it exists", new)
    windows_replace(old, new)


@without_folders
def windows_replace(old, new):
    if os.path.isdir(new):
        raise PermissionError(errno.EACCES, "it is a folder", new)
    refuse_open(old)
    refuse_open(new)
    os.replace(old, new)


@without_folders
def windows_unlink(path):
    refuse_open(path)
    os.unlink(path)


@without_folders
def windows_utime(path, times=None, *, ns=None, follow_symlinks=True):
    if isinstance(path, int):
        raise TypeError("utime: path should be string, bytes or os.PathLike, not int")
    if not follow_symlinks:
        raise NotImplementedError("utime: follow_symlinks unavailable on this platform")
    os.utime(path, times, ns=ns)


def path_unlink(path, missing_ok=False):
    try:
        windows_unlink(path)
    except FileNotFoundError:
        if not missing_ok:
            raise


def windows_files():
    pathlib.Path.unlink = path_unlink
    pathlib.Path.rename = windows_rename
    pathlib.Path.replace = windows_replace
    calls = {name: without_folders(getattr(os, name)) for name in ("stat", "mkdir", "readlink", "link")}
    calls |= {"open": windows_open, "rename": windows_rename, "replace": windows_replace, "utime": windows_utime}
    calls |= {"unlink": windows_unlink, "remove": windows_unlink}
    no_calls = {f"supports_{what}": set() for what in ("dir_fd", "follow_symlinks", "fd", "effective_ids")}
    return Seen(os, {**calls, **no_calls, "name": "nt", "O_BINARY": BYTES}, WINDOWS_OS.__contains__)


def hide(folders):
    """Let there be no file below some folders, but the null device."""

    def absent(path):
        name = os.fspath(path) if isinstance(path, (str, Path)) else ""
        return name.startswith(folders) and name != os.devnull

    def hidden(call):
        def calling(path, *arguments, **options):
            if absent(path):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            return call(path, *arguments, **options)

        return calling

    os.stat, os.lstat, os.open = map(hidden, (real_stat, real_lstat, real_os_open))
    builtins.open = io.open = hidden(real_open)


# ---- signals, processes, memory ---------------------------------------------------------------------


def windows_signals():
    known = {name: getattr(signal, name) for name in WINDOWS_SIGNALS} | {"SIGBREAK": signal.Signals(21)}

    def handle(number, handler):
        if number not in known.values():
            raise ValueError("invalid signal value")
        return signal.signal(number, handler)

    names = (
        "SIG_DFL SIG_IGN Signals Handlers default_int_handler getsignal raise_signal strsignal valid_signals".split()
    )
    return Seen(signal, {**known, "signal": handle}, names.__contains__)


def windows_select(readers, writers, others, timeout=None):
    if not all(isinstance(one, socket.socket) for one in (*readers, *writers, *others)):
        raise OSError(10038, "an operation was attempted on something that is not a socket")
    return select.select(readers, writers, others, timeout)


def windows_processes():
    import multiprocessing

    def get_context(method=None):
        if method not in (None, "spawn"):
            raise ValueError(f"cannot find context for {method!r}")
        return multiprocessing.get_context("spawn")

    lacks = {"forkserver", "resource_tracker"}
    return Seen(multiprocessing, {"get_context": get_context}, lambda name: name not in lacks)


def windows_memory():
    import ctypes

    def status(reference):
        """GlobalMemoryStatusEx, of MEMORYSTATUSEX: two numbers of 32 bits, seven of 64."""
        found = reference._obj
        if ctypes.sizeof(found) != 64 or found[0] != 64:
            return 0
        found[1], found[2] = 16 << 30, 6 << 30
        return 1

    return Seen(ctypes, {"windll": types.SimpleNamespace(kernel32=types.SimpleNamespace(GlobalMemoryStatusEx=status))})


# ---- what the program imports -----------------------------------------------------------------------


def let_the_program_see(system):
    if system == "windows":
        seen = {
            "os": windows_files(),
            "sys": Seen(sys, {"platform": "win32"}),
            "signal": windows_signals(),
            "select": Seen(select, {"select": windows_select}, ("error",).__contains__),
            "tempfile": Seen(tempfile, {"TemporaryFile": tempfile.NamedTemporaryFile}),
        }
        late = {"multiprocessing": windows_processes, "ctypes": windows_memory}
    else:
        seen = {
            "os": Seen(os, {}, lambda name: name not in MACOS_LACKS),
            "sys": Seen(sys, {"platform": "darwin"}),
        }
        late = {}
    lacks = NO_MODULES[system]
    sys.modules.update(dict.fromkeys(lacks - {"_posixsubprocess"}))
    importing = builtins.__import__

    def imported(name, globals=None, locals=None, fromlist=(), level=0):
        own = not level and globals is not None and str(globals.get("__name__")).partition(".")[0] == PROGRAM
        if own and name in late:
            seen[name] = late.pop(name)()
        if own and name in lacks:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        found = importing(name, globals, locals, fromlist, level)
        return seen[name] if own and name in seen else found

    builtins.__import__ = imported
    hide(NOT_THERE[system])


if os.environ.get("IMFILTER_SYSTEM") in NOT_THERE:
    let_the_program_see(os.environ["IMFILTER_SYSTEM"])
