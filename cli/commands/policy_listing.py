"""What `imfilter augment --policies` prints: the policies, their options, and their tables."""

from __future__ import annotations

from collections.abc import Mapping

from ..batch.augment import operations, policies
from ..batch.augment.augmentation import CHANCE
from ..batch.augment.operations import Span, Table
from ..console.messages import put
from .filter_command import parameter_options
from .helped_option import HelpedOption
from .option_words import StrictCommand

TABLES: Mapping[str, Table] = {
    "wide": operations.WIDE,
    "ra": operations.STANDARD,
    "rand-augment": operations.RAND_AUGMENT,
    "aug-mix": operations.AUG_MIX,
}
"""The columns."""
UNITS = {"rotate": "°", "translate-x": " px", "translate-y": " px"}
HEAD = """\
A policy is a step of imfilter augment that draws its operations. Like a filter it can stand alone, between other
steps or in alternatives, and have --p; its numbers may be ranges, as in --m 5..9. The manifest names the drawn
filters."""
FOOT = """\
Full strength is 30 of 30 for trivial-augment, --max-m for rand-augment, and a severity of 10 for aug-mix. Half strength
is half-way from no change, and zero is no change. Angles, shears and translations go either way with equal probability;
so do colours, where the published code goes from 0.1 up to 1.9. solarize counts 8-bit levels at every depth. A shear of
0.3 is 17°, about the centre. sharpness is Pillow's: 0 is the mean of 3×3 pixels, the middle one of which counts 5
times. Nothing is rounded before the end."""


def print_all() -> None:
    """Print the policies and their tables."""
    put("\n\n".join([HEAD, *map(_described, policies.KINDS), _table(), FOOT]))


def _described(name: str) -> str:
    """Return a policy and its options."""
    spec = policies.spec_of(name)
    probable = HelpedOption(CHANCE, "Probability of the step.  [default: 1]", metavar="P")
    command = StrictCommand(name, params=[*parameter_options(spec), probable], add_help_option=False)
    context = command.make_context(name, [], resilient_parsing=True)
    formatter = context.make_formatter()
    formatter.write_text(f"{name}: {spec.summary}")
    with formatter.indentation():
        formatter.write_dl([record for param in command.params if (record := param.get_help_record(context))])
    return formatter.getvalue().rstrip()


def _table() -> str:
    """Return a table of how far each operation goes at full strength."""
    rows = [["at full strength", "no change", *TABLES]]
    for name, span in operations.WIDE.items():
        columns = [_cell(name, table[name]) if name in table else "" for table in TABLES.values()]
        rows.append([name, f"{span.neutral:g}" if span.ends else "", *columns])
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, wide)).rstrip() for row in rows)


def _cell(name: str, span: Span) -> str:
    """Return the ends of an operation's span.

    >>> _cell("rotate", operations.WIDE["rotate"]), _cell("color", operations.COLOURS)
    ('±135°', '0.1 or 1.9')
    """
    unit = span.unit or UNITS.get(name, "")
    if not span.ends:
        return "done"
    if len(span.ends) == 1:
        return f"{span.ends[0]:g}"
    low, high = span.ends
    return f"±{high:.4g}{unit}" if low == -high else f"{low:g} or {high:g}"
