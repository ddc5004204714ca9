"""Find the inputs below a folder in a store with one listing, by their names alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..console.messages import shown
from ..errors import UsageError
from ..images import formats, zarr_mark
from ..images.zarr_folder import joint_tag
from ..stores import objects
from ..stores.failures import StoreError
from ..stores.names import HTTPS
from .input_rules import CLUTTER, Fate, InputRules


def listed(folder: str, rules: InputRules, tags: dict[str, str]) -> Iterator[tuple[str, Fate]]:
    """Yield the path of each object below *folder* in a store, and what becomes of it; its tag is added to *tags*.

    Only the name decides: reading each object would take as long as filtering it.
    """
    if folder.startswith(HTTPS):
        raise UsageError(f"{shown(folder)}: https:// cannot list folders; name pictures, or use --files-from")
    try:
        tags.update((one.place, one.tag) for one in objects.listed(folder) if one.place)
    except StoreError as error:
        raise UsageError(f"{shown(folder)}: cannot be listed: {error}") from None
    prefixes = [prefix.rstrip("/") + "/" for prefix in rules.prefixes]
    below, deeper = folder.rstrip("/") + "/", dict[str, None]()
    _join_zarrs(tags)
    for place in sorted(tags):
        inner, _, name = place.rpartition("/")
        if any((below + place).startswith(prefix) for prefix in prefixes):
            continue
        above = inner.split("/") if inner else []
        if any(part.startswith(".") for part in above):
            continue
        if inner and not rules.recursive:
            deeper.setdefault(above[0])
            continue
        yield place, _fate_by_name(place, name, above, rules)
    for name in deeper:
        yield name, Fate.SUBFOLDER


def _join_zarrs(tags: dict[str, str]) -> None:
    """Put in the place of the objects of each Zarr the Zarr itself, which is one picture."""
    zarrs: dict[str, dict[str, str]] = {}
    for place in [place for place in tags if zarr_mark.SUFFIX + "/" in place]:
        way = place.split("/")
        depth = next(at for at, part in enumerate(way) if part.endswith(zarr_mark.SUFFIX)) + 1
        zarrs.setdefault("/".join(way[:depth]), {})["/".join(way[depth:])] = tags.pop(place)
    tags.update((zarr, joint_tag(found)) for zarr, found in zarrs.items())


def _fate_by_name(place: str, name: str, above: Sequence[str], rules: InputRules) -> Fate:
    """Return what becomes of an object, below folders of these names."""
    way = ["/".join(above[: at + 1]) for at in range(len(above))]
    if any(rules.excludes(folder, folder.rpartition("/")[2]) for folder in way) or rules.excludes(place, name):
        return Fate.EXCLUDED
    if rules.include and not rules.including(place, name):
        return Fate.UNMATCHED
    hidden = name.startswith(".") or name.lower() in CLUTTER
    return Fate.OTHER if hidden or formats.suffix_of(name) not in formats.PROMISING else Fate.TAKEN
