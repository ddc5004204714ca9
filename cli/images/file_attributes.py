"""Copying owner, mode, ACL and extended attributes from a replaced file to its successor."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import Any

from ..console.messages import reason
from ..system import module

ACLS = ("system.posix_acl_access", "system.nfs4_acl")
"""The extended attributes that hold access control lists."""
LABELS = ("security.selinux", "security.SMACK64")
"""Attributes that restrict access. Other system attributes are digests of the contents, which are new."""


def hand_on(old: os.stat_result, source: str | Path, descriptor: int) -> list[str]:
    """Give the new file *descriptor* the attributes of the *old* one at *source*; return notes on lost ones.

    If the group is lost, the new one gets only the permissions of everybody.
    """
    notes = _own(old, descriptor)
    wanted = _attributes(source)
    notes += _remove(descriptor, [name for name in ACLS if name not in wanted])
    others = [name for name in wanted if name not in ACLS]
    notes += _set(descriptor, {name: wanted[name] for name in others})  # a read-only file accepts none
    new, mode = os.fstat(descriptor), stat.S_IMODE(old.st_mode)
    if new.st_gid != old.st_gid:
        mode = mode & ~(stat.S_ISGID | 0o070) | (mode & 0o007) << 3 & mode
    if new.st_uid != old.st_uid:
        mode &= ~stat.S_ISUID
    change: Any = getattr(os, "fchmod", None)
    if mode != stat.S_IMODE(new.st_mode) and change is not None:
        try:
            change(descriptor, mode)
        except OSError as error:  # as on a disk of a camera
            notes.append(f"the permissions of the replaced file could not be kept: {reason(error)}")
    return notes + _set(descriptor, {name: wanted[name] for name in ACLS if name in wanted})


def _remove(descriptor: int, lists: list[str]) -> list[str]:
    """Remove inherited access control *lists*, with which more people could open the file than before."""
    notes: list[str] = []
    if sys.platform != "linux":
        return notes
    for name in set(lists).intersection(_names(descriptor)):
        try:
            os.removexattr(descriptor, name)
        except OSError as error:
            notes.append(f"the ACL inherited from the folder could not be removed: {reason(error)}")
    return notes


def _own(old: os.stat_result, descriptor: int) -> list[str]:
    new = os.fstat(descriptor)
    if sys.platform == "win32" or (new.st_uid, new.st_gid) == (old.st_uid, old.st_gid):
        return []
    try:
        os.fchown(descriptor, old.st_uid, old.st_gid)
    except OSError:
        with contextlib.suppress(OSError):  # a group can be set by its members
            os.fchown(descriptor, -1, old.st_gid)
    new = os.fstat(descriptor)
    lost = [
        f"{what} {_name(what, id)}"
        for what, id, kept in (("owner", old.st_uid, new.st_uid), ("group", old.st_gid, new.st_gid))
        if id != kept
    ]
    return [f"the {' and '.join(lost)} of the replaced file could not be kept"] if lost else []


def _name(what: str, id: int) -> str:
    try:
        return module("pwd").getpwuid(id).pw_name if what == "owner" else module("grp").getgrgid(id).gr_name
    except KeyError:
        return str(id)


def _names(file: str | Path | int) -> list[str]:
    """Return the names of a file's extended attributes; empty if the system has none."""
    if sys.platform != "linux":
        return []
    try:
        return os.listxattr(file)
    except OSError:
        return []


def _attributes(source: str | Path) -> dict[str, bytes]:
    """Return the extended attributes to copy."""
    found: dict[str, bytes] = {}
    if sys.platform != "linux":
        return found
    for name in _names(source):
        if name.startswith("user.") or name in (*ACLS, *LABELS):
            with contextlib.suppress(OSError):  # an unreadable attribute is not the user's
                found[name] = os.getxattr(source, name)
    return found


def _set(descriptor: int, attributes: dict[str, bytes]) -> list[str]:
    notes: list[str] = []
    if sys.platform != "linux":
        return notes
    for name, value in attributes.items():
        try:
            os.setxattr(descriptor, name, value)
        except OSError as error:
            if name not in LABELS:  # the system sets its own labels
                what = "ACL" if name in ACLS else f"extended attribute {name}"
                notes.append(f"the {what} of the replaced file could not be kept: {reason(error)}")
    return notes
