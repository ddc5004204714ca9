"""The server of `imfilter studio`: what it refuses, what it shows, and the command that does the same."""

import contextlib
import http.client
import io
import json
import os
import re
import shlex
import signal
import threading
import webbrowser
from pathlib import Path

import imfilter.filters
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imfilter.cli.batch import recipe_file
from imfilter.cli.errors import FileError, UsageError
from imfilter.cli.studio import call, forms, preview, server
from imfilter.cli.studio.pictures import Pictures
from imfilter.cli.studio.server import Server
from imfilter.cli.studio.session import Session
from imfilter.cli.studio.turns import OvertakenError, Turns
from imfilter.filters.core import catalog
from imfilter.filters.core.engine import gathering
from PIL import Image

from ..filters.needed import NEEDED

WIDE = {"width": 4000, "height": 4000, "reduce": 1}


class Client:
    """Asks a server as the page does, or otherwise."""

    def __init__(self, served):
        self.served = served
        self.host = f"127.0.0.1:{served.server_port}"

    def send(self, method="POST", path="/start", body=b"{}", without=(), **changed):
        headers = {
            "Host": self.host,
            "Origin": f"http://{self.host}",
            "Imfilter-Token": self.served.token,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.served.server_port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name not in without:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        found = answer.status, answer.read(), answer.headers
        connection.close()
        return found

    def ask(self, route, **asked):
        status, body, _ = self.send(path=route, body=json.dumps(asked).encode())
        return status, {} if body.startswith(b"\x89PNG") else json.loads(body)


@contextlib.contextmanager
def serving(session):
    served = Server(session, keep=True)
    thread = threading.Thread(target=served.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Client(served)
    finally:
        served.shutdown()
        thread.join()
        served.server_close()


@pytest.fixture
def client(png):
    with serving(Session(Pictures(["a.png"], 1 << 28))) as client:
        yield client


def looked(session, steps, picture=0, view=WIDE, **more):
    """What the page shows of steps: what it is told, and the samples."""
    asked = {"lane": "", "picture": picture, "steps": steps, "view": view, **more}
    answer = session.routes["/preview"](asked)
    with Image.open(io.BytesIO(answer.picture)) as image:
        return answer.told, np.asarray(image)


def step(filter, **options):
    return {"filter": filter, "options": options}


# ---- who may ask ------------------------------------------------------------------------------------


def test_the_page_is_sent_to_who_knows_the_token_alone(client):
    status, page, headers = client.send("GET", f"/?{client.served.token}", b"", without=("Imfilter-Token", "Origin"))
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    for kind, tag in (("script", rb"<script>(.*?)</script>"), ("style", rb"<style>(.*?)</style>")):
        [text] = re.findall(tag, page, re.DOTALL)
        assert f"{kind}-src {server._source(text.decode())}" in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert not re.findall(rb"""(?:src|href)=["'](?!data:)""", page)
    assert client.send("GET", "/", b"")[0] == 403
    assert client.send("GET", f"/?{client.served.token}x", b"")[0] == 403
    assert client.send("GET", f"/etc/passwd?{client.served.token}", b"")[0] == 404


REFUSED = [
    (403, {"without": ("Imfilter-Token",)}),
    (403, {"Imfilter_Token": "wrong"}),
    (403, {"Imfilter_Token": "é"}),
    (403, {"Origin": "http://example.com"}),
    (403, {"Origin": "null"}),
    (403, {"Origin": "https://127.0.0.1"}),
    (421, {"Host": "example.com"}),
    (421, {"Host": "127.0.0.1"}),
    (421, {"without": ("Host",)}),
    (421, {"method": "GET", "Host": "rebound.example:80"}),
    (415, {"Content_Type": "text/plain"}),
    (415, {"Content_Type": "application/x-www-form-urlencoded"}),
    (415, {"without": ("Content-Type",)}),
    (411, {"without": ("Content-Length",)}),
    (411, {"Content_Length": "-1"}),
    (411, {"Transfer_Encoding": "chunked"}),
    (413, {"Content_Length": str((1 << 16) + 1)}),
    (413, {"Content_Length": "9" * 5000}),
    (400, {"body": b"{"}),
    (400, {"body": b"[]"}),
    (400, {"body": b"\xff"}),
    (400, {"body": b"[" * 60000}),
    (404, {"path": "/etc/passwd"}),
    (404, {"path": "/start/"}),
    (404, {"method": "GET", "path": "http://["}),
    (501, {"method": "PUT"}),
]


@pytest.mark.each("status, sent", REFUSED)
def test_a_foreign_request_is_refused(client, status, sent):
    assert client.send(**sent)[0] == status


def test_the_page_may_call_this_machine_by_its_name(client):
    host = f"localhost:{client.served.server_port}"
    assert client.send(Host=host, Origin=f"http://{host}")[0] == 200


WRONG = [
    {"picture": 1},
    {"picture": -1},
    {"picture": "a.png"},
    {"picture": True},
    {"steps": {}},
    {"steps": ["blur"]},
    {"steps": [step("nothing")]},
    {"steps": [step("../blur")]},
    {"steps": [step("blur", nothing="1")]},
    {"steps": [step("blur", sigma=2)]},
    {"steps": [step("blur", linear="true")]},
    {"view": None},
    {"view": {"width": 0, "height": 10}},
    {"view": {"width": 10, "height": 1 << 20}},
    {"view": {**WIDE, "x": float("nan")}},
    {"view": {**WIDE, "x": 2}},
    {"band": -1},
    {"lane": 3},
]


@pytest.mark.each("wrong", WRONG)
def test_what_the_page_never_asks_is_refused(client, wrong):
    good = {"lane": "x", "picture": 0, "steps": [step("blur")], "view": WIDE}
    status, told = client.ask("/preview", **(good | wrong))
    assert (status, list(told)) == (400, ["message"])


def test_a_kernel_has_a_grid_and_a_response(client, folder):
    _, found = client.ask("/kernel", kernel="1 2 1; 2 4 2; 1 2 1 / 16")
    assert (found["rows"], found["divisor"]) == ([["1", "2", "1"], ["2", "4", "2"], ["1", "2", "1"]], "16")
    cosines = (1 + np.cos(2 * np.pi * np.linspace(-0.5, 0.5, 65))) / 2
    assert found["most"] == "1"
    assert np.abs(np.array(found["response"]) - 255 * np.outer(cosines, cosines)).max() <= 0.5 + 1e-9
    assert client.ask("/kernel", kernel="1 " * 50)[1]["rows"] == []  # too many to be changed one by one
    (folder / "kernel.txt").write_text("1 2 1")
    for none in ("kernel.txt", "haar", "", "x"):
        assert client.ask("/kernel", kernel=none) == (200, {})


def test_no_file_is_read_that_the_command_line_did_not_name(client, folder, rgb):
    (folder / "kernel.txt").write_text("1 2 1")
    Image.fromarray(rgb).save("other.png")
    for wanted in (step("conv", kernel="kernel.txt"), step("conv", kernel="1", bias="kernel.txt")):
        status, told = client.ask("/preview", lane="x", picture=0, steps=[wanted], view=WIDE)
        assert status == 200
        assert "kernel.txt: the page cannot open files" in told["message"]
    for name in ("other.png", str(folder), "./a.png"):
        status, told = client.ask("/preview", lane="x", picture=0, steps=[step("blend", other=name)], view=WIDE)
        assert (status, told["parameter"]) == (200, "other")
        assert f"{name}: the page cannot open files" in told["message"]


def test_no_file_is_written(client, folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    chosen = [step("blur"), step("edges")]
    for route in client.served.session.routes:
        asked = {
            "filter": "blur",
            "lane": "x",
            "picture": 0,
            "steps": chosen,
            "view": WIDE,
            "output": "magnitude",
            "kernel": "1",
        }
        assert client.ask(route, **asked)[0] == 200
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_refusal_names_the_step_and_the_parameter(client):
    def refused(*steps):
        status, told = client.ask("/preview", lane="x", picture=0, steps=steps, view=WIDE)
        return status, told["step"], told["parameter"]

    assert refused(step("blur", sigma="x")) == (200, 0, "sigma")
    assert refused(step("edges"), step("blur", sigma="-1")) == (200, 1, "sigma")
    assert refused(step("blur", op="median", radius="1.5")) == (200, 0, "radius")
    assert refused(step("blur", depth="16"), step("edges")) == (200, 0, "depth")
    assert refused(step("rotate")) == (200, 0, "angle")


# ---- forms ------------------------------------------------------------------------------------------


@pytest.mark.each("name", catalog.names())
def test_every_parameter_has_a_control_in_its_form(name):
    parameters = catalog.load(name).spec.parameters
    form = forms.form(catalog.load(name), ["a.png"])
    assert [control["name"] for control in form["parameters"]] == [*parameters]
    for control in form["parameters"]:
        parameter = parameters[control["name"]]
        if parameter.kind in ("int", "float", "int pair", "pair"):
            low, high, by = control["span"]
            assert low < high, control["name"]
            assert 0 < by <= high - low, control["name"]
            for end in (low, high):
                parameter.check(int(end) if parameter.kind.startswith("int") else end)
        else:
            assert control["span"] is None
        if control["default"] and parameter.kind not in ("choice", "text"):
            assert parameter.check(control["default"]) == parameter.check(parameter.default)


GLOW = '''
from typing import Annotated, Unpack

from .core import Common, Param, Stage, image_filter, pointwise


@image_filter
def glow(*, warmth: Annotated[float, Param("How warm.", min=0, max=9)] = 2.0, **common: Unpack[Common]) -> Stage:
    """Make it glow."""
    return pointwise(lambda values: values * warmth, gain=warmth)
'''


def test_a_new_filter_is_there_without_a_line_of_the_page(png, tmp_path_factory, monkeypatch):
    filters = tmp_path_factory.mktemp("filters")
    for file in catalog.FOLDER.glob("*.py"):
        (filters / file.name).symlink_to(file)
    (filters / "glow.py").write_text(GLOW)
    monkeypatch.setattr(catalog, "FOLDER", filters)
    monkeypatch.setattr(imfilter.filters, "__path__", [*imfilter.filters.__path__, str(filters)])
    session = Session(Pictures(["a.png"], 1 << 28))
    assert {"name": "glow", "summary": "Make it glow."} in session.routes["/start"]({}).told["filters"]
    [warmth] = [
        own for own in session.routes["/form"]({"filter": "glow"}).told["parameters"] if own["help"] == "How warm."
    ]
    assert (warmth["name"], warmth["default"], warmth["span"]) == ("warmth", "2", (0.0, 9.0, 0.01))
    told, seen = looked(session, [step("glow", warmth="0.5")])
    assert told["command"] == "imfilter glow a.png -o a.glow.png --warmth 0.5"
    with Image.open("a.png") as before:
        assert np.abs(seen - np.asarray(before) / 2).max() <= 0.5


# ---- what is seen, and the command ------------------------------------------------------------------


def number(draw, control):
    low, high, by = control["span"]
    value = low + by * draw(st.integers(0, min(round((high - low) / by), 60)))
    whole = control["kind"].startswith("int")
    return str(round(value)) if whole else f"{value:.6g}"


@st.composite
def steps(draw):
    """One or two filters with some of their controls moved, as the page sends them."""
    found = []
    for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
        name = draw(st.sampled_from(catalog.names()))
        controls = {control["name"]: control for control in forms.form(catalog.load(name), ["a.png"])["parameters"]}
        options = {own: call.text_of(value) for own, value in NEEDED.get(name, {}).items()}
        if "op" in controls:
            options["op"] = draw(st.sampled_from(controls["op"]["choices"]))
        apt = [own for own, control in controls.items() if not control["only"] or options.get("op") in control["only"]]
        for own in draw(st.lists(st.sampled_from(apt), max_size=3, unique=True)):
            control = controls[own]
            if control["kind"] == "flag":
                options[own] = True
            elif control["choices"]:
                options[own] = draw(st.sampled_from(control["choices"]))
            elif control["span"] is not None:
                options[own] = number(draw, control)
                if control["kind"].endswith("pair") and draw(st.booleans()):
                    options[own] += "," + number(draw, control)
        found.append(step(name, **options))
    return found


PICTURES = ["a.png", "gray.png", "deep.png", "alpha.png", "photo.jpg"]


@pytest.fixture
def session(rgb, gray, rgba):
    Image.fromarray(rgb).save("a.png")
    Image.fromarray(gray).save("gray.png")
    Image.fromarray(gray.astype(np.uint16) * 257).save("deep.png")
    Image.fromarray(rgba).save("alpha.png")
    Image.fromarray(rgb).save("photo.jpg")
    return Session(Pictures(PICTURES, 1 << 28))


def same(session, run, tmp_path, chosen, picture, output=None):
    """Whether the copied command writes what the page shows; None where both refuse."""
    try:
        told, seen = looked(session, chosen, picture, **({} if output is None else {"output": output}))
    except (UsageError, FileError):
        return None
    words = shlex.split(told["command"])
    ended = run(*words[1:])
    assert ended.code == 0, (told["command"], ended.err)
    if Path(told["file"]).suffix == ".tif":
        return True  # whose floats a browser does not know
    with Image.open(told["file"]) as written:
        wanted = np.asarray(written.convert("L") if written.mode == "1" else written)
    if wanted.dtype == bool:
        wanted = wanted * np.uint8(255)
    assert seen.shape == wanted.shape, told["command"]
    assert seen.dtype == wanted.dtype, told["command"]
    assert seen.tobytes() == wanted.tobytes(), told["command"]
    return True


def check_random_settings(session, run, folder, examples):
    shown = []

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(steps(), st.integers(0, len(PICTURES) - 1))
    def searched(chosen, picture):
        shown.append(same(session, run, folder, chosen, picture))

    searched()
    assert sum(map(bool, shown)) > len(shown) / 3  # others are refused, as a page may be too


def test_the_copied_command_writes_what_is_seen(session, run, folder):
    check_random_settings(session, run, folder, 60)


@pytest.mark.thorough
def test_the_copied_command_writes_what_is_seen_whatever_is_chosen(session, run, folder):
    check_random_settings(session, run, folder, 400)


OUTPUTS = ["image", "magnitude", "angle", "gx", "gy"]


@pytest.mark.each("output", OUTPUTS)
@pytest.mark.each("picture", [0, 2])
def test_the_copied_command_writes_the_map_that_is_seen(session, run, folder, output, picture):
    chosen = [step("blur", sigma="0.7"), step("edges", channels="max")]
    told, _ = looked(session, chosen, picture, output=output)
    assert told["outputs"] == ("image", "magnitude", "angle", "gx", "gy")
    assert same(session, run, folder, chosen, picture, output)


def test_without_a_filter_the_picture_is_seen_as_it_is(session, load):
    for number, name in enumerate(PICTURES):
        told, seen = looked(session, [], number)
        assert (told["command"], seen.tobytes()) == ("", load(name).tobytes())


@pytest.fixture
def tall():
    """A picture of many strips, 700×2400."""
    noise = np.random.default_rng(3).integers(0, 256, (2400, 700, 3)).astype(np.uint8)
    Image.fromarray(noise).save("tall.png", compress_level=1)
    return Session(Pictures(["tall.png"], 1 << 28))


PARTS = [
    [step("blur", sigma="3")],
    [step("blur", op="median", size="5")],
    [step("edges")],
    [step("edges", op="canny")],
    [step("sharpen", op="unsharp"), step("edges", range="offset")],
    [step("conv", kernel="gaussian5", range="stretch")],
    [step("tone", op="equalize")],
    [step("morph", op="open", size="9")],
    [step("rotate", angle="7", expand=True)],
    [step("resize", scale="0.7")],
    [step("conv", kernel="mean3", padding="valid")],
    [step("flip", op="top-bottom"), step("blur")],
    [step("frequency", cutoff="0.1")],
]


@pytest.mark.each("chosen", PARTS)
def test_a_part_is_that_of_the_whole(tall, work, chosen):
    told, whole = looked(tall, chosen)
    assert whole.shape[1::-1] == (told["width"], told["height"])
    for x, y in ((0, 0), (0.4, 0.55), (1, 1)):
        tall._last = None
        part, seen = looked(tall, chosen, view={"width": 210, "height": 130, "reduce": 1, "x": x, "y": y})
        left, top, width, height = (part["part"][name] for name in ("left", "top", "width", "height"))
        assert (width, height) == (210, 130)
        assert (part["width"], part["height"]) == (told["width"], told["height"])
        assert np.array_equal(seen, whole[top : top + height, left : left + width]), (x, y)


def test_a_part_costs_a_part_of_the_work(folder, monkeypatch):
    Image.new("RGB", (3000, 2000)).save("large.png")
    taken, take = [], gathering.Gathering.take
    monkeypatch.setattr(
        gathering.Gathering, "take", lambda own, start, stop: (taken.append(stop - start), take(own, start, stop))
    )
    large = Session(Pictures(["large.png"], 1 << 28))
    looked(large, [step("blur")], view={"width": 210, "height": 130, "reduce": 1})
    assert 130 <= sum(taken) < 1000


def test_what_was_computed_of_all_is_not_computed_again(tall, monkeypatch):
    looked(tall, [step("blur")], view={"width": 300, "height": 300})
    monkeypatch.setattr(preview, "result", None)
    told, seen = looked(tall, [step("blur")], view={"width": 50, "height": 40, "reduce": 1, "x": 1, "y": 1})
    assert (told["part"]["left"], seen.shape) == (650, (40, 50, 3))


def test_what_is_reduced_is_the_mean_of_the_result(tall):
    _, whole = looked(tall, [step("blur")])
    told, seen = looked(tall, [step("blur")], view={"width": 200, "height": 300})
    assert told["part"] == {"left": 0, "top": 0, "width": 700, "height": 2400, "reduce": 8}
    blocks = whole[:, :696].reshape(300, 8, 87, 8, 3).mean((1, 3))
    assert np.abs(seen[:, :87] - blocks).max() <= 0.51


def test_a_file_that_changed_is_read_again(session, rgb):
    looked(session, [step("blur")])
    Image.fromarray(255 - rgb).save("a.png")
    assert np.array_equal(looked(session, [])[1], 255 - rgb)
    before, after = looked(session, [step("flip")])[1], (255 - rgb)[:, ::-1]
    assert np.array_equal(before, after)


@pytest.mark.each("kind, depth", [("CMYK", np.uint8), ("bands", np.uint8), ("float", np.float32)])
def test_what_a_browser_does_not_know_is_shown_all_the_same(folder, run, rgb, kind, depth):
    if kind == "CMYK":
        Image.fromarray(rgb).convert("CMYK").save("odd.tif")
    elif kind == "bands":
        tifffile.imwrite("odd.tif", np.dstack([rgb, rgb[..., :2]]), photometric="minisblack", planarconfig="contig")
    else:
        tifffile.imwrite("odd.tif", rgb.astype(np.float32) / 255, photometric="rgb")
    session = Session(Pictures(["odd.tif"], 1 << 28))
    told, seen = looked(session, [step("blur", sigma="0")], band=1)
    assert seen.dtype == np.uint8
    if kind == "CMYK":
        assert np.abs(seen.astype(int) - rgb).max() <= 2
    else:
        assert np.array_equal(seen, rgb[..., 1] if kind == "bands" else rgb)
    ended = run(*shlex.split(told["command"])[1:])
    assert ended.code == 0, ended.err


def test_a_bank_of_kernels_shows_one_map_at_a_time(session, run, folder):
    told, seen = looked(session, [step("conv", kernel="haar", stride="2")], band=2)
    assert told["bands"] == ("LL", "LH", "HL", "HH")
    assert "band 3 of 4" in told["said"]
    assert seen.shape == (12, 20)
    assert run(*shlex.split(told["command"])[1:]).code == 0
    assert tifffile.imread(told["file"]).shape == (4, 12, 20)


NAMES = [
    "-x.png",
    "blur me.png",
    "blur",
    "a 'b' $HOME `c`.png",
    "<script>.png",
    "new\nline.png",
    "é.png",
    "--.png",
    " ",
]


@pytest.fixture
def words(shell):
    """The words that a shell makes of a line."""

    def words(line):
        ended = shell(f"imfilter() {{ printf '%s\\0' \"$@\"; }}; {line}")
        return [os.fsdecode(word) for word in ended.stdout.split(b"\0")[:-1]]

    return words


@pytest.mark.each("name", NAMES)
def test_a_picture_of_any_name_has_a_command(folder, words, run, rgb, load, name):
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, "PNG")
    (folder / name).write_bytes(data.getvalue())
    session = Session(Pictures([name], 1 << 28))
    for chosen in ([step("blur", sigma="2")], [step("flip"), step("affine", shear="-5", translate="-1,2")]):
        told, seen = looked(session, chosen)
        ended = run(*words(told["command"]))
        assert ended.code == 0, (told["command"], ended.err)
        assert np.array_equal(load(told["file"]), seen)
        (folder / told["file"]).unlink()


@pytest.mark.needs("names of any bytes")
def test_a_picture_whose_name_is_no_text_has_a_command(words, run, rgb):
    Image.fromarray(rgb).save(os.fsdecode(b"\xff\x01.png"))
    told, _ = looked(Session(Pictures([os.fsdecode(b"\xff\x01.png")], 1 << 28)), [step("blur")])
    assert told["command"].isascii()
    assert told["command"].isprintable()
    assert run(*words(told["command"])).code == 0
    assert Path(os.fsdecode(b"\xff\x01.blur.png")).exists()


def test_one_frame_of_several_is_shown(folder, run, rgb):
    first, second = Image.fromarray(rgb), Image.fromarray(255 - rgb)
    first.save("pages.tif", save_all=True, append_images=[second])
    session = Session(Pictures(["pages.tif"], 1 << 28))
    told, seen = looked(session, [step("flip")])
    assert told["command"].endswith("--frame 0")
    assert np.array_equal(seen, rgb[:, ::-1])
    assert run(*shlex.split(told["command"])[1:]).code == 0


# ---- recipes ----------------------------------------------------------------------------------------


def test_the_recipe_that_is_saved_does_the_same(session, run, load):
    chosen = [step("blur", sigma="2,0.5"), step("edges", op="prewitt", thin=True)]
    _, seen = looked(session, chosen)
    Path("soft.toml").write_text(session.routes["/recipe"]({"steps": chosen}).told["text"])
    assert run("run", "soft.toml", "a.png", "-o", "out.png").code == 0
    assert np.array_equal(load("out.png"), seen)


def test_a_recipe_that_is_opened_gives_its_steps(session, run, rgb):
    Path("k.txt").write_text("1 2 1")
    words = ("conv --kernel k.txt --normalize sum", "blend --other gray.png --opacity 30%", "affine --scale 1.1,0.9")
    assert run("chain", *words, "--save", "all.toml").code == 0
    steps, files = call.of_recipe(recipe_file.load("all.toml"))
    assert files == {"k.txt", "gray.png"}
    assert [own.words for own in steps] == [
        ["conv", "--kernel", "k.txt", "--normalize", "sum"],
        ["blend", "--other", "gray.png", "--opacity", "0.3"],
        ["affine", "--scale", "1.1,0.9"],
    ]
    opened = Session(Pictures(["a.png"], 1 << 28), steps, files)
    chosen = opened.routes["/start"]({}).told["steps"]
    told, seen = looked(opened, chosen)
    assert run("run", "all.toml", "a.png", "-o", "out.png").code == 0
    with Image.open("out.png") as written:
        assert np.array_equal(np.asarray(written), seen)
    assert run(*shlex.split(told["command"])[1:]).code == 0


HOSTILE = ["", "nan", "1e400", "-1", "x", "1,2,3", "9" * 4000, "\0", "\ud800", "'", "--op", "/dev/zero", "50%"]


@pytest.mark.thorough
@pytest.mark.each("name", catalog.names())
def test_what_is_typed_is_taken_or_refused(session, name):
    usual = {own: call.text_of(value) for own, value in NEEDED.get(name, {}).items()}
    for parameter in catalog.load(name).spec.parameters.values():
        for value in [True] if parameter.kind == "flag" else HOSTILE:
            with contextlib.suppress(UsageError, FileError):
                looked(session, [step(name, **(usual | {parameter.name: value}))])


# ---- turns, and the end -----------------------------------------------------------------------------


def test_the_newest_request_counts():
    turns, began, order = Turns(), threading.Event(), []

    def older():
        with pytest.raises(OvertakenError), turns.turn("a") as check:
            began.set()
            while True:
                check()

    def waiting():
        with pytest.raises(OvertakenError), turns.turn("a"):
            order.append("waiting")

    def other():
        with turns.turn("b"):
            order.append("b")

    threads = [threading.Thread(target=target) for target in (older, other)]
    threads[0].start()
    began.wait()
    threads[1].start()
    with turns.turn("a") as check:
        check()
        order.append("a")
    for thread in threads:
        thread.join()
    assert sorted(order) == ["a", "b"]
    assert not turns._newest


def test_work_that_is_overtaken_ends(tall, monkeypatch):
    begun, results = threading.Event(), []
    add = preview._Watched.add

    def slow(own, rows, of):
        begun.set()
        add(own, rows, of)

    monkeypatch.setattr(preview._Watched, "add", slow)

    def ask():
        try:
            results.append(looked(tall, [step("blur", op="nlm")]))
        except OvertakenError:
            results.append("overtaken")

    thread = threading.Thread(target=ask)
    thread.start()
    begun.wait()
    looked(tall, [step("flip")])
    thread.join()
    assert results == ["overtaken"]


def test_the_server_ends_when_no_page_is_open(png):
    session = Session(Pictures(["a.png"], 1 << 28))
    served = Server(session)
    served.heard -= server.PATIENCE + 1
    served.serve()  # which returns
    kept = Server(session, keep=True)
    kept.heard -= server.PATIENCE + 1
    kept.service_actions()
    kept.server_close()


def test_a_page_that_speaks_keeps_the_server(client):
    client.served.heard -= server.PATIENCE + 1
    assert client.ask("/alive") == (200, {})
    client.served.keep = False
    client.served.service_actions()


@pytest.mark.each("number, code", [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_the_command_serves_until_it_is_stopped(start, command, png, number, code):
    process = start([*command, "studio", "a.png"])
    address = process.stdout.readline().decode().strip()
    host, token = re.fullmatch(r"http://(127\.0\.0\.1:\d+)/\?([\w-]{32})", address).groups()
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("GET", f"/?{token}")
    assert b"imfilter" in connection.getresponse().read()
    connection.close()
    process.send_signal(number)
    out, err = process.communicate()
    assert (process.returncode, out) == (code, b"")
    assert err == b"imfilter: open this address in a browser; Ctrl-C ends it, as do 10 minutes without a page\n"


@pytest.mark.each("found", [True, False])
def test_the_browser_is_asked_to_open_the_page(run, png, monkeypatch, found):
    opened, asked = [], threading.Event()

    def browser(address):
        opened.append(address)
        asked.set()
        return found

    def serve(own):
        asked.wait()
        own.server_close()

    monkeypatch.setattr(webbrowser, "open", browser)
    monkeypatch.setattr(Server, "serve", serve)
    ended = run("studio", "a.png", "--open", "--keep")
    assert (ended.code, [ended.out.decode().strip()]) == (0, opened)
    assert ended.lines[0] == "imfilter: open this address in a browser; Ctrl-C ends it"


def test_a_wrong_call_is_refused(refused, png, client):
    assert refused(2, "studio") == "imfilter: no input; name images, or folders of images"
    assert refused(2, "studio", "-").endswith("name a file")
    assert refused(2, "studio", "b.png") == "imfilter: b.png: no such file or directory"
    assert "takes local files only" in refused(2, "studio", "s3://pets/b.png")
    assert "is not a recipe" in refused(2, "studio", "a.png", "--recipe", "a.png")
    port = client.served.server_port
    assert refused(2, "studio", "a.png", "--port", port) == f"imfilter: --port {port}: address already in use"
    assert refused(2, "studio", "a.png", "--port", 70000) == "imfilter: --port 70000: ports are from 0 to 65535"
    Path("bad.png").write_bytes(png.read_bytes()[:60])
    assert "bad.png: is damaged or truncated" in refused(1, "studio", "bad.png")
