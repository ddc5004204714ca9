"""SVG's filter primitive ``feConvolveMatrix``."""

from __future__ import annotations

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import Line, Text, Word, total, turned
from .xml_elements import Element, elements

BORDERS = {"duplicate": "nearest", "wrap": "wrap", "none": "constant", "mirror": "reflect"}


def recognise(text: Text) -> bool:
    """Whether the text is XML."""
    return text.content.lstrip().startswith("<")


def read(text: Text) -> Reading:
    """Read the matrix, which SVG rotates by 180°; the divisor, by default the sum; the bias, a fraction of white.

    >>> read(Text("k.svg", '<feConvolveMatrix order="2,1" kernelMatrix="1 3"/>')).kernel.weights.tolist()
    [[0.75, 0.25]]
    """
    found = [element for element in elements(text) if element.tag == "feConvolveMatrix"]
    if len(found) != 1:
        raise text.error(f"holds {len(found) or 'no'} feConvolveMatrix; a kernel is one")
    (element,) = found
    order = _whole(text, element, "order") or [3]
    if len(order) > 2:
        raise text.error(f"order: holds {len(order)} numbers; use one, or x and y", element.line)
    width, height = order[0], order[-1]
    text.check_size(width, height)
    taps = text.matrix(_words(text, element, "kernelMatrix"), width, height, "kernelMatrix")
    divisor = _number(text, element, "divisor")
    if divisor:
        divided = f"its divisor, {divisor:g}"
    elif sum := total(taps):
        divisor, divided = sum, f"the sum of the weights, {sum:g}"
    else:
        divisor, divided = 1.0, "1, as the weights sum to 0"
    text.divisor(Word(element.line, repr(divisor)), "divisor")
    # The target is a position in the image's window, so it is not rotated.
    x = (_whole(text, element, "targetX") or [width // 2])[0]
    y = (_whole(text, element, "targetY") or [height // 2])[0]
    anchor = text.anchor(x, y, width, height, element.line)
    edge = BORDERS.get(element.attributes.get("edgeMode", "duplicate"), "")
    bias = _number(text, element, "bias")
    return Reading(
        Kernel.of(turned(taps), divisor, anchor),
        ("rotated by 180°, as SVG specifies", f"divided by {divided}"),
        white_offset=bias or 0.0,
        anchor_from_file=not {"targetX", "targetY"}.isdisjoint(element.attributes),
        remarks=(f"its edges are --border {edge}",) if edge else (),
    )


def _words(text: Text, element: Element, name: str) -> list[Word]:
    value = element.attributes.get(name, "")
    return text.words([Line(element.line, value)])


def _number(text: Text, element: Element, name: str) -> float | None:
    words = _words(text, element, name)
    if len(words) > 1:
        raise text.error(f"{name}: holds {len(words)} numbers, not one", element.line)
    return text.number(words[0], name) if words else None


def _whole(text: Text, element: Element, name: str) -> list[int]:
    return [text.whole(word, name) for word in _words(text, element, name)]
