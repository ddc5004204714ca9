"""Recipes with something wrong, and recipes of random values: each is run, or refused in one line."""

import json

import numpy as np
import pytest
from hypothesis import strategies as st
from imfilter.filters.core import catalog

FILES = [
    b'[[step]]\nfilter = "blur"\nsigma = [2.0, 1.0]\n\n[[step]]\nfilter = "edges"\nop = "prewitt"\nthin = true\n',
    b'[[step]]\nfilter = "conv"\nkernel = "0 1 0; 1 -4 1; 0 1 0"\nbias = 0.5\nborder = "constant"\nfill = 3\n',
    b'# words\n[[step]]\nfilter = "noise"\nseed = 7\namount = 0.1\n[[step]]\nfilter = "pool"\nsize = 2\n',
]
WORDS = [b"[" * 900, b"a." * 900, b"9" * 5000, b"1979-05-27", b"nan", b"-inf", b"\0", b'"""', b"{x=1}", b"[[step]]\n"]
ODD = [
    *("1979-05-27T07:32:00Z", "07:32:00", "nan", "-inf", "9" * 5000, "-0.0", "0x7fffffffffffffff", "1e400", "true"),
    *('""', r'"\u0000"', r'"\u001b[31m\n"', "[]", "[[]]", "[1, 2, 3]", "[true, 1]", '["1", 2]', "{}", "{a = 1}"),
    *("[" * 99 + "]" * 99, "[[1.0, 2.0], [3]]", "[[0, 1, 0], [1, 1, 1]]", f'"{"x" * 5000}"', '"/dev/null"', '"."'),
]


@pytest.fixture(autouse=True)
def picture(folder):
    np.save("in.npy", np.arange(105, dtype=np.uint8).reshape(5, 7, 3))
    (folder / "out").mkdir()


@pytest.fixture
def runs(harmless, folder):
    def runs(recipe):
        (folder / "r.toml").write_bytes(recipe)
        harmless("run", "r.toml", "in.npy", "-o", "out/out.npy")
        (folder / "r.toml").unlink()

    return runs


def test_a_broken_recipe_is_run_or_refused(runs, mutated, search):
    search(runs, mutated(FILES, WORDS), examples=60)


def test_a_recipe_of_any_values_is_run_or_refused(runs, search):
    numbers = st.integers(-3, 9) | st.floats(-1, 9, width=16)
    values = st.sampled_from(ODD) | (numbers | st.lists(numbers, min_size=1, max_size=4)).map(json.dumps)

    @st.composite
    def steps(draw):
        lines = []
        for _ in range(draw(st.integers(1, 3))):
            spec = catalog.load(draw(st.sampled_from(catalog.names()))).spec
            lines += ["[[step]]", f'filter = "{spec.name}"']
            for name in draw(st.lists(st.sampled_from([*spec.parameters]), max_size=3, unique=True)):
                choices = [json.dumps(choice) for choice in spec.parameters[name].choices]
                lines.append(f"{name} = {draw(st.sampled_from(choices) | values if choices else values)}")
        return "\n".join(lines).encode()

    search(runs, steps(), examples=60)
