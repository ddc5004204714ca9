"""The server of `imfilter studio`: what it refuses, what it shows, and the command that does the same."""

import http.client
import io
import json
import re
import shlex
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import imfilter.filters
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imfilter.cli.errors import FileError, UsageError
from imfilter.cli.studio import call, forms, server
from imfilter.cli.studio.pictures import Pictures
from imfilter.cli.studio.server import Server
from imfilter.cli.studio.session import Session
from imfilter.cli.studio.turns import OvertakenError, Turns
from imfilter.filters.core import catalog
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


@contextmanager
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


def test_no_file_is_read_that_the_command_line_did_not_name(client, folder, rgb):
    (folder / "kernel.txt").write_text("1 2 1")
    Image.fromarray(rgb).save("other.png")
    for wanted in (step("conv", kernel="kernel.txt"), step("conv", kernel="1", bias="kernel.txt")):
        status, told = client.ask("/preview", lane="x", picture=0, steps=[wanted], view=WIDE)
        assert status == 422
        assert "kernel.txt: the page reads no files" in told["message"]
    for name in ("other.png", str(folder), "./a.png"):
        status, told = client.ask("/preview", lane="x", picture=0, steps=[step("blend", other=name)], view=WIDE)
        assert (status, told["parameter"]) == (422, "other")
        assert f"{name}: the page reads no files" in told["message"]


def test_no_file_is_written(client, folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    chosen = [step("blur"), step("edges")]
    for route in client.served.session.routes:
        asked = {"filter": "blur", "lane": "x", "picture": 0, "steps": chosen, "view": WIDE, "output": "magnitude"}
        assert client.ask(route, **asked)[0] == 200
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_refusal_names_the_step_and_the_parameter(client):
    def refused(*steps):
        status, told = client.ask("/preview", lane="x", picture=0, steps=steps, view=WIDE)
        return status, told["step"], told["parameter"]

    assert refused(step("blur", sigma="x")) == (422, 0, "sigma")
    assert refused(step("edges"), step("blur", sigma="-1")) == (422, 1, "sigma")
    assert refused(step("blur", op="median", radius="1.5")) == (422, 0, "radius")
    assert refused(step("blur", depth="16"), step("edges")) == (422, 0, "depth")
    assert refused(step("rotate")) == (422, 0, "angle")


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
    check_random_settings(session, run, folder, 25)


@pytest.mark.thorough
def test_the_copied_command_writes_what_is_seen_whatever_is_chosen(session, run, folder):
    check_random_settings(session, run, folder, 400)
