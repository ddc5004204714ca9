"""Parameters: one declaration for every caller."""

from typing import Annotated, Any, Literal

import numpy as np
import pytest
from imfilter import affine, blur, conv, crop, denoise, pad, perspective, resize, threshold, tone
from imfilter.filters.core import catalog
from imfilter.filters.core.parameters import IntPair, Pair, Param, ParameterError, both, describe, read_parameter

OP = read_parameter("op", Annotated[Literal["one", "two"], Param("", aliases={"uno": "one"})], "one")
SIGMA = read_parameter("sigma", Annotated[float, Param("", unit="px", min=0, max=9)], 1.0)
SIZE = read_parameter("size", Annotated[IntPair | None, Param("", min=1)], None)
FLAG = read_parameter("linear", Annotated[bool, Param("")], False)
PART = read_parameter("area", Annotated[Pair, Param("", percent=True, max=1)], 1.0)
PERCENT = read_parameter("cutoff", Annotated[float, Param("", unit="%")], 1.0)
ABOVE = read_parameter("gain", Annotated[float, Param("", above=0)], 1.0)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (bool, "flag"),
        (int, "int"),
        (float, "float"),
        (float | None, "float"),
        (Pair, "pair"),
        (Pair | None, "pair"),
        (IntPair, "int pair"),
        (Literal["a", "b"], "choice"),
        (Any, "text"),
    ],
)
def test_the_type_says_the_kind(annotation, kind):
    assert read_parameter("x", Annotated[annotation, Param("")], None).kind == kind


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (SIGMA, "2.5", 2.5),
        (SIGMA, "1e-3", 0.001),
        (SIZE, "3", 3),
        (SIZE, "3,4", (3, 4)),
        (OP, "uno", "uno"),
        (PART, "50%", 0.5),
        (PART, "12.3%,0.29", (0.123, 0.29)),
        (PART, "1e-3 %", 1e-5),
        (PERCENT, "12.5%", 12.5),
        (PERCENT, "12.5", 12.5),
    ],
)
def test_words_become_values(parameter, text, value):
    assert parameter.read(text) == value


@pytest.mark.parametrize(
    ("filter", "given", "same"),
    [
        (crop, {"ratio": "16:9"}, {"ratio": 16 / 9}),
        (crop, {"size": "4,3"}, {"size": (4, 3)}),
        (crop, {"area": "25%", "place": "1,0.5"}, {"area": 0.25, "place": (1, 0.5)}),
        (pad, {"size": "1,2"}, {"size": (1, 2)}),
        (
            conv,
            {"kernel": "sobel-x", "padding": "0,1", "bias": "2"},
            {"kernel": "sobel-x", "padding": (0, 1), "bias": 2},
        ),
        (tone, {"levels": "10,200", "fill": "1,2,3"}, {"levels": (10, 200), "fill": (1, 2, 3)}),
        (tone, {"op": "autocontrast", "cutoff": "1%,2%"}, {"op": "autocontrast", "cutoff": (1, 2)}),
        (perspective, {"to": "0,0,9,1,8,9,1,8"}, {"to": [(0, 0), (9, 1), (8, 9), (1, 8)]}),
        (affine, {"scale": "50%", "center": "1,2"}, {"scale": 0.5, "center": (1, 2)}),
    ],
)
def test_python_reads_the_texts_of_the_shell(filter, given, same):
    image = np.random.default_rng(5).integers(0, 256, (9, 16, 3), np.uint8)
    assert (filter(image, **given) == filter(image, **same)).all()


def test_the_help_says_what_a_percentage_is():
    assert [name for name, p in crop.spec.parameters.items() if p.help.endswith(" 50% is 0.5.")] == ["area", "place"]
    assert [name for name, p in resize.spec.parameters.items() if p.help.endswith(" 50% is 0.5.")] == ["scale"]


def test_a_value_chooses_the_operator_that_alone_takes_it():
    assert threshold.spec.check({"value": 9})["op"] == "fixed"
    assert threshold.spec.check({"value": None})["op"] == threshold.spec.check({})["op"] == "otsu"
    with pytest.raises(ParameterError, match="value: does not apply to op li"):
        threshold.spec.check({"op": "li", "value": 9})


def test_an_error_names_the_parameter_of_the_operator_that_was_meant():
    with pytest.raises(ParameterError, match=r"it is for bilateral\); did you mean noise_sigma\?"):
        denoise.spec.check({"op": "tv", "sigma": 9})
    with pytest.raises(ParameterError, match=r"it is for sauvola, niblack, wolf\)$"):
        threshold.spec.check({"k": 9})


@pytest.mark.parametrize(
    ("parameter", "text", "message"),
    [
        (SIGMA, "x", "sigma: 'x' is not a number"),
        (SIGMA, "1,2", "'1,2' is not a number"),
        (SIZE, "2.5", "'2.5' is neither a whole number nor two, NX,NY"),
        (SIZE, "1,2,3", "has 3 numbers; use one, or x,y"),
        (SIZE, "", "'' is neither a whole number nor two"),
        (SIZE, "640x480", r"'640x480' is neither a whole number nor two, NX,NY; did you mean 640,480\?"),
        (SIZE, "64x48+3+4", r"did you mean 64,48 with --at 3,4\?"),
        (SIGMA, "50%", "sigma: '50%' is not a number; percentages do not apply here"),
        (PART, "x%", "'x%' is neither a number nor two, X,Y"),
        (PART, "150%", "1.5 is above the greatest value, 1"),
        (FLAG, "no", "'no' is neither true nor false"),
    ],
)
def test_other_words_are_refused(parameter, text, message):
    with pytest.raises(ParameterError, match=message):
        parameter.check(parameter.read(text))


@pytest.mark.parametrize(
    ("parameter", "value", "checked"),
    [
        (SIGMA, 3, 3.0),
        (SIGMA, 0, 0.0),
        (SIGMA, 9, 9.0),
        (SIZE, [3, 4], (3, 4)),
        (SIZE, 3.0, 3),
        (SIZE, None, None),
        (OP, "UNO", "one"),
        (FLAG, 1, True),
    ],
)
def test_values_are_brought_to_their_form(parameter, value, checked):
    answer = parameter.check(value)
    assert answer == checked and type(answer) is type(checked)


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (SIGMA, -1, "sigma: -1 is below the least value, 0 px"),
        (SIGMA, 10, "sigma: 10 is above the greatest value, 9 px"),
        (SIGMA, float("nan"), "nan is not a finite number"),
        (SIGMA, float("inf"), "inf is not a finite number"),
        (SIGMA, "wide", "'wide' is not a number"),
        (SIGMA, None, "requires a value"),
        (SIGMA, 10**400, "too large a number"),
        (SIZE, 2.5, "2.5 is not a whole number"),
        (SIZE, (1, 0), "0 is below the least value, 1"),
        (SIZE, (1, 2, 3), "has 3 numbers; use one, or x,y"),
        (ABOVE, 0, "0 must be above 0"),
        (FLAG, "no", "linear: 'no' is neither True nor False"),
        (OP, "tow", r"unknown value 'tow'; did you mean 'two'\?"),
    ],
)
def test_values_out_of_range_are_refused(parameter, value, message):
    with pytest.raises(ParameterError, match=message):
        parameter.check(value)


def test_an_unknown_parameter_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="sigm: no such parameter; did you mean sigma"):
        blur.spec.check({"sigm": 1})


def test_an_error_names_its_parameter():
    error = ParameterError("sigma", "is wrong")
    assert (error.parameter, error.reason, str(error)) == ("sigma", "is wrong", "sigma: is wrong")


def test_shared_parameters_come_last():
    assert list(blur.spec.parameters)[-9:] == [
        *("border", "fill", "channels", "linear", "nan", "white", "depth", "range", "gain")
    ]


def test_a_parameter_without_its_declaration_is_a_mistake_of_the_filters():
    def filter(*, sigma: float = 1):
        """Do."""

    with pytest.raises(TypeError, match="'sigma' needs Annotated"):
        describe(filter, None, {})


def test_a_positional_parameter_is_a_mistake_of_the_filters():
    def filter(sigma: Annotated[float, Param("")] = 1):
        """Do."""

    with pytest.raises(TypeError, match="'sigma' must be keyword-only"):
        describe(filter, None, {})


def test_one_number_means_both():
    assert both(2) == (2, 2) and both((1, 2)) == (1, 2)


@pytest.mark.parametrize("name", catalog.names())
def test_other_names_of_ops_are_none_of_its_own_and_mean_one_of_them(name):
    op = catalog.load(name).spec.parameters.get("op")
    if op is not None:
        assert set(op.param.aliases.values()) <= set(op.choices)
        assert not set(op.param.aliases) & set(op.choices)
        assert all(op.check(word.upper()) == meant for word, meant in op.param.aliases.items())
