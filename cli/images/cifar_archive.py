"""CIFAR-10 and CIFAR-100 as they are published: all batches, binary or pickled, in a tar archive compressed with gzip.

The training images come first, batch by batch, then the test images, whatever the order in the archive. The batches
are unpacked once, into a nameless temporary file, so that they take no memory; nothing is unpickled.
"""

from __future__ import annotations

import mmap
import tarfile
import tempfile
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from ..console import faults
from ..console.messages import reason, shown
from . import cifar, cifar_pickle
from .cifar import HUNDRED, SAMPLES, TEN, Kind
from .codec import Codec, not_written
from .idx import Unpacker
from .labels import Labels, joined
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode

MOST = 1 << 28
"""Most bytes that are unpacked from an archive: the published ones have up to 187 million."""
TRAINING = *(f"data_batch_{number}" for number in range(1, 6)), "train"
TEST = "test_batch", "test"
NAMES = (*TRAINING, *TEST)
"""The batches in their order; binary ones end in .bin."""
OF_CLASSES = {
    "batches.meta.txt": ("",),
    "fine_label_names.txt": ("",),
    "coarse_label_names.txt": ("",),
    "batches.meta": ("label_names",),
    "meta": ("fine_label_names", "coarse_label_names"),
}
"""The files of the names of classes, and under which keys they are there; those of superclasses come last."""
MOST_OF_CLASSES = 1 << 16
FAILURES = tarfile.TarError, ValueError, OverflowError, EOFError


class _Batch(NamedTuple):
    """Some images."""

    kind: Kind
    samples: Array
    """``(count, 3072)``, plane by plane."""
    labels: Labels


class _Stream:
    """The unpacked data of a gzip file, as a file that is read to its end."""

    def __init__(self, data: Any) -> None:
        self._unpacker = Unpacker(data)

    def read(self, length: int) -> bytes:
        """Return the next bytes; raises `DecodeError`."""
        if self._unpacker.at > MOST:
            raise DecodeError(f"unpacks to more than the {MOST >> 20} MiB that CIFAR has")
        return self._unpacker.read(length)


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the images; raises `DecodeError`."""
    try:
        with tempfile.TemporaryFile() as file:
            places, names = _unpacked(begun.data, file)
            file.flush()
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if places else memoryview(b"")
    except OSError as error:
        why = faults.lacking(error) or reason(error)
        raise DecodeError(f"cannot be unpacked into the folder for temporary files ({why})") from None
    batches = [_batch(name, data[slice(*places[name])]) for name in sorted(places, key=_order)]
    kinds = {batch.kind for batch in batches}
    if len(kinds) != 1:
        raise DecodeError("holds no CIFAR batches" if not kinds else "holds batches of both CIFAR-10 and CIFAR-100")
    kind, count = kinds.pop(), sum(len(batch.samples) for batch in batches)
    cifar.check_size(options, count)
    labels = joined([batch.labels for batch in batches])
    assert labels is not None
    classes = [words for name in OF_CLASSES for words in names.get(name, ())]
    known = [words for words, wanted in zip(classes, (kind.classes, kind.coarse), strict=False) if len(words) == wanted]
    labels = labels._replace(**dict(zip(("classes", "coarse_classes"), known, strict=False)))
    stacks = [batch.samples for batch in batches]
    found = cifar.frames(kind, count, lambda first, last: _part(stacks, first, last), labels)
    found.format = "cifar100-tar" if kind.coarse else "cifar10-tar"
    return found


def _unpacked(data: Any, file: Any) -> tuple[dict[str, tuple[int, int]], dict[str, list[tuple[str, ...]]]]:
    """Unpack the batches into a *file*; return where each is, and the names of classes. Raises `DecodeError`."""
    places: dict[str, tuple[int, int]] = {}
    names: dict[str, list[tuple[str, ...]]] = {}
    stream: Any = _Stream(data)
    try:
        with tarfile.open(fileobj=stream, mode="r|", errors="surrogateescape") as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]
                name = info.name.rpartition("/")[2]
                member = archive.extractfile(info) if info.isreg() else None
                if member is None:
                    continue
                if name in OF_CLASSES:
                    text = member.read(MOST_OF_CLASSES)
                    names[name] = [_names(name, text, key) for key in OF_CLASSES[name]]
                elif name.removesuffix(".bin") in NAMES:
                    if name in places:
                        raise DecodeError(f"holds {shown(name)} twice")
                    start = file.tell()
                    while piece := member.read(1 << 20):
                        file.write(piece)
                    if file.tell() - start != info.size:
                        raise DecodeError(f"is damaged or truncated ({shown(name)} is cut off)")
                    places[name] = start, file.tell()
            while stream.read(1 << 20):  # the checksum is at the end
                pass
    except FAILURES as error:
        raise DecodeError(f"is damaged or truncated ({error})") from None
    return places, names


def _names(name: str, data: bytes, key: str) -> tuple[str, ...]:
    try:
        return cifar_pickle.class_names(data, key) if key else tuple(data.decode().split())
    except UnicodeDecodeError:
        raise DecodeError(f"its {name} is not a list of class names") from None
    except DecodeError as error:
        raise DecodeError(f"{name}: {error}") from None


def _order(name: str) -> int:
    return NAMES.index(name.removesuffix(".bin"))


def _batch(name: str, data: memoryview) -> _Batch:
    """Return the images of a batch; raises `DecodeError`."""
    if not name.endswith(".bin"):
        try:
            return _Batch(*cifar_pickle.read(data))
        except DecodeError as error:
            raise DecodeError(f"{name}: {error}") from None
    kind = HUNDRED if name in ("train.bin", "test.bin") else TEN
    length = kind.length + SAMPLES
    if not data or len(data) % length:
        raise DecodeError(f"{name}: is damaged or truncated (its length is not a multiple of {length})")
    records = np.frombuffer(data, np.uint8).reshape(-1, length)
    labels = records[:, : kind.length].copy()
    return _Batch(kind, records[:, kind.length :], Labels(labels[:, -1], labels[:, 0] if kind.coarse else None))


def _part(stacks: list[Array], first: int, last: int) -> Array:
    """Return some images of batches that follow each other."""
    found, start = [], 0
    for stack in stacks:
        if first < start + len(stack) and last > start:
            found.append(stack[max(first - start, 0) : last - start])
        start += len(stack)
    return found[0] if len(found) == 1 else np.concatenate(found)


CODEC = Codec(finish, not_written)
