"""CIFAR-10 and CIFAR-100 as pickled dictionaries, read without unpickling.

A pickle is a program for a stack machine, and may call anything in Python. Here a machine reads it that knows only the
operations for data. The constructors of NumPy arrays are kept as names with arguments; nothing is imported, and
nothing called. Sizes are checked against the rest of the file. No operation takes more memory than a few words, and a
file may have only as many operations as its images are likely to need.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from . import cifar
from .cifar import HUNDRED, SAMPLES, TEN, Kind
from .codec import Codec, not_written
from .labels import Labels
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode

OPERATIONS_AN_IMAGE, FEW_OPERATIONS = 32, 1 << 12
"""The number of operations allowed for each 3072 bytes, and in any case: an image needs four to eight, for its labels
and its name."""
LONGEST_KEY = 64
SHORT = 1 << 12
"""Most bytes that are copied; longer data are kept as views."""
NAMES = {
    (module, name): name
    for name, modules in {
        "_reconstruct": ("numpy.core.multiarray", "numpy._core.multiarray"),
        "_frombuffer": ("numpy.core.numeric", "numpy._core.numeric"),
        "ndarray": ("numpy",),
        "dtype": ("numpy",),
        "encode": ("_codecs",),
    }.items()
    for module in modules
}
"""The names that a file may use; their meaning is defined here, and runs no code."""


class Name(NamedTuple):
    """One of the names."""

    name: str


class Record:
    """A name with arguments, and the state for the object that Python would make from them."""

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name, self.arguments = name, arguments
        self.state: Any = None


class Machine:
    """Reads the operations of pickle protocols 2 to 5 that this kind of data needs, and no others.

    Lists and dictionaries are filled in place; the only strings built from others are resolved at the end.
    """

    def __init__(self, data: Any) -> None:
        self._data, self._at = memoryview(data), 0
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._most = FEW_OPERATIONS + OPERATIONS_AN_IMAGE * (len(data) // SAMPLES)

    def result(self) -> Any:
        """Return what the pickle holds; raises `DecodeError`."""
        known = _OPERATIONS
        for _ in range(self._most):
            code = self._take(1)[0]
            if code == _STOP:
                return self._pop()
            operation = known.get(code)
            if operation is None:
                raise DecodeError(
                    f"is not a CIFAR batch (its pickle uses operation 0x{code:02x}, which is not supported)"
                )
            operation(self)
        raise DecodeError("is not a CIFAR batch (its pickle has more operations than its images need)")

    def _take(self, length: int) -> Any:
        """Return the next bytes."""
        found = self._data[self._at : self._at + length]
        if len(found) < length:
            raise DecodeError("is damaged or truncated (its pickle ends early)")
        self._at += length
        return bytes(found) if length < SHORT else found

    def _number(self, format: str) -> int:
        return struct.unpack("<" + format, self._take(struct.calcsize("<" + format)))[0]

    def _line(self) -> str:
        piece = bytes(self._data[self._at : self._at + 256])
        end = piece.find(b"\n")
        if end < 0:
            raise DecodeError("is damaged or truncated (a name in its pickle has no end)")
        self._at += end + 1
        return piece[:end].decode("latin-1")

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise DecodeError("is damaged (its pickle takes more than its stack holds)")
        return self._stack.pop()

    def _pop_mark(self) -> list[Any]:
        """Return the values above the last mark."""
        if not self._marks:
            raise DecodeError("is damaged (its pickle takes more than its stack holds)")
        start = self._marks.pop()
        found = self._stack[start:]
        del self._stack[start:]
        return found

    def _top(self, kind: type) -> Any:
        top = self._pop()
        if not isinstance(top, kind):
            raise DecodeError("is damaged (its pickle appends to something other than a list or dictionary)")
        self._push(top)
        return top

    def _mark(self) -> None:
        self._marks.append(len(self._stack))

    def _protocol(self) -> None:
        if not 2 <= (number := self._number("B")) <= 5:
            raise DecodeError(f"is not a CIFAR batch (its pickle has protocol {number})")

    def _text(self, format: str) -> None:
        try:
            self._push(bytes(self._take(self._number(format))).decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            raise DecodeError("is damaged (a text in its pickle is not UTF-8)") from None

    def _tuple(self, length: int) -> None:
        found = [self._pop() for _ in range(length)]
        self._push(tuple(found[::-1]))

    def _append(self, values: list[Any]) -> None:
        self._top(list).extend(values)

    def _set(self, items: list[Any]) -> None:
        there = self._top(dict)
        if len(items) % 2:
            raise DecodeError("is damaged (a key in its pickle has no value)")
        for key, value in zip(items[::2], items[1::2], strict=True):
            there[_key(key)] = value

    def _remember(self, number: int) -> None:
        value = self._pop()
        self._memo[number] = value
        self._push(value)

    def _recall(self, number: int) -> None:
        if number not in self._memo:
            raise DecodeError("is damaged (its pickle recalls a value that it has not stored)")
        self._push(self._memo[number])

    def _name(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)) or (module, name) not in NAMES:
            said = (
                f"{module}.{name}"[:60]
                if isinstance(module, str) and isinstance(name, str)
                else ("something without a name")
            )
            raise DecodeError(f"is not a CIFAR batch (its pickle calls {ascii(said)[1:-1]}); nothing of it was run")
        self._push(Name(NAMES[module, name]))

    def _stack_name(self) -> None:
        name, module = self._pop(), self._pop()
        self._name(module, name)

    def _call(self) -> None:
        arguments, name = self._pop(), self._pop()
        if not (isinstance(name, Name) and isinstance(arguments, tuple)):
            raise DecodeError("is damaged (its pickle calls what is not a function)")
        self._push(Record(name.name, arguments))

    def _build(self) -> None:
        state = self._pop()
        self._top(Record).state = state


def _long(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


_STOP = ord(".")
_OPERATIONS: dict[int, Callable[[Machine], Any]] = {
    code[0]: operation
    for code, operation in (
        (b"\x80", Machine._protocol),
        (b"\x95", lambda machine: machine._number("Q")),
        (b"(", Machine._mark),
        (b"0", Machine._pop),
        (b"1", Machine._pop_mark),
        (b"N", lambda machine: machine._push(None)),
        (b"\x88", lambda machine: machine._push(True)),
        (b"\x89", lambda machine: machine._push(False)),
        (b"K", lambda machine: machine._push(machine._take(1)[0])),
        (b"M", lambda machine: machine._push(machine._number("H"))),
        (b"J", lambda machine: machine._push(machine._number("i"))),
        (
            b"\x8a",
            lambda machine: machine._push(_long(machine._take(machine._number("B")))),
        ),
        (b"G", lambda machine: machine._push(machine._number("d"))),
        # Strings of Python 2, bytes, and texts.
        (b"U", lambda machine: machine._push(machine._take(machine._number("B")))),
        (b"T", lambda machine: machine._push(machine._take(machine._number("I")))),
        (b"C", lambda machine: machine._push(machine._take(machine._number("B")))),
        (b"B", lambda machine: machine._push(machine._take(machine._number("I")))),
        (b"\x8e", lambda machine: machine._push(machine._take(machine._number("Q")))),
        (b"\x96", lambda machine: machine._push(machine._take(machine._number("Q")))),
        (b"\x8c", lambda machine: machine._text("B")),
        (b"X", lambda machine: machine._text("I")),
        (b"\x8d", lambda machine: machine._text("Q")),
        (b"]", lambda machine: machine._push([])),
        (b"}", lambda machine: machine._push({})),
        (b")", lambda machine: machine._push(())),
        (b"\x85", lambda machine: machine._tuple(1)),
        (b"\x86", lambda machine: machine._tuple(2)),
        (b"\x87", lambda machine: machine._tuple(3)),
        (b"t", lambda machine: machine._push(tuple(machine._pop_mark()))),
        (b"a", lambda machine: machine._append([machine._pop()])),
        (b"e", lambda machine: machine._append(machine._pop_mark())),
        (b"s", lambda machine: machine._set([machine._pop(), machine._pop()][::-1])),
        (b"u", lambda machine: machine._set(machine._pop_mark())),
        (b"q", lambda machine: machine._remember(machine._number("B"))),
        (b"r", lambda machine: machine._remember(machine._number("I"))),
        (b"\x94", lambda machine: machine._remember(len(machine._memo))),
        (b"h", lambda machine: machine._recall(machine._number("B"))),
        (b"j", lambda machine: machine._recall(machine._number("I"))),
        (b"c", lambda machine: machine._name(machine._line(), machine._line())),
        (b"\x93", Machine._stack_name),
        (b"R", Machine._call),
        (b"b", Machine._build),
    )
}


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the images; raises `DecodeError`."""
    kind, samples, labels = read(begun.data)
    cifar.check_size(options, len(samples))
    frames = cifar.frames(kind, len(samples), lambda first, last: samples[first:last], labels)
    frames.format = "cifar100-py" if kind.coarse else "cifar10-py"
    return frames


def read(data: Any) -> tuple[Kind, Array, Labels]:
    """Return the kind of a batch, its samples, ``(count, 3072)``, and its labels; raises `DecodeError`."""
    found = Machine(data).result()
    if not isinstance(found, dict) or "data" not in found:
        raise DecodeError("is a pickle without the 'data' of a CIFAR batch")
    kind = HUNDRED if "fine_labels" in found else TEN
    samples = _samples(found["data"])
    fine = _labels(found, "fine_labels" if kind.coarse else "labels", len(samples))
    return kind, samples, Labels(fine, _labels(found, "coarse_labels", len(samples)) if kind.coarse else None)


def class_names(data: bytes, key: str) -> tuple[str, ...]:
    """Return the names of classes that a pickle next to the batches holds; raises `DecodeError`."""
    found = Machine(data).result()
    names = found.get(key) if isinstance(found, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, (str, bytes)) for name in names):
        raise DecodeError(f"is a pickle without the {key!r} of CIFAR")
    return tuple(name if isinstance(name, str) else name.decode("latin-1") for name in names)


def _labels(found: dict[str, Any], key: str, count: int) -> Array:
    values = found.get(key)
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise DecodeError(f"is a pickle without the {key!r} of a CIFAR batch, a list of whole numbers")
    if len(values) != count:
        raise DecodeError(f"is damaged (it holds {len(values)} {key} but {count} images)")
    beyond = next((number for number, value in enumerate(values) if not 0 <= value < 256), None)
    if beyond is not None:
        raise DecodeError(f"is damaged (image {beyond} has a label above 255 or below 0)")
    return np.array(values, np.uint8)


def _samples(array: Any) -> Array:
    """Return the array of images in a record, ``(count, 3072)`` of uint8; raises `DecodeError`."""
    shape, dtype, fortran, data = _parts(array)
    if not (isinstance(dtype, Record) and dtype.name == "dtype" and _word(dtype.arguments[0]) in ("u1", "|u1")):
        raise DecodeError("is not a CIFAR batch (its samples are not uint8)")
    if not (isinstance(shape, tuple) and len(shape) == 2 and all(type(size) is int for size in shape)):
        raise DecodeError("is not a CIFAR batch (its array does not have two axes)")
    if shape[1] != SAMPLES or shape[0] < 1:
        raise DecodeError(f"is not a CIFAR batch (its array is {shape[0]}×{shape[1]}; images have {SAMPLES} samples)")
    if isinstance(data, Record) and data.name == "encode":  # how Python 3 writes bytes in protocol 2
        data = _latin(data)
    if not isinstance(data, (bytes, memoryview)) or len(data) != shape[0] * SAMPLES:
        raise DecodeError("is damaged or truncated (its array does not have the size that its shape needs)")
    return np.frombuffer(data, np.uint8).reshape(shape, order="F" if fortran else "C")


def _parts(array: Any) -> Iterator[Any]:
    """Return the sizes of an array, its type, whether its columns are stored one by one, and its bytes."""
    if isinstance(array, Record):
        if array.name == "_reconstruct" and isinstance(array.state, tuple) and len(array.state) == 5:
            return iter(array.state[1:])
        if array.name == "_frombuffer" and len(array.arguments) == 4:
            data, dtype, shape, order = array.arguments
            return iter((shape, dtype, _word(order) == "F", data))
    raise DecodeError("is not a CIFAR batch (its 'data' is not an array)")


def _latin(record: Record) -> bytes:
    text, *coding = record.arguments
    if not isinstance(text, str) or [_word(one) for one in coding] not in (["latin1"], ["latin-1"]):
        raise DecodeError("is not a CIFAR batch (its bytes are not stored as Latin-1)")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise DecodeError("is damaged (some of its bytes are above 255)") from None


def _key(value: Any) -> str:
    """Return a key as text; raises `DecodeError` for others, such as tuples, which may be nested endlessly."""
    if isinstance(value, Record) and value.name == "encode":
        value = next(iter(value.arguments), None)
    if isinstance(value, (str, bytes)) and len(value) <= LONGEST_KEY:
        return _word(value)
    raise DecodeError("is not a CIFAR batch (a key in its pickle is not a short text)")


def _word(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


CODEC = Codec(finish, not_written)
