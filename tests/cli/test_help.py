"""Help in two lengths, of operators, and as the manual page: all from the same declarations."""

import itertools
import re
import shlex

import numpy as np
import pytest
from imfilter.cli.commands import man_page, operator_help
from imfilter.cli.commands.docstrings import examples, paragraphs
from imfilter.cli.console.messages import flag
from imfilter.cli.errors import ExitCode
from imfilter.filters.core import catalog
from imfilter.filters.core.parameters import ParameterError

DATASET = ("info", "stats", "check", "split", "convert", "boxes", "show")
OTHERS = ("chain", "run", "augment", "compare", "info", "show", "sweep", "sheet", "studio", "help")
COMMANDS = [
    *((name,) for name in (*catalog.names(), *OTHERS)),
    *(("dataset", name) for name in DATASET),
    ("kernels", "show"),
    ("kernels", "plot"),
]
"""The commands that have no others below them."""
GROUPS = [(), ("dataset",), ("kernels",)]
OPERATORS = operator_help.operators()
SCREEN = 40
"""Lines of a screen."""
PYTHON = re.compile(r"(?<!scikit-image's )(?<![\w{./-])[a-z]+_[a-z_]+|\b[a-z]+=[\"'(\[]|``|\b(?:numpy|scipy|skimage)\b")
"""What is spelt as in Python, but for the words of another library that is named."""


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def lines(run):
    """Return what the command prints."""

    def lines(*words):
        ended = run(*words)
        assert (ended.code, ended.err) == (0, "")
        return ended.out.decode().splitlines()

    return lines


def sections(lines):
    """Return the lines below each title of a help."""
    found = {}
    for line in lines:
        if re.match(r"\S.*:$", line):
            below = found.setdefault(line.removesuffix(":"), [])
        elif found:
            below.append(line)
    return found


@pytest.mark.each("words", [*COMMANDS, *GROUPS])
def test_the_short_help_fits_a_screen_and_says_where_the_rest_is(lines, words):
    printed = lines(*words, "-h")
    assert len(printed) <= (SCREEN if words else 17 + len(catalog.names()))  # that has a line for each filter
    assert max(map(len, printed)) <= 80
    assert printed[0].endswith(".")
    assert printed[2].startswith(" ".join(["Usage: imfilter", *words]))
    assert "--help" in " ".join(printed[-3:])


@pytest.mark.each("words", COMMANDS)
def test_the_short_help_shows_examples(lines, words):
    shown = [line for line in sections(lines(*words, "-h"))["Examples"] if line.startswith("  $ imfilter ")]
    assert len(shown) == 3 or len(words) == 2 == len(shown)  # a command below another may have two


@pytest.mark.each("name", catalog.names())
def test_the_short_help_has_a_line_for_each_option_of_all_operators(lines, name):
    spec = catalog.load(name).spec
    below = sections(lines(name, "-h"))
    listed = [re.match(r"  (?:-\w, )?(--[\w-]+)?", line)[1] for line in below["Options"] if line]
    whole = sections(lines(name, "--help"))
    own = re.findall(r"^  (?:-\w, )?(--[\w-]+)", "\n".join(whole["Options"]), re.MULTILINE)
    assert listed == [None, "--output", *own]
    assert len(below.get("Operators (--op) and their own options", [])) >= bool(spec.parameters.get("op"))


def of_operators(spec):
    return [(p.name, op) for p in spec.parameters.values() for op in p.param.only]


@pytest.mark.each("name", OPERATORS)
def test_each_option_of_an_operator_stands_with_it_in_both_lengths(lines, name):
    spec = catalog.load(name).spec
    whole, short = sections(lines(name, "--help")), sections(lines(name, "-h"))
    table = " ".join(short["Operators (--op) and their own options"])
    for parameter, op in of_operators(spec):
        option = f"--{parameter.replace('_', '-')}"
        (title,) = [title for title in whole if title.startswith("--op ") and op in title[5:].split(", ")]
        assert [line for line in whole[title] if re.match(rf"  {option}(?![\w-])", line)], (op, option)
        assert not [line for line in whole["Options"] if re.match(rf"  {option}(?![\w-])", line)], option
        row = re.search(rf"(?:^|(?<=[\s,])){op}(?=[\s,]).*?(?=  [a-z0-9]|$)", table)[0]
        assert option in row
    given = {op for _, op in of_operators(spec)}
    assert {op for title in whole if title.startswith("--op ") for op in title[5:].split(", ")} == given
    assert all(re.search(rf"(?<![\w-]){op}(?![\w-])", table) for op in OPERATORS[name])


@pytest.mark.each("name", OPERATORS)
def test_an_option_of_several_operators_is_described_once(lines, name):
    tables = sections(lines(name, "--help")).items()
    whole = "\n".join(row for title, rows in tables if title.startswith("--op ") for row in rows)
    for parameter in catalog.load(name).spec.parameters.values():
        if len(parameter.param.only) > 1:
            rows = re.findall(rf"^  --{parameter.name.replace('_', '-')}(?![\w-]).*$", whole, re.MULTILINE)
            assert [("See --op" in row) for row in rows] == [False] + [True] * (len(rows) - 1)


@pytest.mark.each("words", [*COMMANDS, *GROUPS])
def test_help_prints_what_the_option_prints(lines, words):
    assert lines("help", *words) == lines(*words, "--help")


@pytest.mark.each("name", [*catalog.names(), "chain", "run", "augment"])
def test_the_shared_help_has_the_sections_that_are_no_filters_own(lines, name):
    own = {"Arguments", "Options", "Examples"}
    whole = {title: rows for title, rows in sections(lines(name, "--help")).items() if title[:5] != "--op "}
    shared = sections(lines(name, "--help-shared"))
    assert shared.keys() == whole.keys() - own
    for title, rows in shared.items():
        assert [row for row in rows if row] == [row for row in whole[title] if row]


@pytest.mark.each("words", [(), ("info",)])
def test_the_shared_help_of_what_has_none_names_a_command_that_has_it(refused, words):
    said = "imfilter: unknown option --help-shared; filters have it: imfilter blur --help-shared"
    assert refused(2, *words, "--help-shared") == said


def test_the_version_has_a_short_option(run):
    assert run("-V").out == run("--version").out


@pytest.mark.each("name", OPERATORS)
def test_the_help_of_an_operator_names_its_filter_its_options_and_a_command(lines, name):
    spec = catalog.load(name).spec
    for op in OPERATORS[name]:
        printed = "\n".join(lines("help", "op", op))
        _, _, page = printed.partition(f"imfilter {name} --op {op}: ")
        page = re.split(r"^imfilter ", page, flags=re.MULTILINE)[0]
        own = [f"--{parameter.replace('_', '-')}" for parameter, other in of_operators(spec) if op == other]
        parts = sections(page.splitlines())
        part = parts.get(f"Options of {op}", [])
        assert [re.match(r"  (--[\w-]+)", line)[1] for line in part if line.startswith("  --")] == own
        others = {word for line in parts.get(f"Other options of {name}", []) for word in line.split()}
        assert others.isdisjoint(flag(own) for own, other in spec.parameters.items() if not other.param.suits(op))
        assert f"  $ imfilter {name} " in page
        assert f"`imfilter help {name}`" in page


GIVEN = {
    "size": 5,
    "radius": 2.0,
    "sigma": 1.5,
    "threshold": 5.0,
    "strength": 2.0,
    "algorithm": "direct",
    "shape": "ideal",
    "cutoff": (0.1, 0.2),
    "at": (3, 3),
    "place": (0.1, 0.1),
}


@pytest.mark.each("name", ["blur", "denoise", "edges", "sharpen", "erase", "pool"])
def test_the_help_of_an_operator_lists_the_options_that_it_takes(name):
    """And no others, of those that any operator takes."""
    filter, image = catalog.load(name), np.arange(768, dtype=np.uint8).reshape(16, 16, 3)
    shared = [own for own, parameter in filter.spec.parameters.items() if own in GIVEN and not parameter.param.only]
    assert shared
    for op, own in itertools.product(OPERATORS[name], shared):
        refused = None
        try:
            filter(image, op=op, **{own: GIVEN[own]})
        except ParameterError as error:
            refused = error.parameter
        # A rank filter has algorithms, but not this one.
        takes = refused != own or (own == "algorithm" and op in ("median", "percentile"))
        assert filter.spec.parameters[own].param.suits(op) == takes, (op, own)


@pytest.mark.each("name", OPERATORS)
def test_some_paragraph_says_what_an_operator_does(name):
    spec = catalog.load(name).spec
    text = "\n\n".join(paragraphs(spec.doc))
    assert [op for op in OPERATORS[name] if f"``{op}``" not in text] == []


def test_an_operator_gives_the_maps_that_are_declared_for_it():
    edges = catalog.load("edges")
    for op in OPERATORS["edges"]:
        declared = {name for name, given in edges.spec.maps.items() if not given.only or op in given.only}
        assert {*edges.checked(op=op).stages()[-1].fields} == {"image", *declared}, op


def test_the_help_of_an_operator_explains_it(lines):
    bilateral = " ".join(" ".join(lines("help", "op", "bilateral")).split())
    assert "exp(-(dx² / sx² + dy² / sy²) / 2 - d² / (2 r²))" in bilateral
    assert "C. Tomasi and R. Manduchi" in bilateral
    assert "M. Kuwahara" not in bilateral
    canny = " ".join(" ".join(lines("help", "op", "canny")).split())
    assert "above --low that are connected" in canny
    assert "Kirsch" not in canny
    assert "--angle FILE" in canny and "--coherence" not in canny
    assert "--coherence FILE" in "\n".join(lines("help", "op", "structure"))
    assert "Also called box, average." in "\n".join(lines("help", "op", "box"))


def test_the_operators_are_listed(lines):
    listed = " ".join(lines("help", "op"))
    for name, ops in OPERATORS.items():
        assert f"{name} {', '.join(ops)}" in " ".join(listed.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("blurr", "unknown command 'blurr'; did you mean 'blur'?"),
        ("median", "'median' is an operator: imfilter help op median"),
        ("dataset spilt", "unknown command 'dataset spilt'; did you mean 'split'?"),
        ("kernels sobel-x", "unknown command 'kernels sobel-x'; use: imfilter kernels show sobel-x"),
        ("blur sharpen", "imfilter blur has no commands of its own; omit 'sharpen'"),
        ("op cany", "unknown operator 'cany'; did you mean 'canny'?"),
        ("op emboss", "unknown operator 'emboss'; it is a kernel: imfilter conv --kernel emboss"),
        ("op blur", "unknown operator 'blur'; imfilter help blur describes the filter"),
        ("op xyzzy", "unknown operator 'xyzzy'; imfilter help op lists them"),
        ("op canny sobel", "imfilter help op takes one name, not 2"),
        ("man blur", "imfilter help man takes no name; omit 'blur'"),
    ],
)
def test_help_of_what_is_unknown_is_refused(refused, words, said):
    assert refused(2, "help", *words.split()) == f"imfilter: {said}"


@pytest.mark.each("words", [*COMMANDS, *GROUPS])
def test_no_help_is_spelt_as_python(lines, words):
    for option in ("-h", "--help"):
        assert [line for line in lines(*words, option) if PYTHON.search(line)] == []


@pytest.mark.each("name", OPERATORS)
def test_no_help_of_an_operator_is_spelt_as_python(lines, name):
    for op in OPERATORS[name]:
        assert [line for line in lines("help", "op", op) if PYTHON.search(line)] == []


def test_a_wide_terminal_shows_more_of_each_line(lines, monkeypatch):
    narrow = lines("edges", "-h")
    monkeypatch.setenv("COLUMNS", "120")
    wide = lines("edges", "-h")
    assert 80 < max(map(len, wide)) <= 100
    assert "\n".join(wide).count("…") < "\n".join(narrow).count("…")


def test_the_manual_page_names_what_the_program_reads(ok):
    page = ok("help", "man").decode("ascii")
    assert man_page.EXIT_STATUS.keys() == set(ExitCode)
    for variable in man_page.ENVIRONMENT:
        assert f".B {variable}\n" in page
    for name in catalog.names():
        assert f".SS imfilter {name}\n" in page


@pytest.mark.each("name", OPERATORS)
def test_an_example_is_found_or_made_for_every_operator(name):
    spec = catalog.load(name).spec
    for op in OPERATORS[name]:
        words = shlex.split(operator_help.example(spec, op))
        given = words[words.index("--op") + 1] if "--op" in words else spec.parameters["op"].default
        assert (given, words[:2]) == (op, ["imfilter", name])
        known = [shlex.split(line) for line in examples(spec.doc)]
        assert words in known or f"--op {op}" in " ".join(words)
