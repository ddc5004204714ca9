"""The page of `imfilter studio` in a real browser: by mouse, by keys, by those who ask for more contrast."""

import base64
import http.server
import io
import json
import shlex
import threading
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from imfilter.cli.studio.pictures import Pictures
from imfilter.cli.studio.server import Server
from imfilter.cli.studio.session import Session
from imfilter.filters.core import catalog
from PIL import Image

SAMPLES = """() => {
  const canvas = document.getElementById("after");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, canvas.height, btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""))];
}"""
ODD = "<img src=x onerror=console.error(1)>.png"


class Studio:
    """The page, opened."""

    def __init__(self, seen, served):
        self.seen, self.page, self.served = seen, seen.page, served

    def command_is(self, text):
        from playwright.sync_api import expect

        expect(self.page.locator("#command")).to_have_text(text)

    def field(self, name, step=0):
        return self.page.locator(f'#step-{step} [data-name="{name}"]')

    def add(self, name):
        self.page.locator("#filters").get_by_role("button", name=name, exact=True).click()

    @property
    def samples(self):
        width, height, data = self.page.evaluate(SAMPLES)
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3]


@pytest.fixture
def served(folder, rgb):
    Image.fromarray(rgb).save("a.png")
    Image.fromarray(rgb[::-1].copy()).save(ODD)
    served = Server(Session(Pictures(["a.png", ODD], 1 << 28)), keep=True)
    thread = threading.Thread(target=served.serve_forever, args=(0.01,))
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def studio(visit, served):
    """``studio(steps=..., ...)`` opens the page, in a state if there is one."""
    opened = []

    def studio(width=1400, height=900, dark=False, **state):
        fragment = f"#{quote(json.dumps(state))}" if state else ""
        seen = visit(served.address + fragment, width=width, height=height, dark=dark)
        seen.page.locator("#status:not(:empty)").wait_for()
        opened.append(seen)
        return Studio(seen, served)

    yield studio
    for seen in opened:
        assert not seen.complaints
        host = f"http://127.0.0.1:{served.server_port}/"
        assert all(address.startswith((host, "blob:")) for address in seen.requests), seen.requests


@pytest.fixture
def written(run, load):
    """The picture that a command writes."""

    def written(command):
        words = shlex.split(command)
        assert run(*words[1:]).code == 0, command
        return load(words[words.index("-o") + 1])

    return written


def on(filter, **options):
    return {"filter": filter, "on": True, "options": options}


def test_a_slider_is_moved_by_the_mouse_and_the_picture_is_the_command_s(studio, written, rgb):
    studio = studio()
    assert np.array_equal(studio.samples, rgb)
    studio.add("blur")
    studio.command_is("imfilter blur a.png -o a.blur.png")
    assert np.array_equal(studio.samples, written("imfilter blur a.png -o a.blur.png"))
    slider = studio.field("sigma").locator("input[type=range]").first
    box = slider.bounding_box()
    studio.page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    studio.page.mouse.down()
    for part in range(1, 9):
        studio.page.mouse.move(box["x"] + box["width"] * part / 20, box["y"] + box["height"] / 2)
    studio.page.mouse.up()
    value = studio.field("sigma").locator("input[type=text]").input_value()
    assert 3 < float(value) < 5
    command = f"imfilter blur a.png -o a.blur.png --sigma {value}"
    studio.command_is(command)
    assert np.array_equal(studio.samples, written(command))
    studio.page.locator("#undo").click()  # all of the gesture is one step
    studio.command_is("imfilter blur a.png -o a.blur.png")


def test_all_is_done_by_keys_alone(studio):
    page = (studio := studio()).page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def tab_to(name):
        for _ in range(80):
            page.keyboard.press("Tab")
            found = page.evaluate(
                "() => (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()"
            )
            if found == name:
                return
        raise AssertionError(f"no key leads to {name}")

    tab_to("blur")
    page.keyboard.press("Enter")
    tab_to("sigma across")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    studio.command_is("imfilter blur a.png -o a.blur.png --sigma 0.3")
    tab_to("Copy command")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "imfilter blur a.png -o a.blur.png --sigma 0.3"
    tab_to("Picture in view, 1 : 1, whole picture")
    page.keyboard.press("+")
    page.locator("#status", has_text="2 : 1").wait_for()
    page.keyboard.down("b")
    page.locator("#before:not([hidden])").wait_for()
    page.keyboard.up("b")
    page.locator("#before[hidden]").wait_for(state="attached")


def test_a_chain_is_built_moved_and_undone(studio, written):
    studio = studio()
    studio.add("blur")
    studio.add("edges")
    studio.command_is("imfilter chain a.png -o a.chain.png blur edges")
    studio.page.get_by_role("button", name="Move up step 2, edges").click()
    studio.command_is("imfilter chain a.png -o a.chain.png edges blur")
    studio.page.get_by_role("checkbox", name="Use step 1, edges").uncheck()
    studio.command_is("imfilter blur a.png -o a.blur.png")
    studio.page.get_by_role("button", name="Remove step 1, edges").click()
    studio.command_is("imfilter blur a.png -o a.blur.png")
    for command in (
        "imfilter blur a.png -o a.blur.png",
        "imfilter chain a.png -o a.chain.png edges blur",
        "imfilter chain a.png -o a.chain.png blur edges",
    ):
        studio.page.go_back()
        studio.command_is(command)
    assert np.array_equal(studio.samples[..., 0], written(command))
    studio.page.go_forward()
    studio.command_is("imfilter chain a.png -o a.chain.png edges blur")
    studio.page.reload()
    studio.command_is("imfilter chain a.png -o a.chain.png edges blur")


def test_a_recipe_is_saved_that_run_takes(studio, run, load):
    studio = studio(steps=[on("blur", sigma="2"), on("sharpen", amount="0.5")])
    with studio.page.expect_download() as download:
        studio.page.locator("#save").click()
    download.value.save_as("saved.toml")
    assert run("run", "saved.toml", "a.png", "-o", "b.png").code == 0
    assert np.array_equal(studio.samples, load("b.png"))


def test_a_map_is_chosen(studio, written, run, load):
    studio = studio(steps=[on("edges")])
    studio.page.locator("#output").select_option("magnitude")
    studio.command_is("imfilter edges a.png --magnitude a.edges.magnitude.png")
    assert run("edges", "a.png", "--magnitude", "m.png").code == 0
    assert np.array_equal(studio.samples[..., 0], load("m.png"))


def test_what_is_wrong_stands_under_its_control(studio):
    studio = studio(steps=[on("blur", sigma="2")])
    text = studio.field("sigma").locator("input[type=text]")
    text.fill("2,x")
    studio.field("sigma").locator(".error", has_text="--sigma: '2,x' is neither a number nor two, X,Y").wait_for()
    assert studio.page.locator("#copy").is_disabled()
    empty = "getComputedStyle(document.getElementById('command'), '::before').content"
    assert studio.page.evaluate(empty) == '"Correct the error to see the command here."'
    assert studio.seen.violations("wcag2a", "wcag2aa", "best-practice") == []
    text.fill("3")
    studio.command_is("imfilter blur a.png -o a.blur.png --sigma 3")
    assert studio.field("sigma").locator(".error").inner_text() == ""


def test_what_is_wrong_is_seen_where_its_control_is_folded(studio):
    steps = [on("edges", range="clip"), on("blur")]
    words = "step 1 (edges): --range belongs to the last step, which gives the output"
    opened = studio(steps=[*steps[:1], {**steps[1], "on": False}])
    opened.page.get_by_role("checkbox", name="Use step 2, blur").check()
    opened.field("range").locator(".error", has_text=words).wait_for()  # the section opens
    opened.page.locator("#step-0 h2 button").click()
    opened.field("sigma", 1).locator("input[type=text]").fill("2")
    opened.page.locator("#wrong", has_text=words).wait_for()


def test_an_operator_shows_its_own_controls(studio):
    studio = studio(steps=[on("blur", sigma="2")])
    assert not studio.field("range_sigma").is_visible()
    studio.field("op").locator("select").select_option("median")
    studio.command_is("imfilter blur a.png -o a.blur.png --op median")  # what is not for it is kept, and not said
    assert not studio.field("sigma").is_visible()
    studio.field("op").locator("select").select_option("bilateral")
    studio.command_is("imfilter blur a.png -o a.blur.png --sigma 2 --op bilateral")
    assert studio.field("range_sigma").is_visible()


def test_a_kernel_is_changed_tap_by_tap(studio, written):
    studio = studio(steps=[on("conv", kernel="gaussian3")])
    studio.page.get_by_label("kernel, row 2, column 2").fill("9")
    command = "imfilter conv a.png -o a.conv.png --kernel '1 2 1; 2 9 2; 1 2 1 / 16'"
    studio.command_is(command)
    assert np.array_equal(studio.samples, written(command))


CONTROLS = """() => [...document.querySelectorAll(".step")].map((step) =>
  [...step.querySelectorAll(".field")].map((field) => {
    const control = document.getElementById(field.querySelector("label").htmlFor);
    return [field.dataset.name, field.contains(control) && control.matches("input, select")];
  }))"""


def test_every_parameter_of_every_filter_has_a_control(studio):
    studio = studio(steps=[{"filter": name, "on": False, "options": {}} for name in catalog.names()])
    found = studio.page.evaluate(CONTROLS)
    wanted = [[[own, True] for own in catalog.load(name).spec.parameters] for name in catalog.names()]
    assert found == wanted


def test_of_fast_changes_the_last_one_counts(studio, written):
    studio = studio(steps=[on("blur", op="nlm")])
    text = studio.field("strength").locator("input[type=text]")
    for number in range(1, 21):
        text.fill(str(number))
    command = "imfilter blur a.png -o a.blur.png --op nlm --strength 20"
    studio.command_is(command)
    assert np.array_equal(studio.samples, written(command))


def test_the_view_is_moved_and_compared(studio, rgb):
    page = (studio := studio(steps=[on("flip")], zoom=32)).page
    assert "32 : 1" in page.locator("#status").inner_text()
    before = page.locator("#status").inner_text()
    page.locator("#window").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#status", has_text=" at ").filter(has_not_text=before).wait_for()
    page.keyboard.press("0")
    page.locator("#status", has_text="whole picture").wait_for()
    page.locator("#split").fill("50")
    page.locator("#before:not([hidden])").wait_for()
    assert page.locator(".badge").all_inner_texts() == ["Before", "After"]
    shown = np.frombuffer(base64.b64decode(page.evaluate(SAMPLES.replace('"after"', '"before"'))[2]), np.uint8).reshape(
        *rgb.shape[:2], 4
    )
    assert np.array_equal(shown[..., :3], rgb)


def test_the_slider_uncovers_the_picture_as_it_was(studio, rgb):
    page = (studio := studio(steps=[on("flip")], zoom=8)).page
    for split, first in ((0, 0), (50, 20), (100, 40)):
        page.locator("#split").fill(str(split))
        if split:
            page.locator("#before:not([hidden])").wait_for()
        page.evaluate("document.activeElement.blur()")
        with Image.open(io.BytesIO(page.locator("#window").screenshot())) as image:
            seen = np.asarray(image.convert("RGB")).astype(int)
        top, left = ((length - 8 * size) // 2 + 4 for length, size in zip(seen.shape, (24, 40), strict=False))
        seen = seen[top : top + 8 * 24 : 8, left : left + 8 * 40 : 8]
        wanted = np.concatenate([rgb[:, :first], rgb[:, ::-1][:, first:]], axis=1)
        assert np.abs(seen - wanted).max() <= 1


def test_a_picture_s_name_is_text(studio, rgb):
    studio = studio(picture=1)
    assert studio.page.locator("#picture option").all_inner_texts() == ["a.png", ODD]
    assert studio.page.locator("img").count() == 0
    assert np.array_equal(studio.samples, rgb[::-1])


@pytest.mark.each(
    "fragment", ["%", "{}x", quote('{"steps":[{"filter":"nothing"}]}'), quote('{"steps":[{"filter":"blur"}]}')]
)
def test_an_address_that_means_nothing_shows_the_picture(visit, served, fragment):
    seen = visit(f"{served.address}#{fragment}")
    seen.page.locator("#status", has_text="40×24").wait_for()
    assert seen.page.locator(".step").count() == 0
    assert not seen.complaints


LOOKS = [(1400, False), (400, True)]


@pytest.mark.each("width, dark", LOOKS)
def test_the_page_shuts_no_reader_out(studio, width, dark):
    steps = [on("blur", sigma="2,3"), on("conv", kernel="gaussian3"), {**on("edges"), "on": False}]
    studio = studio(width=width, dark=dark, steps=steps)
    studio.page.locator("table.kernel input").first.wait_for()
    studio.page.locator("#split").fill("50")
    studio.page.locator("#step-0 details summary").click()
    studio.page.locator("#before:not([hidden])").wait_for()
    assert studio.seen.violations("wcag2a", "wcag2aa", "best-practice") == []
    overflow = studio.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


def test_without_its_token_there_is_no_page(visit, served):
    host = f"http://127.0.0.1:{served.server_port}"
    for place in ("/", "/?", "/?wrong"):
        assert "the token is missing or wrong" in visit(host + place).page.locator("body").inner_text()


def test_a_page_of_another_origin_learns_nothing(visit, served, folder):
    (folder / "index.html").write_text("<!doctype html><title>Foreign</title>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as other:
        thread = threading.Thread(target=other.serve_forever, args=(0.01,))
        thread.start()
        seen = visit(f"http://127.0.0.1:{other.server_port}/index.html")
        ask = """([address, token, kind]) => fetch(address + "start", {
          method: "POST", body: "{}", headers: { "Content-Type": kind, ...(token && { "Imfilter-Token": token }) },
        }).then(() => "answered", () => "refused")"""
        address = f"http://127.0.0.1:{served.server_port}/"
        for token, kind in ((served.token, "application/json"), ("", "text/plain")):
            assert seen.page.evaluate(ask, [address, token, kind]) == "refused"
        other.shutdown()
        thread.join()


def test_what_the_page_shows_is_written_nowhere(studio, folder):
    before = {path.name for path in Path.cwd().iterdir()}
    studio(steps=[on("blur"), on("edges")])
    assert {path.name for path in Path.cwd().iterdir()} == before
