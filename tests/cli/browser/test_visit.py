"""What a page does wrong is seen: otherwise no test here could fail."""

FAULTY = """<!doctype html>
<title>Faulty</title>
<meta http-equiv="Content-Security-Policy" content="img-src 'none'">
<link rel="stylesheet" href="style.css">
<img src="picture.png">
<img src="data:image/png;base64,AAAA" alt="">
<script>console.error("said"); throw new Error("thrown")</script>
"""


def test_what_a_page_complains_of_and_asks_for_is_seen(visit, folder):
    (folder / "page.html").write_text(FAULTY)
    seen = visit(folder / "page.html")
    assert [address.rpartition("/")[2] for address in seen.requests] == ["page.html", "style.css", "picture.png"]
    for part in ("said", "thrown", "img-src 'none'"):
        assert any(part in complaint for complaint in seen.complaints), (part, seen.complaints)


def test_what_shuts_readers_out_is_seen(visit, folder):
    (folder / "page.html").write_text(FAULTY)
    found = visit(folder / "page.html").violations("wcag2a")
    assert any(line.startswith('image-alt: <img src="picture.png"') for line in found), found
    assert any(line.startswith("html-has-lang: ") for line in found), found


def test_a_page_is_shown_as_its_reader_has_set(visit, folder):
    (folder / "page.html").write_text("<title>x</title><script>document.title = 'run'</script>")
    dark = visit(folder / "page.html", width=400, dark=True)
    assert dark.page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [400, True]
    assert dark.page.title() == "run"
    assert visit(folder / "page.html", scripts=False).page.title() == "x"
