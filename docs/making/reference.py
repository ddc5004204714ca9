"""The pages of the reference, made of the filters' declarations."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

from imfilter.cli.batch.help_sections import ARGUMENTS, PIXELS, SECTIONS
from imfilter.cli.batch.options import Option, SharedOptions
from imfilter.filters.core import catalog, signature
from imfilter.filters.core.filter import Common
from imfilter.filters.core.linear import kernel_source, kernels
from imfilter.filters.core.parameters import Parameter, Spec

from . import docstrings
from .words import OPTIONS, WORDS, entries

ROOT = Path(__file__).parent.parent.parent
LONGEST_KERNEL = 40
"""Characters of a kernel's weights that a line has room for."""
HEADING = re.compile(r"^## imfilter (.+)\n\n", re.MULTILINE)


def commands() -> dict[str, str]:
    """Return what `--help` prints of each command, as its document has it; parts of a command stand with it."""
    text = (ROOT / "cli" / "README.md").read_text(encoding="utf-8")
    _, *parts = HEADING.split(text)
    found: dict[str, str] = {}
    for words, help in zip(parts[::2], parts[1::2], strict=True):
        name = words.split()[0]
        found[name] = found[name] + f"## imfilter {words}\n\n{help}" if name in found else help
    return found


def gallery() -> Any:
    """Return the module that lists the pictures of each filter."""
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "sample_images" / "gallery.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def link(name: str) -> str:
    """Return a command's name, linked to its page if it has one."""
    return f"[`{name}`]({name}.md)" if name in catalog.names() else f"`{name}`"


def default_of(parameter: Parameter, op: str | None = None) -> str:
    """Return the default in words, or nothing where there is none to tell."""
    param, value = parameter.param, parameter.default
    if op in param.default_of:
        value = param.default_of[op]
    elif param.shown_default:
        return param.shown_default
    if value is None or value is inspect.Parameter.empty or parameter.kind == "flag":
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def option(parameter: Parameter, op: str | None = None) -> str:
    """Return one option with its help, range, aliases and default; *op* is the operator under which it stands."""
    param = parameter.param
    words = signature.in_words(parameter._replace(param=param._replace(only=() if op else param.only)))
    aliases = [f"`{alias}` is `{choice}`" for alias, choice in param.aliases.items()]
    if aliases:
        words += f" Also: {', '.join(aliases)}."
    if default := default_of(parameter, op):
        words += f" Default: {default}."
    value = "" if parameter.kind == "flag" else f" {parameter.metavar}"
    if len(value) > 60:
        words, value = f"{words} One of {', '.join(parameter.choices)}.", " NAME"
    return definition(f"--{parameter.name.replace('_', '-')}{value}", words)


def definition(term: str, words: str) -> str:
    """Return an entry of a list of definitions."""
    return f"`{term}`\n: {docstrings.prose(words, link)}\n"


def own(spec: Spec) -> list[Parameter]:
    """Return the parameters of a filter that are not shared."""
    return [p for name, p in spec.parameters.items() if name not in Common.__annotations__ and name != "op"]


def of_operator(spec: Spec, op: str) -> list[Parameter]:
    """Return the parameters that are for some operators, this among them."""
    return [p for p in own(spec) if op in p.param.only]


def pictures(name: str, spec: Spec) -> dict[str, list[str]]:
    """Return the figures of the gallery by their operators; without an operator they have the name ``""``."""
    module = gallery()
    usual = spec.parameters["op"].default if "op" in spec.parameters else ""
    found: dict[str, list[str]] = {}
    for number, (caption, arguments) in enumerate(module.GALLERY.get(name, [])):
        named = re.search(r"--op (\S+)", arguments)
        line = arguments.replace("{out}", "out.png")
        figure = (
            f":::{{figure}} ../files/sample_images/gallery/{module.picture_name(name, number)}\n:alt: {caption}\n\n"
        )
        found.setdefault(named[1] if named else usual, []).append(f"{figure}{caption}: `imfilter {line}`\n:::")
    return found


def figures(parts: list[str]) -> str:
    """Return figures side by side, where there is room."""
    return "::::{container} figures\n" + "\n".join(parts) + "\n::::" if parts else ""


def shell(lines: list[str]) -> str:
    """Return commands in a block."""
    return "```sh\n" + "\n".join(lines) + "\n```" if lines else ""


def described(doc: str, ops: tuple[str, ...]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the paragraphs on a filter, and those that are about one operator alone."""
    paragraphs = docstrings.sections(doc)[""].split("\n\n")[1:]
    general: list[str] = []
    single: dict[str, list[str]] = {}
    for paragraph in paragraphs:
        named = set(re.findall(r"``([\w-]+)``", paragraph)) & set(ops)
        first = re.match(r"``([\w-]+)``", paragraph)
        words = docstrings.prose(paragraph, link)
        if first and named == {first[1]}:
            single.setdefault(first[1], []).append(words)
        else:
            general.append(words)
    return general, single


def sentence_on(op: str, doc: str) -> list[str]:
    """Return the sentence that begins with an operator, of a paragraph that is about several."""
    text = " ".join(docstrings.sections(doc)[""].split())
    listed = r"(?:``[\w-]+``(?:, | and ))*"
    last, further = rf"(?:^|[.:] ){listed}``{op}``(?![,`])", rf"(?:^|[.] ){listed}``{op}``,"
    found = re.search(rf"(?:{last}|{further}).*?[.](?= |$)", text)
    return [docstrings.prose(found[0].lstrip(".: "), link)] if found else []


def examples_of(doc: str) -> list[str]:
    """Return the lines of shell in a docstring."""
    return [line.removeprefix("$ ") for line in re.findall(r"^ *(\$ imfilter .*(?:\\\n.*)*)", doc, re.MULTILINE)]


def index(name: str, spec: Spec) -> str:
    """Return entries of the index, by which the search finds a page."""
    ops = spec.parameters.get("op")
    return entries([name, *WORDS.get(name, ())], (*ops.choices, *ops.param.aliases) if ops else ())


def operator(op: str, spec: Spec, single: list[str], shown: list[str], lines: list[str]) -> str:
    """Return the section of an operator: what it computes, its own options, pictures, commands."""
    aliases = [alias for alias, choice in spec.parameters["op"].param.aliases.items() if choice == op]
    also = f"Also called {', '.join(f'`{alias}`' for alias in aliases)}." if aliases else ""
    options = "\n".join(option(parameter, op) for parameter in of_operator(spec, op))
    text = "\n\n".join(single or sentence_on(op, spec.doc)) or f"`--op {op}`: see [above](#what-it-computes)."
    weights = weights_of(op) if spec.name == "edges" else ""
    parts = f"### {op}", text, weights, also, options, shell(lines), figures(shown)
    return "\n\n".join(part for part in parts if part)


def weights_of(op: str) -> str:
    """Return the built-in kernels of an operator of edges, where they are short."""
    literals = {
        name: kernel_source.as_literal(kernel)
        for name, kernel in kernels.named().items()
        if name.partition("-")[0] == op and "-" in name
    }
    if not literals or max(map(len, literals.values())) > LONGEST_KERNEL:
        return ""
    return "Kernels: " + ", ".join(f"{name} `{literal}`" for name, literal in literals.items()) + "."


def filter_page(name: str) -> str:
    """Return the page of a filter."""
    filter = catalog.load(name)
    spec = filter.spec
    parts = docstrings.sections(spec.doc)
    ops = spec.parameters["op"].choices if "op" in spec.parameters else ()
    general, single = described(spec.doc, ops)
    shown, lines = pictures(name, spec), examples_of(spec.doc)
    text = [f"# {name}", index(name, spec), spec.summary]
    text += [f"```text\nimfilter {name} [OPTIONS] INPUT... -o OUTPUT\n```"]
    by_op = {op: [line for line in lines if re.search(rf"--op {op}\b", line)] for op in ops}
    others = [line for line in lines if not any(line in group for group in by_op.values())]
    text += [shell(others)]
    if ops:
        usual = spec.parameters["op"].default
        listed = ", ".join(f"[{op}](#{op})" for op in ops)
        text += ["## Operators", f"`--op NAME`{f', by default `{usual}`' if usual else ''}: {listed}."]
    text += ["## What it computes", *general] if general else []
    text += [operator(op, spec, single.get(op, []), shown.get(op, []), by_op[op]) for op in ops]
    common = [parameter for parameter in own(spec) if not parameter.param.only]
    if common:
        text += ["## Options of every operator" if ops else "## Options", "\n".join(map(option, common))]
    text += [figures(shown.get("", []))]
    if spec.maps:
        maps = (definition(f"--{map_name} FILE", field.help) for map_name, field in spec.maps.items())
        text += ["## Maps", "\n".join(maps)]
    text += ["## Shared options", differing(spec)]
    text += ["## From Python", python(name, parts)]
    for title in ("Notes", "References"):
        if title in parts:
            text += [f"## {title}", docstrings.prose(parts[title], link)]
    return "\n\n".join(part for part in text if part) + "\n"


def differing(spec: Spec) -> str:
    """Return where the shared options stand, and those whose defaults are this filter's own."""
    usual = usual_common()
    other = [p for name, p in spec.parameters.items() if name in usual and p.default != usual[name].default]
    note = "Files, folders, depth, borders, masks and the rest are [options of every filter](options.md)."
    return note + (" Here these have other defaults:\n\n" + "\n".join(map(option, other)) if other else "")


def usual_common() -> dict[str, Parameter]:
    """Return the shared parameters of samples, as a filter without defaults of its own has them."""
    return {name: p for name, p in catalog.load("conv").spec.parameters.items() if name in Common.__annotations__}


def python(name: str, parts: dict[str, str]) -> str:
    """Return what a call from Python is."""
    text = [f"`imfilter.{name}(image, …)` takes the options by these names, with `_` for `-`, and the"]
    text[0] += " [arguments of every filter](../python.md)."
    for title in ("Returns", "Raises"):
        if title in parts:
            words = parts[title]
            text.append(f"**{title}**")
            text.append(docstrings.fields(words, link) if title == "Raises" else docstrings.prose(words, link))
    text.append(docstrings.examples(parts["Examples"]))
    return "\n\n".join(text)


def options_page() -> str:
    """Return the page of the options that all filters share."""
    text = ["# Options of every filter", entries(OPTIONS)]
    text.append("Every filter, `chain` and `run` take these; each command's page lists its own.")
    hints = get_type_hints(SharedOptions, include_extras=True)
    declared = {name: next(e for e in get_args(hint)[1:] if isinstance(e, Option)) for name, hint in hints.items()}
    for section in SECTIONS:
        listed = [shared(name, given) for name, given in declared.items() if given.section == section]
        if section == PIXELS:
            listed = [option(parameter) for parameter in usual_common().values()] + listed
        if section == ARGUMENTS:
            listed = [definition("INPUT...", declared["inputs"].help)]
        if listed:
            title = "For some filters only" if section == "Options" else section
            text += [f"## {title}", "\n".join(listed)]
    return "\n\n".join(text) + "\n"


def shared(name: str, given: Option) -> str:
    """Return one shared option with its help."""
    names = ", ".join(part for part in (given.short, f"--{name.replace('_', '-')}") if part)
    value = f" {given.metavar}" if given.metavar else ""
    default = f" Default: {given.default}." if given.default else ""
    return definition(names + value, given.help + default)


def command_page(name: str, help: str) -> str:
    """Return the page of a command that is no filter: what its help prints."""
    return f"# {name}\n\n{entries([name, *WORDS.get(name, ())])}\n\n{help.strip()}\n"


def python_page() -> str:
    """Return the page of what `imfilter` exports besides the filters."""
    import imfilter

    text = ["# Python", entries(["Python", "API", "NumPy", "imread", "imwrite"])]
    text += ["This page lists what `import imfilter` exports besides the [filters](reference/index.md)."]
    text[-1] += " [From Python](gallery.md#from-python) has examples, and says which arrays are images."
    text += ["## Arguments of every filter", docstrings.fields(signature.IMAGE)]
    arguments = catalog.load("edges").spec.arguments
    text += ["\n".join(definition(name, given.help) for name, given in arguments.items())]
    text += [docstrings.prose(signature.RESULT)]
    for name in sorted({name for names in imfilter.MODULES.values() for name in names}):
        text += [f"## {name}", exported(getattr(imfilter, name), name)]
    return "\n\n".join(text) + "\n"


def exported(thing: Any, name: str) -> str:
    """Return what is exported: its call, its docstring, and those of its public methods."""
    parts = []
    if inspect.isfunction(thing):
        parts.append(f"```python\n{name}{inspect.signature(thing)}\n```")
    parts.append(docstrings.shown(thing.__doc__ or "", ""))
    if not inspect.isclass(thing):
        return "\n\n".join(parts)
    for field, own in vars(thing).items():
        if inspect.isfunction(own) and own.__doc__ and (not field.startswith("_") or field == "__call__"):
            call = f"{name}{inspect.signature(own)}" if field == "__call__" else f"{field}{inspect.signature(own)}"
            parts += [f"### `{name}.{field}`", f"```python\n{call}\n```", docstrings.shown(own.__doc__, "")]
    return "\n\n".join(parts)


def index_page(others: dict[str, str]) -> str:
    """Return the list of all commands."""
    text = ["# Reference", "", "Each command has a page, made from the declarations of the command."]
    text += ["", "## Filters", "", *(f"- [{name}]({name}.md): {catalog.summary(name)}" for name in catalog.names())]
    text += ["", "## Other commands", ""]
    for name, help in others.items():
        summary = re.search(r"^  (\S.*(?:\n  \S.*)*)", help, re.MULTILINE)
        text.append(f"- [{name}]({name}.md): {' '.join(summary[1].split()) if summary else ''}")
    names = [*catalog.names(), *others]
    tree = "\n".join(["options", *names])
    return "\n".join([*text, "", f"```{{toctree}}\n:hidden:\n\n{tree}\n```", ""])


def write(source: Path) -> None:
    """Write the pages of the reference, and that of Python, into the sources of the site."""
    folder = source / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    (source / "python.md").write_text(python_page(), encoding="utf-8")
    helps = commands()
    others = {name: help for name, help in helps.items() if name not in catalog.names()}
    pages = {name: filter_page(name) for name in catalog.names()}
    pages |= {name: command_page(name, help) for name, help in others.items()}
    pages |= {"index": index_page(others), "options": options_page()}
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
