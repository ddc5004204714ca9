"""The page of `--report` in a browser: it shows both pictures, asks nobody, and serves whoever reads it."""

import io

import numpy as np
import pytest
from PIL import Image

BEFORE, AFTER = (200, 40, 40), (55, 215, 215)
"""The colours of a flat picture, and of what `adjust --invert` makes of it."""


@pytest.fixture
def flat(folder):
    """A flat picture, and what became of it."""
    Image.new("RGB", (300, 200), BEFORE).save("flat.png")
    return folder / "flat.png"


def shown(visit, selector=".view"):
    """The pixels of a part of the page."""
    data = visit.page.locator(selector).first.screenshot(type="png")
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def place(visit):
    """Zoom, left and top of the first group of pictures."""
    style = "document.querySelector('.linked').style"
    return visit.page.evaluate(f"['--zoom', '--left', '--top'].map(name => parseFloat({style}.getPropertyValue(name)))")


def clean(visit):
    """Whether the page asked for nothing but itself, and nothing went wrong in it."""
    return len(visit.requests) == 1 and not visit.complaints


@pytest.fixture
def page(ok, flat, visit, folder):
    """``page(width=400)`` opens the report on the flat picture."""
    ok("tone", "flat.png", "-o", "out.png", "--op", "invert", "--report", "page.html")
    return lambda **how: visit(folder / "page.html", **how)


def test_the_slider_shows_after_both_and_before(page):
    seen = page()
    slider = seen.page.locator(".cut")
    for value, left, right in ((0, AFTER, AFTER), (50, BEFORE, AFTER), (100, BEFORE, BEFORE)):
        slider.fill(str(value))
        pixels = shown(seen)
        middle = len(pixels) // 3
        assert tuple(pixels[middle, 40]) == left
        assert tuple(pixels[middle, -40]) == right
    assert clean(seen)


def test_the_slider_moves_by_keys_and_by_the_mouse(page):
    seen = page()
    slider = seen.page.locator(".cut")
    slider.focus()
    for _ in range(3):
        seen.page.keyboard.press("ArrowRight")
    cut = "parseFloat(document.querySelector('article').style.getPropertyValue('--cut'))"
    assert seen.page.evaluate(cut) == 53
    slider.click(position={"x": slider.bounding_box()["width"] * 0.8, "y": 5})
    assert 75 < seen.page.evaluate(cut) < 85


def test_the_wheel_keeps_the_pixel_under_the_pointer_once_the_picture_was_clicked(page):
    seen = page(height=1400)
    box = seen.page.locator(".view").first.bounding_box()
    at = round(box["x"] + 90), round(box["y"] + 140)  # the pointer is at a pixel of the screen
    x, y = at[0] - box["x"], at[1] - box["y"]
    seen.page.mouse.move(*at)
    before = place(seen)
    seen.page.mouse.wheel(0, -300)
    seen.page.wait_for_timeout(100)
    assert place(seen) == before  # the page would scroll
    seen.page.mouse.click(*at)
    for _ in range(40):
        seen.page.mouse.wheel(0, -300)
    seen.page.wait_for_function("parseFloat(document.querySelector('.linked').style.getPropertyValue('--zoom')) == 40")
    zoom, left, top = place(seen)
    assert (x - left) / zoom == pytest.approx((x - before[1]) / before[0], abs=0.05)
    assert (y - top) / zoom == pytest.approx((y - before[2]) / before[0], abs=0.05)
    assert "squares" in seen.page.locator(".linked").first.get_attribute("class")
    assert clean(seen)


def test_both_pictures_have_one_place_which_keys_and_dragging_move(page):
    seen = page(height=1400)
    view = seen.page.locator(".view").first
    fitted = place(seen)
    view.focus()
    seen.page.keyboard.press("1")
    assert place(seen)[0] == 1
    seen.page.keyboard.press("+")
    moved = place(seen)
    seen.page.keyboard.press("ArrowLeft")
    assert place(seen) == [moved[0], moved[1] + 40, moved[2]]
    box = view.bounding_box()
    seen.page.mouse.move(box["x"] + 100, box["y"] + 100)
    seen.page.mouse.down()
    seen.page.mouse.move(box["x"] + 110, box["y"] + 130)
    seen.page.mouse.up()
    assert place(seen)[1:] == [moved[1] + 50, moved[2] + 30]
    transforms = view.locator("img").evaluate_all("all => all.map(one => getComputedStyle(one).transform)")
    assert len(transforms) == 2
    assert len({*transforms}) == 1
    seen.page.keyboard.press("0")
    assert place(seen) == fitted


@pytest.mark.each("width, dark", [(1400, False), (1400, True), (400, False), (400, True)])
def test_it_serves_readers_of_every_kind(ok, page, visit, folder, width, dark):
    ok("edges", "flat.png", "-o", "out.png", "--magnitude", "m.png", "--report", "edges.html")
    for seen in (page(width=width, dark=dark), visit(folder / "edges.html", width=width, dark=dark)):
        assert seen.violations("wcag2a", "wcag2aa", "wcag21a", "wcag21aa") == []
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert clean(seen)


def test_without_scripts_both_pictures_stand_side_by_side(page):
    seen = page(scripts=False)
    boxes = [one.bounding_box() for one in seen.page.locator(".view img").all()]
    assert [box["width"] for box in boxes] == [300, 300]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + 300 <= boxes[1]["x"]
    assert not seen.page.locator(".tools").first.is_visible()
    assert not seen.page.get_by_role("button").count()


def test_names_and_titles_are_text(ok, visit, folder):
    name = "<script>alert(1)</script>\"'&.png".replace("/", "\N{DIVISION SLASH}")
    Image.new("RGB", (30, 20)).save(name)
    ok("blur", name, "-o", "out/", "--report", "page.html", "--report-title", "<b>x</b> $title")
    seen = visit(folder / "page.html")
    assert seen.page.title() == seen.page.locator("h1").text_content() == "<b>x</b> $title"
    assert seen.page.locator("h2").nth(1).text_content() == name
    assert name in seen.page.locator("img").first.get_attribute("alt")
    assert clean(seen)


def test_the_command_is_copied(page):
    seen = page()
    seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    seen.page.get_by_role("button", name="Copy").click()
    seen.page.get_by_role("button", name="Copied").wait_for()
    copied = seen.page.evaluate("navigator.clipboard.readText()")
    assert copied == "imfilter tone flat.png -o out.png --op invert --report page.html"


def test_a_comparison_shows_the_worst_first(ok, run, visit, folder, flat):
    for side, level in (("a", 0), ("b", 1)):
        (folder / side).mkdir()
        for name, factor in (("little", 3), ("much", 90), ("same", 0)):
            Image.new("L", (40, 30), 100 + level * factor).save(folder / side / f"{name}.png")
    assert run("compare", "a", "b", "--report", "page.html").code == 1
    seen = visit(folder / "page.html")
    names = seen.page.locator("article h2").all_text_contents()
    assert names == ["a/much.png and b/much.png", "a/little.png and b/little.png"]
    captions = seen.page.locator("article").nth(1).locator(".view figcaption").all_text_contents()
    assert captions == ["A", "B", "Difference × 50"]
    assert seen.violations("wcag2a", "wcag2aa") == []
    assert clean(seen)
