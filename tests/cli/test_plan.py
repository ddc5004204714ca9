"""The plan of inputs and outputs: pure, and never dangerous."""

from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.cli.batch import collisions, twin_names
from imfilter.cli.batch.call_files import FilesWritten, files_read
from imfilter.cli.batch.plan import Input, plan
from imfilter.cli.errors import UsageError
from imfilter.cli.images import formats

PARTS = st.sampled_from(
    ["a", "b", "A", "photo.jpg", "photo.png", "photo", "x.tif", "..", ".", "-x.png", "[r].png", "é.png"]
)
NAMES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
INPUTS = st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=5).map(
    lambda pairs: [Input(name, PurePath(place).name or "a") for name, place in pairs]
)
OUTPUTS = st.dictionaries(
    st.sampled_from(["image", "magnitude", "angle"]),
    st.one_of(NAMES, NAMES.map(lambda name: f"{name}/"), st.just("-")),
    min_size=1,
)
FORMATS = st.one_of(st.none(), st.sampled_from(list(formats.WRITTEN.values())))


@pytest.fixture(params=[str, str.casefold], ids=["two cases", "one case"], scope="module")
def place(request):
    """Where a name leads, on a file system that tells case apart, and on one that does not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(twin_names, "_is_one_name", lambda folder, one, other: request.param is not str)
        yield lambda path: request.param(str(Path(path).absolute().resolve()))


@given(inputs=INPUTS, outputs=OUTPUTS, to=FORMATS, several=st.booleans())
def test_no_two_targets_are_one_and_none_is_an_input(place, inputs, outputs, to, several):
    try:
        jobs = plan(inputs, outputs, to=to, several=several or len(inputs) > 1)
        collisions.check_apart(files_read({}, [source.name for source in inputs]), FilesWritten(jobs))
    except UsageError:
        return
    assert [job.input for job in jobs] == inputs
    targets = [target.path for job in jobs for target in job.targets.values() if target.path is not None]
    places = [place(path) for path in targets]
    assert len(set(places)) == len(places)
    assert not set(places) & {place(source.name) for source in inputs}


@given(INPUTS, OUTPUTS, FORMATS)
def test_every_target_has_a_format_or_takes_the_inputs(inputs, outputs, to):
    try:
        jobs = plan(inputs, outputs, to=to, several=len(inputs) > 1)
    except UsageError:
        return
    for job in jobs:
        for name, target in job.targets.items():
            assert to is None or target.format is to
            assert target.format is not None or target.path is None or (name == "image" and target.folder is not None)


def one(name, output, **options):
    (job,) = plan([Input(name, PurePath(name).name)], {"image": output}, **options)
    return job.targets["image"]


def test_a_file_is_taken_as_it_is_written():
    assert one("a.jpg", "deep/b.png").path == "deep/b.png"


def test_a_folder_mirrors_the_inputs_name():
    assert one("deep/a.jpg", "out/").path == "out/a.jpg"
    assert one("deep/a.jpg", "out", folders=frozenset({"out"})).path == "out/a.jpg"


def test_another_format_changes_the_suffix():
    assert one("a.b.jpg", "out/", to=formats.FORMATS["png"]).path == "out/a.b.png"
    assert one("a.JPEG", "out/", to=formats.FORMATS["jpeg"]).path == "out/a.JPEG"


@pytest.mark.parametrize("name", ["a[0]%d.png", "{stem}.png", "*.png", "~.png", "$HOME.png", "a\nb.png", "\udcff.png"])
def test_names_are_literal(name):
    assert one("a.jpg", name).path == name
    assert one(name, "out/").path == f"out/{name}"


def test_maps_of_a_lossy_input_are_png():
    source = Input("a.jpg", "a.jpg")
    (job,) = plan([source], {"image": "out/", "angle": "maps/"})
    assert [target.path for target in job.targets.values()] == ["out/a.jpg", "maps/a.png"]
