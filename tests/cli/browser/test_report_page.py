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


@pytest.mark.each("width", [400, 1400])
def test_the_longest_name_fits_the_page(ok, run, visit, folder, width):
    name = f"{'x' * 240}.png"
    Image.new("RGB", (30, 20)).save(name)
    (folder / f"{'y' * 240}.png").write_bytes(b"no image")
    assert run("blur", name, f"{'y' * 240}.png", "-o", "out/", "--report", "blur.html").code == 1
    ok("sweep", name, "--report", "sweep.html", "blur --sigma {1,2}")
    for colour in ("red", "blue"):
        (folder / colour).mkdir(exist_ok=True)
        Image.new("RGB", (30, 20), colour).save(folder / colour / name)
    assert run("compare", "red", "blue", "--report", "compare.html").code == 1
    for page in ("blur", "sweep", "compare"):
        seen = visit(folder / f"{page}.html", width=width)
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page


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


# ---- of a sweep -------------------------------------------------------------------------------------

GAMMAS = "tone --gamma {0.5,2}"


def level(gamma):
    """The colour that a flat picture has after a `tone --gamma`."""
    return tuple(round(255 * (value / 255) ** gamma) for value in BEFORE)


@pytest.fixture
def cells(ok, flat, visit, folder):
    """``cells("blur", width=400)`` opens the page of a sweep of the flat picture."""

    def cells(*steps, **how):
        ok("sweep", "flat.png", "--report", "sweep.html", *(steps or [GAMMAS]), "-q")
        return visit(folder / "sweep.html", **how)

    return cells


def sides(seen):
    """The colours on the left and on the right of the stage."""
    pixels = shown(seen, ".stage .view")
    return tuple(pixels[len(pixels) // 3, 20]), tuple(pixels[len(pixels) // 3, -20])


def pressed(seen):
    """The names of the cells that are chosen."""
    chosen = seen.page.locator("button[aria-pressed=true]")
    return [name.removeprefix("Compare ") for name in chosen.evaluate_all("all => all.map(one => one.ariaLabel)")]


def near(one, other):
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 1


def test_of_a_sweep_two_cells_are_chosen_and_lie_one_above_the_other(cells):
    seen = cells()
    assert pressed(seen) == ["input", "gamma 0.5"]
    assert all(map(near, sides(seen), (BEFORE, level(0.5))))
    last = seen.page.locator(".cell").last
    last.click(position={"x": 30, "y": 30})  # its picture
    assert pressed(seen) == ["gamma 0.5", "gamma 2"]
    assert all(map(near, sides(seen), (level(0.5), level(2))))
    assert seen.page.locator("[role=status]").text_content() == "Left: gamma 0.5. Right: gamma 2."
    assert seen.page.locator(".stage figcaption").all_text_contents() == ["gamma 0.5", "gamma 2"]
    seen.page.locator(".stage .cut").fill("100")
    assert all(near(side, level(0.5)) for side in sides(seen))
    last.click()
    assert pressed(seen) == ["gamma 0.5"]
    assert "choose one more" in seen.page.locator("[role=status]").text_content()
    seen.page.locator(".cell").nth(1).click()
    assert pressed(seen) == []
    assert not seen.page.locator(".stage .view").is_visible()
    assert clean(seen)


def test_cells_are_chosen_by_keys_and_stay_in_their_place(cells):
    seen = cells()
    view = seen.page.locator(".stage .view")
    view.focus()
    seen.page.keyboard.press("1")
    seen.page.keyboard.press("ArrowLeft")
    moved = place(seen)
    names = []
    for _ in range(12):
        seen.page.keyboard.press("Tab")
        names.append(seen.page.evaluate("document.activeElement.ariaLabel ?? ''"))
        if names[-1] == "Compare gamma 2":
            break
    assert "Compare input" in names
    seen.page.keyboard.press("Space")
    assert pressed(seen) == ["gamma 0.5", "gamma 2"]
    assert view.get_attribute("aria-label").startswith("gamma 0.5 and gamma 2; + and - zoom")
    assert place(seen) == moved
    assert clean(seen)


def test_cells_of_other_shapes_are_shown_whole(cells):
    seen = cells("crop --size {150,300},60", "tone --op invert")
    seen.page.get_by_role("button", name="Compare crop: size 300,60", exact=True).click()
    assert "different shapes; each is shown whole" in seen.page.locator("[role=status]").text_content()
    frame = seen.page.locator(".stage .view").bounding_box()
    assert frame["width"] / frame["height"] == pytest.approx(150 / 60, rel=0.02)  # that of the left one
    seen.page.locator(".stage .cut").fill("0")
    pixels = shown(seen, ".stage .view")
    assert near(pixels[len(pixels) // 2, 20], BEFORE)
    assert not near(pixels[5, 20], BEFORE)  # the right one is wider, and has room above it
    assert clean(seen)


@pytest.mark.each("width, dark", [(1400, False), (1400, True), (400, False), (400, True)])
def test_a_sweep_serves_readers_of_every_kind(cells, width, dark):
    seen = cells("blur --sigma {1,2} | tone --gamma {1,2}", "--against", "flat.png", width=width, dark=dark)
    assert seen.violations("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice") == []
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert clean(seen)


def test_without_scripts_the_cells_stand_side_by_side(cells):
    seen = cells("tone --gamma {0.5,2}", scripts=False)
    boxes = [one.bounding_box() for one in seen.page.locator(".cell").all()]
    assert len(boxes) == 3
    assert len({box["y"] for box in boxes}) == 1
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert not seen.page.locator(".stage").is_visible()
    assert not seen.page.get_by_role("button").count()
    assert seen.page.locator(".cell img").evaluate_all("all => all.every(one => one.naturalWidth === 300)")
