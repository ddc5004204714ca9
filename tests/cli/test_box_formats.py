"""COCO, VOC and YOLO: what is read of each, kept, converted to the others, and refused."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.cli.batch.annotations import coco, voc, yolo
from PIL import Image

SIZE = 100, 60
VOC = """<?xml version="1.0"?>
<annotation verified="yes">
	<folder>old</folder>
	<filename>a.png</filename>
	<path>/home/me/old/a.png</path>
	<source><database>mine &amp; yours</database></source>
	<size><width>100</width><height>60</height><depth>3</depth></size>
	<segmented>0</segmented>
	<object>
		<name>left &lt;hand&gt;</name>
		<pose>Left</pose>
		<truncated>0</truncated>
		<bndbox><xmin>21</xmin><ymin>11</ymin><xmax>50</xmax><ymax>30</ymax></bndbox>
		<part><name>thumb</name><bndbox><xmin>21</xmin><ymin>11</ymin><xmax>30</xmax><ymax>20</ymax></bndbox></part>
		<mood>calm</mood>
	</object>
	<object>
		<name>dog</name>
		<difficult>1</difficult>
		<bndbox><xmax>100</xmax><xmin>91</xmin><ymin>1</ymin><ymax>60</ymax></bndbox>
	</object>
</annotation>
"""  # fmt: skip


@pytest.fixture
def pictures(folder):
    for name in ("a.png", "sub/b.png"):
        Path("photos", name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((*SIZE[::-1], 3), np.uint8)).save(f"photos/{name}")
    return folder


def document(annotations, **more):
    images = [
        {"id": 30, "file_name": "a.png", "width": 100, "height": 60, "license": 2},
        {"id": 10, "file_name": "sub/b.png", "width": 100, "height": 60},
        {"id": 11, "file_name": "not/asked.png", "width": 1, "height": 1},
    ]
    kinds = [{"id": 9, "name": "dog", "supercategory": "animal"}, {"id": 4, "name": "cat"}]
    return {"images": images, "annotations": annotations, "categories": kinds, **more}


ANNOTATIONS = [
    {"id": 1, "image_id": 30, "category_id": 4, "bbox": [20, 10, 30, 20], "area": 600, "iscrowd": 0},
    {"id": 5, "image_id": 10, "category_id": 9, "bbox": [0, 0, 100, 60], "area": 6000, "iscrowd": 0},
    {"id": 6, "image_id": 10, "category_id": 4, "bbox": [90, 50, 10, 10], "area": 100, "iscrowd": 0},
]


def through(ok, boxes, out, *words, filter="pad --size 0"):
    ok(*filter.split(), "photos", "-r", "-q", "-o", "o/", "--boxes", boxes, "--boxes-out", out, *words)


def test_every_format_becomes_every_other_and_comes_back(ok, pictures):
    Path("in.json").write_text(json.dumps(document(ANNOTATIONS)))
    through(ok, "in.json", "voc/", "--boxes-to", "voc")
    through(ok, "voc", "yolo/", "--boxes-to", "yolo")
    assert Path("yolo/classes.txt").read_text() == "cat\ndog\n"
    assert Path("yolo/a.txt").read_text() == "0 0.350000 0.333333 0.300000 0.333333\n"
    through(ok, "yolo", "out.json")
    found, wanted = json.loads(Path("out.json").read_text()), document(ANNOTATIONS)
    assert [image["file_name"] for image in found["images"]] == ["a.png", "sub/b.png"]

    def objects(document):
        names = {kind["id"]: kind["name"] for kind in document["categories"]}
        files = {image["id"]: image["file_name"] for image in document["images"]}
        return [(files[one["image_id"]], names[one["category_id"]], one["bbox"]) for one in document["annotations"]]

    for one, other in zip(objects(found), objects(wanted), strict=True):
        assert one[:2] == other[:2] and one[2] == pytest.approx(other[2], abs=1e-3)
    # And the other way round.
    through(ok, "out.json", "yolo2/", "--boxes-to", "yolo")
    through(ok, "yolo2", "voc2/", "--boxes-to", "voc")
    for name in ("a.xml", "sub/b.xml"):
        assert Path("voc2", name).read_bytes() == Path("voc", name).read_bytes()
    assert Path("yolo2/classes.txt").read_bytes() == Path("yolo/classes.txt").read_bytes()
    for name in ("a.txt", "sub/b.txt"):  # of six digits the last may differ
        one, other = (np.loadtxt(Path(folder, name), ndmin=2) for folder in ("yolo", "yolo2"))
        assert one == pytest.approx(other, abs=2e-6)


def test_coco_comes_back_as_it_was(ok, pictures):
    given = document(
        [
            {"image_id": 30, "id": "x", "category_id": 4, "bbox": [20.5, 10.25, 30, 20], "area": 597.25,
             "segmentation": [[20.5, 10.25, 50.5, 10.25, 50.5, 30.25]], "iscrowd": 0, "score": 0.5, "track": None},
            {"image_id": 10, "id": 2, "caption": "a text"},
        ],
        info={"description": "dé"},
        licenses=[{"id": 2}],
        own=[1],
    )  # fmt: skip
    Path("in.json").write_text(json.dumps(given))
    through(ok, "in.json", "out.json")
    assert json.loads(Path("out.json").read_text()) == {**given, "images": given["images"][:2]}


def test_images_are_found_by_their_place_or_their_last_part(ok, refused, pictures):
    given = document(ANNOTATIONS)
    given["images"][0]["file_name"] = "elsewhere/a.png"
    given["images"][1]["file_name"] = "photos/sub/b.png"
    given["images"][2]["file_name"] = "elsewhere/b.png"
    Path("in.json").write_text(json.dumps(given))
    through(ok, "in.json", "out.json")
    found = json.loads(Path("out.json").read_text())
    assert [image["id"] for image in found["images"]] == [30, 10]
    given["images"][1]["file_name"] = "other/b.png"
    Path("in.json").write_text(json.dumps(given))
    call = ("flip", "photos", "-r", "-o", "o2/", "--boxes-out", "out2.json")
    assert "has 2 images that could be sub/b.png" in refused(2, *call, "--boxes", "in.json")
    given["images"] = given["images"][:1]
    given["annotations"] = given["annotations"][:1]
    Path("in.json").write_text(json.dumps(given))
    assert refused(2, *call, "--boxes", "in.json") == "imfilter: photos/sub/b.png: is not listed in --boxes in.json"


def corners(left, top, right, bottom):
    return f"<xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}<"


def test_voc_is_edited_and_the_rest_stays(ok, pictures):
    Path("photos/sub/b.png").unlink()
    Path("xml").mkdir()
    Path("xml/a.xml").write_text(VOC)
    through(ok, "xml", "xo/", filter="crop --at 25,5 --size 60,50")
    expected = (
        VOC.replace("<folder>old<", "<folder>o<")
        .replace("/home/me/old/a.png", "o/a.png")
        .replace("<width>100<", "<width>60<")
        .replace("<height>60<", "<height>50<")
        .replace("<truncated>0<", "<truncated>1<")
        .replace(corners(21, 11, 50, 30), corners(1, 6, 25, 25))
        .replace(corners(21, 11, 30, 20), corners(1, 6, 5, 15))
    )  # fmt: skip
    start, end = expected.index("\n\t<object>\n\t\t<name>dog"), expected.index("\n</annotation>")
    assert Path("xo/a.xml").read_text() == expected[:start] + expected[end:]
    through(ok, "xml", "same/")
    same = VOC.replace("<folder>old<", "<folder>o<").replace("/home/me/old/a.png", "o/a.png")
    assert Path("same/a.xml").read_text() == same
    through(ok, "xml", "y/", "--boxes-to", "yolo")
    assert Path("y/classes.txt").read_text() == "dog\nleft <hand>\n"


def test_names_of_voc_are_swapped_under_a_mirror(ok, pictures):
    Path("photos/sub/b.png").unlink()
    Path("xml").mkdir()
    other = VOC.replace("<name>dog<", "<name>right &lt;hand&gt;<")
    Path("xml/a.xml").write_text(other)
    through(ok, "xml", "xo/", "--swap", "left,right", filter="flip")
    found = Path("xo/a.xml").read_text()
    names = [found.index(f"<name>{side} &lt;hand&gt;</name>") for side in ("right", "left")]
    assert names == sorted(names)


def test_a_yolo_file_of_outlines_stays_one(ok, pictures):
    Path("labels/sub").mkdir(parents=True)
    Path("labels/a.txt").write_text("3 0.1 0.1 0.5 0.1 0.5 0.5\n0 0.5 0.5 0.1 0.1\n\n")
    through(ok, "labels", "lo/", filter="flip")
    assert Path("lo/a.txt").read_text() == (
        "3 0.900000 0.100000 0.500000 0.100000 0.500000 0.500000\n0 0.500000 0.500000 0.100000 0.100000\n"
    )
    assert Path("lo/sub/b.txt").read_text() == ""  # without a file there are no objects
    assert not Path("lo/classes.txt").exists()


def test_names_are_given_where_they_are_not_known(ok, refused, pictures):
    Path("labels").mkdir()
    Path("labels/a.txt").write_text("1 0.5 0.5 0.1 0.1\n")
    call = ("flip", "photos", "-r", "-q", "-o", "o/", "--boxes", "labels", "--boxes-out", "out.json")
    assert refused(2, *call) == "imfilter: --boxes labels: has classes without names; use --classes FILE"
    Path("few.txt").write_text("cat\n")
    assert "uses class 1, but only 1 class has a name" in refused(2, *call, "--classes", "few.txt")
    Path("data.yaml").write_text("nc: 2\nnames: [cat, 'big dog']\n")
    ok(*call, "--classes", "data.yaml")
    found = json.loads(Path("out.json").read_text())
    assert found["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "big dog"}]
    assert found["annotations"][0]["category_id"] == 2
    Path("order.txt").write_text("bird\nbig dog\ncat\n")
    back = ("pad", "--size", "0", "photos", "-r", "-q", "-o", "o/", "--boxes", "out.json", "--boxes-to", "yolo")
    ok(*back, "--boxes-out", "lo/", "--classes", "order.txt")
    assert Path("lo/a.txt").read_text().startswith("1 ")
    Path("order.txt").write_text("bird\n")
    assert "has no 'cat'" in refused(2, *back, "--boxes-out", "lo/", "--classes", "order.txt")


@pytest.mark.parametrize("drawn", ["yes", "no"])
def test_boxes_were_drawn_before_or_after_exif_turned_the_picture(ok, refused, pictures, drawn):
    exif = Image.Exif()
    exif[0x0112] = 6  # the stored picture is turned clockwise by a quarter
    Image.fromarray(np.zeros((60, 100, 3), np.uint8)).save("t.jpg", exif=exif)
    size = (60, 100) if drawn == "yes" else (100, 60)
    box = [30, 20, 20, 30] if drawn == "yes" else [20, 10, 30, 20]
    given = {
        "images": [{"id": 1, "file_name": "t.jpg", "width": size[0], "height": size[1]}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": box}],
    }
    Path("in.json").write_text(json.dumps(given))
    call = ("pad", "--size", "0", "t.jpg", "-q", "-o", "out.png", "--boxes", "in.json", "--boxes-out", "out.json")
    ok(*call, "--boxes-oriented", drawn)
    (found,) = json.loads(Path("out.json").read_text())["annotations"]
    assert found["bbox"] == [30, 20, 20, 30]
    other = {"yes": "no", "no": "yes"}[drawn]
    told, own = ("60×100", "100×60") if drawn == "yes" else ("100×60", "60×100")
    assert refused(1, *call, "--boxes-oriented", other) == (
        f"imfilter: t.jpg: --boxes gives its size as {told}, but it is {own}; its EXIF rotates it: "
        f"use --boxes-oriented {drawn}"
    )


def test_update_writes_all_boxes_of_kept_and_new_outputs(run, ok, pictures):
    Path("in.json").write_text(json.dumps(document(ANNOTATIONS)))
    call = (
        "resize",
        "--scale",
        "0.5",
        "photos",
        "-r",
        "-o",
        "o/",
        "-u",
        "--boxes",
        "in.json",
        "--boxes-out",
        "out.json",
    )
    assert run(*call).lines[-1].startswith("imfilter: 2 done")
    first = Path("out.json").read_bytes()
    Path("out.json").unlink()
    assert run(*call).lines[-1].startswith("imfilter: 0 done, 2 skipped")
    assert Path("out.json").read_bytes() == first
    changed = [{**ANNOTATIONS[0], "bbox": [0, 0, 50, 50]}, *ANNOTATIONS[1:]]
    Path("in.json").write_text(json.dumps(document(changed)))
    assert run(*call).lines[-1].startswith("imfilter: 1 done, 1 skipped")
    found = json.loads(Path("out.json").read_text())["annotations"]
    assert [one["bbox"] for one in found] == [[0, 0, 25, 25], [0, 0, 50, 30], [45, 25, 5, 5]]


def test_the_same_bytes_on_one_core_and_on_two(ok, pictures):
    Path("in.json").write_text(json.dumps(document(ANNOTATIONS)))
    steps = "rotate --angle -20..20", "crop --area 0.3..1 --place 0..1,0..1"
    for cores in ("1", "2"):
        call = ("augment", "photos", "-r", "-q", "-o", f"o{cores}/", "--variants", "5", "-j", cores)
        ok(*call, "--boxes", "in.json", "--boxes-out", f"{cores}.json", *steps)
    assert Path("1.json").read_bytes() == Path("2.json").read_bytes()
    found = json.loads(Path("1.json").read_text())
    assert [image["file_name"] for image in found["images"][4:6]] == ["a-05.png", "sub/b-01.png"]
    assert [image["id"] for image in found["images"]] == list(range(1, 11))
    assert [one["id"] for one in found["annotations"]] == list(range(1, len(found["annotations"]) + 1))


def test_a_failed_image_is_not_in_the_file_of_all(run, pictures):
    Path("in.json").write_text(json.dumps(document(ANNOTATIONS)))
    Path("photos/a.png").write_bytes(b"broken")
    ended = run("flip", "photos", "-r", "-q", "-o", "o/", "--boxes", "in.json", "--boxes-out", "out.json")
    assert ended.code == 1
    assert [image["id"] for image in json.loads(Path("out.json").read_text())["images"]] == [10]


def test_a_recipe_moves_boxes_too(ok, pictures):
    Path("in.json").write_text(json.dumps(document(ANNOTATIONS)))
    ok("chain", "blur --sigma 1", "flip", "--save", "r.toml")
    ok("run", "r.toml", "photos", "-r", "-q", "-o", "o/", "--boxes", "in.json", "--boxes-out", "out.json")
    found = json.loads(Path("out.json").read_text())["annotations"]
    assert [one["bbox"] for one in found] == [[50, 10, 30, 20], [0, 0, 100, 60], [0, 50, 10, 10]]


def test_what_a_format_cannot_hold_is_said(run, pictures):
    more = {"keypoints": [30, 20, 2], "segmentation": [[20, 10, 50, 10, 50, 30]]}
    rle = {**ANNOTATIONS[2], "iscrowd": 1, "segmentation": {"size": [60, 100], "counts": "abc"}}
    Path("in.json").write_text(json.dumps(document([{**ANNOTATIONS[0], **more}, ANNOTATIONS[1], rle])))
    call = ("flip", "photos", "-r", "-o", "o/", "--boxes", "in.json", "--boxes-to", "yolo", "--boxes-out", "y/")
    assert run(*call).lines[:-1] == [
        "imfilter: photos/a.png: YOLO cannot hold keypoints; they were left out",
        "imfilter: photos/a.png: YOLO was written with boxes only, without polygons",
        "imfilter: photos/sub/b.png: RLE masks were not kept; their boxes were",
        "imfilter: photos/sub/b.png: YOLO cannot mark crowds (iscrowd); they were left out",
    ]
    assert len(Path("y/sub/b.txt").read_text().splitlines()) == 1


def test_names_that_a_format_cannot_hold_are_written_so_that_it_is_read(ok, pictures):
    given = document(ANNOTATIONS)
    given["categories"][0]["name"] = "a\n\x01\ud800&"
    Path("in.json").write_text(json.dumps(given))
    ok("dataset", "boxes", "photos", "-r", "--boxes", "in.json", "-o", "yolo/", "--to", "yolo")
    assert Path("yolo/classes.txt").read_text().splitlines()[0] == "a \x01?&"
    ok("dataset", "boxes", "photos", "-r", "--boxes", "in.json", "-o", "voc/", "--to", "voc")
    names = [name.text for file in Path("voc").rglob("*.xml") for name in ElementTree.parse(file).iter("name")]
    assert "a\n??&" in names


def test_names_and_labels_that_would_be_one_file_are_refused(refused, pictures):
    Path("photos/a.png").rename("photos/classes.png")
    given = document(ANNOTATIONS)
    given["images"][0]["file_name"] = "classes.png"
    Path("in.json").write_text(json.dumps(given))
    line = refused(
        2, "flip", "photos", "-r", "-o", "o/", "--boxes", "in.json", "--boxes-to", "yolo", "--boxes-out", "y"
    )
    assert line == "imfilter: --boxes-out y/classes.txt: leads to the same file as y/classes.txt; choose another name"


def test_boxes_are_converted_without_their_images(run, refused, pictures):
    """`imfilter dataset boxes`."""
    before = {path: path.read_bytes() for path in Path("photos").rglob("*.png")}
    Path("in.json").write_text(json.dumps(document(ANNOTATIONS)))
    for source, target in (("in.json", "voc/"), ("voc", "yolo/"), ("yolo", "out.json"), ("in.json", "same.json")):
        to = ("--to", target[:-1]) if target.endswith("/") else ()
        ended = run("dataset", "boxes", "photos", "-r", "--boxes", source, "-o", target, *to)
        assert (ended.code, ended.lines) == (0, [])
    assert json.loads(Path("same.json").read_text()) == {
        **document(ANNOTATIONS),
        "images": document(ANNOTATIONS)["images"][:2],
    }
    assert "<folder>sub</folder>" in Path("voc/sub/b.xml").read_text()
    found = json.loads(Path("out.json").read_text())
    assert [image["file_name"] for image in found["images"]] == ["a.png", "sub/b.png"]
    assert np.allclose([one["bbox"] for one in found["annotations"]], [one["bbox"] for one in ANNOTATIONS], atol=1e-3)
    assert {path: path.read_bytes() for path in Path("photos").rglob("*.png")} == before
    again = ("dataset", "boxes", "photos", "-r", "--boxes")
    line = refused(2, *again, "in.json", "-o", "in.json")
    assert line == "imfilter: --output in.json: is the file of --boxes, which is never overwritten; choose another name"
    line = refused(2, *again, "in.json", "-o", "y/")
    assert line == "imfilter: --output y/: a folder holds VOC or YOLO; use --to, or a .json file"
    assert refused(2, *again, "in.json", "-o", "y/", "--to", "x") == "imfilter: --to: 'x' is not coco, voc or yolo"
    assert "is never overwritten" in refused(2, *again, "voc", "-o", "voc/")
    Path("photos/a.png").write_bytes(b"broken")
    refused(1, *again, "in.json", "-o", "new/", "--to", "voc")
    assert not Path("new").exists() or not [*Path("new").rglob("*.xml")]


WRONG = {
    "--boxes in.json": "--boxes requires --boxes-out",
    "--boxes-out o.json": "--boxes-out requires --boxes",
    "--swap left,right": "--swap requires --boxes",
    "--boxes in.json --boxes-out out": "--boxes-out out: a folder holds VOC or YOLO; use --boxes-to, or a .json file",
    "--boxes in.json --boxes-out -": "--boxes-out '-' does not name a file or folder",
    "--boxes in.json --boxes-out b/ --boxes-to coco": "--boxes-out b/: COCO is one file; name a .json",
    "--boxes in.json --boxes-out b.json --boxes-to voc": "--boxes-out b.json: VOC has a file for each image; name a "
    "folder",
    "--boxes in.json --boxes-out b.json --boxes-to pascal": "--boxes-to: 'pascal' is not coco, voc or yolo",
    "--boxes in.json --boxes-out b.json --boxes-oriented maybe": "--boxes-oriented: 'maybe' is not yes or no",
    "--boxes in.json --boxes-out b.json --min-visible 2": "--min-visible: '2' is not a number from 0 to 1",
    "--boxes in.json --boxes-out b.json --swap left": "--swap: 'left' is not two words, such as left,right",
    "--boxes in.json --boxes-out in.json": "--boxes-out in.json: is the file of --boxes, which is never "
    "overwritten; choose another name",
    "--boxes in.json --boxes-out gone/b.json": "--boxes-out gone/b.json: no such folder: gone",
    "--boxes in.json --boxes-out b.json --border wrap": "--boxes: this --border duplicates objects, "
    "but not their boxes; use constant or nearest",
    "--boxes gone --boxes-out b.json": "--boxes gone: no such file or directory",
    "--boxes photos --boxes-out b.json": "--boxes photos: has no files for these images, such as photos/a.xml or a.txt",
}


@pytest.mark.each("words, said", WRONG.items())
def test_wrong_calls_are_refused_before_the_work(refused, pictures, words, said):
    Path("in.json").write_text(json.dumps(document(ANNOTATIONS)))
    line = refused(2, "pad", "--size", "3", "photos", "-r", "-o", "o/", *words.split())
    assert line.removeprefix("imfilter: ") == said
    assert not Path("o").exists() and not Path("b.json").exists()


DEEP = b"[" * 200_000
BAD_COCO = {
    b"": "is not JSON: Expecting value in line 1; for YOLO or VOC, name the folder",
    b"\xff\xfe": "is not JSON in UTF-8",
    DEEP: "is not COCO JSON: it is nested too deeply",
    b'{"images": [NaN]}': "contains NaN, which is not a JSON number",
    b'{"images": [-Infinity]}': "contains -Infinity, which is not a JSON number",
    b"[]": 'is not COCO JSON: it has no list "images"',
    b'{"images": {}}': 'is not COCO JSON: it has no list "images"',
    b'{"images": [3]}': 'is not COCO JSON: "images" is not a list of objects',
    b'{"images": [], "annotations": 7}': 'is not COCO JSON: "annotations" is not a list of objects',
    b'{"images": [{"file_name": "a"}]}': "image 0 has no id",
    b'{"images": [{"id": 1.5, "file_name": "a"}]}': "image 0 has no id",
    b'{"images": [{"id": 1}]}': "image 0 has no file_name",
    b'{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}]}': "the image id 1 is used twice",
    b'{"images": [], "annotations": [{"id": 4, "image_id": 3}]}': "annotation 4 has no image: there is no image_id 3",
    b'{"images": [], "annotations": [{"image_id": [3]}]}': "annotation 0 has no image: there is no image_id [3]",
    b'{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 1, "category_id": 9}]}': "annotation 0 "
    "has no class: there is no category 9",
    b'{"images": [], "categories": [{"id": 1}]}': "category 1 has no name",
    b'{"images": [], "categories": [{"id": 1, "name": "x", "keypoints": [1]}]}': "category 1: its keypoints are not "
    "names",
    b'{"images": [], "info": ' + b"9" * 5000 + b"}": None,
}


@pytest.mark.each("data, said", BAD_COCO.items())
def test_bad_json_is_one_line(data, said):
    with pytest.raises(ValueError) as caught:
        coco.read(data)
    assert "\n" not in str(caught.value)
    if said is not None:
        assert str(caught.value) == said


BAD_ANNOTATIONS = {
    "its bbox has 3 numbers; it needs x, y, width and height": {"bbox": [1, 2, 3]},
    "its bbox has a negative side": {"bbox": [1, 2, -3, 4]},
    "'x' is not a number": {"bbox": [1, 2, "x", 4]},
    "'inf' is not a number": {"bbox": [1, 2, 1e999, 4]},
    "True is not a number": {"bbox": [1, 2, True, 4]},
    "its bbox is not a list of numbers": {"bbox": {"x": 1}},
    "its segmentation has an odd number of coordinates": {"segmentation": [[1, 2, 3, 4, 5, 6, 7]]},
    "its segmentation is not a list of numbers": {"segmentation": [1, 2, 3, 4, 5, 6]},
    "its keypoints have 2 numbers; each point needs three": {"keypoints": [1, 2]},
}


@pytest.mark.each("said, more", BAD_ANNOTATIONS.items())
def test_bad_numbers_of_coco_are_one_line(refused, pictures, said, more):
    text = json.dumps(document([{**ANNOTATIONS[0], **more}]))
    Path("in.json").write_text(text.replace("Infinity", "1e999"))
    line = refused(2, "flip", "photos/a.png", "-o", "o.png", "--boxes", "in.json", "--boxes-out", "b.json")
    assert line == f"imfilter: --boxes in.json: annotation 1: {said}"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><annotation>&b;</annotation>'
BAD_VOC = {
    "": "no element found",
    "<annotation>": "no element found",
    BOMB: "it declares a document type",
    '<!DOCTYPE x SYSTEM "file:///etc/passwd"><annotation/>': "it declares a document type",
    "<a>" * 300 + "</a>" * 300: "its elements are nested more than 256 deep",
    "<a/>": "it has no <annotation> element",
    "<annotation><object/></annotation>": "object 1: it has no name",
    "<annotation><object><name>x</name></object></annotation>": "object 1: it has no bndbox",
    "<annotation><object><name>x</name><bndbox><xmin/></bndbox></object></annotation>": "object 1: it has no bndbox",
    VOC.replace("<xmin>21<", "<xmin>nan<"): "object 1: 'nan' is not a number",
    VOC.replace("<xmin>21<", "<xmin>51<"): "object 1: its xmax is less than its xmin",
    VOC.replace("<name>dog<", "<name><![CDATA[dog]]><"): "object 2: it has comments or CDATA sections within a text",
}


@pytest.mark.each("text, said", BAD_VOC.items())
def test_bad_xml_is_one_line(text, said):
    with pytest.raises(ValueError) as caught:
        voc.read(text.encode())
    assert said in str(caught.value) and "\n" not in str(caught.value)


BAD_YOLO = {
    b"\xff": "is not UTF-8 text",
    b"0 0.5 0.5 0.1\n": "line 1: 3 numbers after the class",
    b"0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1 0.99\n": "line 2: 5 numbers after the class",
    b"cat 0.5 0.5 0.1 0.1": "line 1: 'cat' is not a class number",
    b"-1 0.5 0.5 0.1 0.1": "line 1: '-1' is not a class number",
    b"9999999999 0.5 0.5 0.1 0.1": "line 1: '9999999999' is not a class number",
    b"0 0.5 nan 0.1 0.1": "line 1: 'nan' is not a number",
    b"0 0.5 0.5 -0.1 0.1": "line 1: the box has a negative side",
    b"0 0.5 0.5 1e999 0.1": "line 1: '1e999' is not a number",
}


@pytest.mark.each("data, said", BAD_YOLO.items())
def test_bad_yolo_is_one_line(data, said):
    with pytest.raises(ValueError) as caught:
        yolo.read(data)
    assert str(caught.value).startswith(said)


VALID = (
    (voc.read, VOC.encode()),
    (yolo.read, b"0 0.5 0.5 0.1 0.1\n3 0.1 0.1 0.5 0.1 0.5 0.5\n"),
    (coco.read, json.dumps(document([{**ANNOTATIONS[0], "keypoints": [1, 2, 2], "segmentation": [[1] * 6]}])).encode()),
    (lambda data: yolo.names(data, is_yaml=True), b"nc: 2\nnames:\n  0: a\n  1: 'b'\n"),
)


@given(st.sampled_from(VALID), st.data())
def test_whatever_is_damaged_is_read_or_refused_in_one_line(valid, data):
    read, text = valid
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 9, len(text))))
    pieces = (b"", b"<", b"{", b'"', b"null", b"-1", b"1e400", b"[]", b"\xff", b"\0", b"&x;", b"9" * 30, b"<a>", b":")
    damaged = text[:start] + data.draw(st.sampled_from(pieces)) + text[end:]
    try:
        found = read(damaged)
        if isinstance(found, coco.Document):
            for image in found.images:
                coco.written(found.categories, [coco.Entry("a", 9, 9, coco.of_image(found, image))], {}, keep_ids=True)
    except ValueError as error:
        assert "\n" not in str(error)


@pytest.mark.each("data", [b"nc: 3\n", b"names:\n", b"names: {0: a}\n", b"names: [a\n", b"names:\n  1: a\n", b"\xff"])
def test_bad_names_are_refused(data):
    with pytest.raises(ValueError):
        yolo.names(data, is_yaml=True)


def test_a_file_without_an_end_is_refused(refused, pictures, monkeypatch):
    monkeypatch.setattr(coco, "MOST_BYTES", 1 << 20)
    Path("in.json").write_text(" " * ((1 << 20) + 1))
    line = refused(2, "flip", "photos", "-r", "-o", "o/", "--boxes", "in.json", "--boxes-out", "out.json")
    assert line == "imfilter: --boxes in.json: has more than 1 MiB, the limit"
