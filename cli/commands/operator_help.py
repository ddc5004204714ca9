"""What `imfilter help op` prints: all operators, or one with its formula, options, example and references."""

from __future__ import annotations

import difflib
import inspect
import shlex
from collections.abc import Sequence
from typing import Any

from ...filters.core import catalog
from ...filters.core.parameters import Spec
from ..batch.help_sections import OWN
from ..batch.options import TYPES
from ..console.messages import flag
from ..errors import UsageError
from .command_words import homes
from .docstrings import examples, paragraphs_on, references, shell_words
from .sectioned_command import FilterCommand, in_a_row
from .two_helps import SPACE, WIDTH, compact, folded, kept, printed

LISTED = "The operators of the filters. `imfilter help op NAME` describes one."


def operators() -> dict[str, tuple[str, ...]]:
    """Return the operators of each filter that has some."""
    there = {name: catalog.load(name).spec.parameters.get("op") for name in catalog.names()}
    return {name: parameter.choices for name, parameter in there.items() if parameter is not None}


def named(word: str) -> list[tuple[str, str]]:
    """Return the filters with an operator of this name, and its main name there.

    >>> named("box"), named("frost")
    ([('blur', 'mean')], [('blur', 'frost'), ('denoise', 'frost')])
    """
    found = []
    for filter, ops in operators().items():
        name = catalog.load(filter).spec.parameters["op"].param.aliases.get(word.lower(), word.lower())
        found += [(filter, name)] if name in ops else []
    return found


def listing() -> str:
    """Return a list of all operators."""
    rows = [(filter, ", ".join(op.replace(" ", SPACE) for op in ops)) for filter, ops in operators().items()]
    return "\n".join([LISTED, "", *compact(rows, WIDTH)])


def described(word: str, commands: Any, context: Any) -> str:
    """Return the help of the operators that a word names; raises UsageError. *commands* are those of the program."""
    found = named(word)
    if not found:
        raise UsageError(f"unknown operator {word!r}; {_hint(word)}")
    return "\n\n".join(_page(commands.get_command(context, filter), filter, op, context) for filter, op in found)


def _hint(word: str) -> str:
    near = difflib.get_close_matches(word.lower(), {op for ops in operators().values() for op in ops}, n=1)
    if word in catalog.names():
        return f"imfilter help {word} describes the filter"
    if near:
        return f"did you mean {near[0]!r}?"
    if kernels := [home.step for home in homes(word) if home.step.startswith("conv --kernel ")]:
        return f"it is a kernel: imfilter {kernels[0]}"
    return "imfilter help op lists them"


def _page(command: FilterCommand, filter: str, op: str, parent: Any) -> str:
    context = command.make_context(filter, [], parent=parent, resilient_parsing=True)
    spec = catalog.load(filter).spec
    formatter = context.make_formatter()
    formatter.write_text(kept(f"imfilter {filter} --op {op}: {spec.summary}"))
    aliases = [alias for alias, choice in spec.parameters["op"].param.aliases.items() if choice == op]
    words = [*TYPES, *spec.parameters]
    texts = [shell_words(text, words) for text in paragraphs_on(spec.doc, op)]
    texts += [f"Also called {', '.join(aliases)}."] if aliases else []
    for text in texts:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(kept(text))
    own = [option for group in command.groups() if op in group.ops for option in group.options]
    rows = command.rows(context, own)
    if rows:
        with formatter.section(f"Options of {op}"):
            formatter.write_dl([(kept(name), kept(text)) for name, text in rows])
    absent = {flag(name) for name, given in spec.maps.items() if given.only and op not in given.only}
    absent |= {flag(name) for name, parameter in spec.parameters.items() if not parameter.param.suits(op)}
    others = [name for name, _ in command.records(context, OWN) if name.split()[0] not in {"--op", *absent}]
    if others:
        with formatter.section(f"Other options of {filter}"):
            formatter.write_text(kept(in_a_row(others)))
    with formatter.section("Example"):
        formatter.write("".join(f"  {line}\n" for line in folded(f"$ {example(spec, op)}").splitlines()))
    special, papers = references(spec.doc, op)
    if papers:
        with formatter.section("References" if special else f"References of {filter}"):
            for paper in papers:
                formatter.write_text(kept(paper))
    formatter.write_paragraph()
    formatter.write_text(kept(f"`imfilter help {filter}` describes these options, and those of the other operators."))
    return printed(formatter.getvalue()).rstrip("\n")


def example(spec: Spec, op: str) -> str:
    """Return a command with an operator: one of the filter's examples, or the first one with the required options."""
    known = examples(spec.doc)
    words = [shlex.split(line) for line in known]
    default = spec.parameters["op"].default
    for line, written in zip(known, words, strict=True):
        if op == (written[written.index("--op") + 1] if "--op" in written else default):
            return line
    required = [name for name, parameter in spec.parameters.items() if parameter.default is inspect.Parameter.empty]
    more = [word for name in required for word in _given(f"--{name}", words)]
    return shlex.join([*words[0][:3], *_given("-o", words[:1]), *more, "--op", op])


def _given(option: str, examples: Sequence[Sequence[str]]) -> list[str]:
    """Return an option with the value that the first example gives it."""
    return next(([option, words[words.index(option) + 1]] for words in examples if option in words), [])
