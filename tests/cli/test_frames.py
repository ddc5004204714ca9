"""Animations and pages: every frame filtered on its own, with its time, and none lost without a word."""

import io
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.batch import collisions
from imfilter.cli.batch.naming import ANY
from imfilter.cli.batch.places import Place
from imfilter.cli.images import ifd
from imfilter.cli.images.tiff import pages as tiff_pages
from PIL import Image

KEEP = ("conv", "--kernel", "1")
DURATIONS = [50, 120, 120, 400]


def images(rgb, alpha=False):
    """Four frames of few colours, two of them alike."""
    few = rgb // 64 * 64
    frames = [few, few[::-1].copy(), few[::-1].copy(), np.roll(few, 9, axis=1)]
    if alpha:
        shape = np.zeros(rgb.shape[:2], np.uint8)
        shape[5:15, 5:30] = 255
        frames = [np.dstack([frame, np.roll(shape, 5 * number)]) for number, frame in enumerate(frames)]
        return [np.where(frame[..., 3:] == 0, 0, frame).astype(np.uint8) for frame in frames]
    return frames


def save(name, arrays, **options):
    first, *others = [Image.fromarray(array) for array in arrays]
    lossless = {"lossless": True, "exact": True} if name.endswith("webp") else {}
    first.save(name, save_all=True, append_images=others, **lossless, **options)


def animation(path, mode="RGB"):
    """What another reader sees: frames, durations and loops."""
    frames, durations = [], []
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            frame = np.asarray(image.convert(mode))
            frames.append(np.where(frame[..., 3:] == 0, 0, frame) if mode == "RGBA" else frame)
            durations.append(image.info.get("duration"))
        return frames, durations, image.info.get("loop")


@pytest.fixture(params=["gif", "png", "webp"])
def source(request, rgb):
    """An animation of one format; Pillow would join its two frames that are alike, so a GIF is written here."""
    name = f"in.{request.param}"
    frames = images(rgb)
    if request.param == "gif":
        Path(name).write_bytes(gif(frames, [duration // 10 for duration in DURATIONS], 3))
    elif request.param == "png":
        frames[2] = frames[2] // 2
        save(name, frames, duration=DURATIONS, loop=4)
    else:
        frames[2] = frames[2] // 2
        save(name, frames, duration=DURATIONS, loop=4)
    return name, frames


def gif(frames, hundredths, loops=None, disposal=0, boxes=None, size=(40, 24), transparent=None):
    """A GIF as its specification says, block by block; the pixels are packed by Pillow, one frame at a time."""
    out = [b"GIF89a", struct.pack("<HHBBB", *size, 0, 0, 0)]
    if loops is not None:
        out.append(b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", loops, 0))
    for number, (frame, time) in enumerate(zip(frames, hundredths, strict=True)):
        left, top = boxes[number] if boxes else (0, 0)
        image = Image.fromarray(frame)
        file = io.BytesIO()
        (image if image.mode == "L" else image.quantize(256)).save(file, "GIF", interlace=0)
        data = file.getvalue()
        size_of_palette = 3 << (data[10] & 7) + 1
        at = 13 + size_of_palette
        while data[at] == 0x21:  # an extension
            at += 2
            while data[at]:
                at += data[at] + 1
            at += 1
        flags = disposal << 2 | (transparent is not None)
        out.append(b"!\xf9\x04" + struct.pack("<BHBB", flags, time, transparent or 0, 0))
        out.append(struct.pack("<BHHHHB", 0x2C, left, top, *image.size, 0x80 | (data[10] & 7)))
        out += [data[13 : 13 + size_of_palette], data[at + 10 : -1]]
    return b"".join([*out, b";"])


# ---- from one format to another ---------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_an_identity_gives_back_every_frame_its_time_and_the_loops(ok, source, suffix):
    name, frames = source
    ok(*KEEP, name, "-o", f"out.{suffix}")
    found, durations, loop = animation(f"out.{suffix}")
    assert len(found) == 4
    assert all(np.array_equal(one, other) for one, other in zip(found, frames, strict=True))
    assert durations == DURATIONS
    # GIF counts the times after the first.
    assert loop == (3 if suffix == "gif" else 4)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
@pytest.mark.parametrize("format", ["gif", "png", "webp"])
def test_transparency_is_that_of_each_frame(ok, rgb, format, suffix):
    frames = images(rgb, alpha=True)
    save(f"in.{format}", frames, duration=100, loop=0, disposal=2)
    ok(*KEEP, f"in.{format}", "-o", f"out.{suffix}")
    found, _, loop = animation(f"out.{suffix}", "RGBA")
    assert all(np.array_equal(one, other) for one, other in zip(found, frames, strict=True))
    assert loop == 0


def test_each_frame_is_filtered_on_its_own(ok, load, source):
    name, frames = source
    ok("blur", name, "--sigma", "2", "-o", "out.png")
    found, _, _ = animation("out.png")
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save("one.png")
        ok("blur", "one.png", "--sigma", "2", "-o", "blurred.png")
        assert np.array_equal(found[number], load("blurred.png"))


def test_maps_have_frames_too(ok, source):
    ok("edges", source[0], "--angle", "angle.png", "--magnitude", "magnitude.tif", "-q")
    assert animation("angle.png", "L")[1] == DURATIONS
    assert tifffile.imread("magnitude.tif").shape == (4, 24, 40)
    assert tifffile.imread("magnitude.tif").dtype == np.float32


def test_a_gif_that_plays_once_still_does(ok, rgb):
    Path("in.gif").write_bytes(gif(images(rgb), [5] * 4))
    ok(*KEEP, "in.gif", "-o", "out.gif")
    ok(*KEEP, "in.gif", "-o", "out.webp")
    assert b"NETSCAPE" not in Path("out.gif").read_bytes()
    assert animation("out.webp")[2] == 1


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_parts_of_a_canvas_are_laid_on_it(ok, rgb, disposal):
    frames = [images(rgb)[0], np.full((6, 8, 3), 128, np.uint8), np.full((6, 8, 3), 64, np.uint8)]
    Path("in.gif").write_bytes(gif(frames, [9] * 3, 0, disposal, [(0, 0), (4, 3), (20, 10)]))
    ok(*KEEP, "in.gif", "-o", "out.png")
    canvas = np.zeros((24, 40, 4), np.uint8)
    for found, frame, (x, y) in zip(animation("out.png", "RGBA")[0], frames, [(0, 0), (4, 3), (20, 10)], strict=True):
        before, area = canvas.copy(), (slice(y, y + len(frame)), slice(x, x + frame.shape[1]))
        canvas[area] = np.dstack([frame, np.full(frame.shape[:2], 255)])
        assert np.array_equal(found, canvas)
        if disposal == 2:
            canvas[area] = 0
        elif disposal == 3:
            canvas = before


def test_a_16_bit_apng_keeps_its_depth(ok, rgb, load):
    deep = rgb.astype(np.uint16) * 256 + rgb[::-1]
    tifffile.imwrite("in.tif", deep)
    ok(*KEEP, "in.tif", "-o", "one.png")
    from imfilter.cli.images.picture import Timing
    from imfilter.cli.images.png import apng, codec

    writer = apng.Writer(codec.encode, Timing([(1, 7), (2, 3)], 2))
    for _ in range(2):
        writer.add_png(Path("one.png").read_bytes())
    with Path("in.png").open("wb") as file:
        writer.write(file)
    ok(*KEEP, "in.png", "-o", "out.png")
    assert b"fcTL" + struct.pack(">I", 0) in Path("out.png").read_bytes()
    assert struct.pack(">HH", 1, 7) in Path("out.png").read_bytes()
    ok(*KEEP, "out.png", "--frame", "1", "-o", "out.tif")
    assert np.array_equal(tifffile.imread("out.tif"), deep)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "tif"])
def test_a_picture_of_one_frame_has_its_sheet_in_any_format(ok, rgb, folder, suffix):
    """Though the frames of its maps are numbered, and the format may hold one frame or none without times."""
    Image.fromarray(rgb).save("in.png")
    ok("conv", "in.png", "--kernel", "schmid", "-o", "out/", "--name", "{map}-{frame}.png", "--sheet", f"s.{suffix}")
    with Image.open(f"s.{suffix}") as image:
        assert min(image.size) > 100
        assert getattr(image, "n_frames", 1) == 1
    assert len(list((folder / "out").iterdir())) == 13


# ---- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pages_of_every_depth(ok, rgb, dtype, channels):
    pages = np.stack([rgb, rgb[::-1], rgb // 2])[..., :channels].squeeze().astype(dtype) * np.dtype(dtype).type(1)
    tifffile.imwrite("in.tif", pages, photometric="rgb" if channels == 3 else "minisblack")
    ok(*KEEP, "in.tif", "-o", "out.tif")
    found = tifffile.imread("out.tif")
    assert found.dtype == dtype
    assert np.array_equal(found, pages)


def test_pages_of_several_sizes_and_modes(ok, rgb):
    pages = [rgb, rgb[:9, :7, 0].astype(np.float32), rgb[::2].astype(np.uint16) * 257]
    with tifffile.TiffWriter("in.tif") as writer:
        for page in pages:
            writer.write(page, photometric="rgb" if page.ndim == 3 else "minisblack", resolution=(300, 300))
    ok(*KEEP, "in.tif", "-o", "out.tif")
    with tifffile.TiffFile("out.tif") as file:
        assert all(np.array_equal(page.asarray(), wanted) for page, wanted in zip(file.pages, pages, strict=True))
        assert {page.get_resolution("INCH") for page in file.pages} == {(300, 300)}


def test_pages_of_inks_stay_so(ok, rgba):
    pages = [Image.frombytes("CMYK", (40, 24), array.tobytes()) for array in (rgba, rgba[::-1])]
    pages[0].save("in.tif", save_all=True, append_images=pages[1:])
    ok(*KEEP, "in.tif", "-o", "out.tif")
    with Image.open("out.tif") as image:
        for number, page in enumerate(pages):
            image.seek(number)
            assert image.mode == "CMYK"
            assert image.tobytes() == page.tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pages_share_the_bytes_of_their_file(dtype):
    """A copy for each would take pages times size."""
    from imfilter.cli.images import decode, picture
    from imfilter.cli.images.tiff import pages

    with tifffile.TiffWriter("in.tif") as file:
        for level in range(5):
            file.write(np.full((7, 9), level, dtype))
    options = picture.DecodeOptions(picture.size_guard(100))
    places = []

    def decoded(data):
        places.append(id(data))
        return decode.decode(data, options)

    found = pages.read(Path("in.tif").read_bytes(), lambda _, at: None, decoded).each()
    assert [int(page.pixels[0, 0, 0]) for page in found] == [0, 1, 2, 3, 4]
    assert len(set(places)) == 1


def test_small_copies_of_pages_are_left_out(run, rgb):
    with tifffile.TiffWriter("in.tif") as writer:
        for page, kind in ((rgb, 0), (rgb[::2, ::2], 1), (rgb[::-1], 0)):
            writer.write(page, photometric="rgb", subfiletype=kind)
    ended = run(*KEEP, "in.tif", "-o", "out.tif")
    assert ended.lines == ["imfilter: in.tif: 1 of its pages, small copies or masks of others, was left out"]
    with tifffile.TiffFile("out.tif") as file:
        assert len(file.pages) == 2


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param((254, 4, 128, 0), id="many values, in the file's head"),
        pytest.param((254, 16, 1, 0), id="of another type"),
        pytest.param((254, 999, 1, 0), id="of no type"),
    ],
)
def test_a_page_whose_kind_is_damaged_is_a_page(ok, rgb, entry):
    with tifffile.TiffWriter("in.tif", byteorder="<") as writer:
        for page in (rgb, rgb[::-1], rgb[:, ::-1]):
            writer.write(page, photometric="rgb", subfiletype=0, software="", metadata=None)
    data = bytearray(Path("in.tif").read_bytes())
    sound = struct.pack("<HHII", 254, 4, 1, 0)
    second = data.index(sound, data.index(sound) + 1)
    struct.pack_into("<HHII", data, second, *entry)
    Path("in.tif").write_bytes(data)
    ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
    with tifffile.TiffFile("out.tif") as file:
        pages = [page.asarray() for page in file.pages]
    assert all(np.array_equal(one, other) for one, other in zip(pages, (rgb, rgb[::-1], rgb[:, ::-1]), strict=True))


def test_pages_that_overlap_and_are_not_refused_are_all_counted():
    entries = 60
    data = bytearray(struct.pack("<2sHIH", b"II", 42, 8, entries) + bytes(12 * entries) + struct.pack("<I", 22))
    struct.pack_into("<H", data, 22, entries - 3)  # inside of the first, and nearly as long
    assert len(list(ifd.File(data).pages())) == 2
    assert (
        tiff_pages.read(
            bytes(data), lambda _, at: None, lambda data: pytest.fail("is decoded when it is asked for")
        ).count
        == 2
    )


def test_an_animation_as_pages_loses_its_times_with_a_word(run, source):
    ended = run(*KEEP, source[0], "-o", "out.tif")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "durations" in ended.err
    assert np.array_equal(tifffile.imread("out.tif"), np.stack(source[1]))


def test_an_mpo_is_its_first_picture_unless_others_are_asked_for(run, load, rgb, folder):
    first, second = (Image.fromarray(array) for array in (rgb, rgb[::-1]))
    first.save("in.mpo", "MPO", save_all=True, append_images=[second], quality=95)
    ended = run(*KEEP, "in.mpo", "-o", "out.png")
    assert "only the first of its 2 pictures" in ended.err
    run(*KEEP, "in.mpo", "-o", "f/", "--name", "{frame}.png")
    run(*KEEP, "in.mpo", "--frame", "1", "-o", "second.png")
    assert np.array_equal(load("f/0.png"), load("out.png"))
    assert np.array_equal(load("f/1.png"), load("second.png"))
    assert np.abs(load("f/1.png").astype(int) - load("out.png")[::-1]).mean() < 20


def test_the_name_of_an_mpos_list_in_a_comment_is_none(run, load, rgb):
    first, second = (Image.fromarray(array) for array in (rgb, rgb[::-1]))
    first.save("in.mpo", "MPO", save_all=True, append_images=[second], quality=95)
    run(*KEEP, "in.mpo", "--frame", "1", "-o", "second.png")
    data = Path("in.mpo").read_bytes()
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 6) + b"MPF\0\0\0"
    Path("in.mpo").write_bytes(data[:2] + comment + data[2:])
    assert run(*KEEP, "in.mpo", "--frame", "1", "-o", "again.png").code == 0
    assert np.array_equal(load("again.png"), load("second.png"))


@pytest.mark.parametrize("frame", ["0", "1"])
def test_a_whole_mpo_is_the_same_for_a_lenient_call(run, load, rgb, frame):
    first, second = (Image.fromarray(array) for array in (rgb, rgb[::-1]))
    first.save("in.mpo", "MPO", save_all=True, append_images=[second], quality=95)
    strict = run(*KEEP, "in.mpo", "--frame", frame, "-o", "strict.npy")
    lenient = run(*KEEP, "in.mpo", "--frame", frame, "-o", "lenient.npy", "--lenient")
    assert (lenient.code, lenient.lines) == (strict.code, strict.lines) == (0, [])
    assert np.array_equal(load("strict.npy"), load("lenient.npy"))


def test_pictures_of_an_mpo_at_one_place_are_refused(refused, run, rgb):
    image = Image.fromarray(rgb)
    image.save("in.mpo", "MPO", save_all=True, append_images=[image, image], quality=95)
    data = Path("in.mpo").read_bytes()
    base = data.index(b"MPF\0") + 4
    starts = [found.start() - base for found in re.finditer(b"\xff\xd8\xff", data)]
    second, third = (struct.pack("<I", start) for start in starts[1:])
    assert third in data
    Path("in.mpo").write_bytes(data.replace(third, second))
    assert "at the same byte" in refused(1, *KEEP, "in.mpo", "-o", "f/", "--name", "{frame}.png")
    ended = run(*KEEP, "in.mpo", "-o", "f/", "--name", "{frame}.png", "--lenient")
    assert "the first 2 frames were used" in ended.err
    assert sorted(path.name for path in Path("f").iterdir()) == ["0.png", "1.png"]


# ---- one frame, or a file each ----------------------------------------------------------------------


@pytest.mark.parametrize("out", ["out.jpg", "out.bmp", "out.pfm"])
def test_a_format_of_one_frame_wants_to_know_which(refused, run, load, source, out):
    said = refused(1, *KEEP, source[0], "-o", out)
    assert "has 4 frames" in said
    assert "--frame N (0 to 3)" in said
    assert "{frame:03}" in said
    assert run(*KEEP, source[0], "--frame", "2", "-o", out, "-q").code == 0
    if out == "out.bmp":
        assert np.array_equal(load(out), source[1][2])


def test_one_frame_keeps_the_format_of_its_file_where_no_suffix_says_it(run, source):
    Path(source[0]).rename("in.unknown")
    assert run(*KEEP, "in.unknown", "-o", "out/", "--frame", "1", "-q").code == 0
    with Image.open("out/in.unknown") as image:
        assert image.format.lower() == source[0].removeprefix("in.")


@pytest.mark.parametrize("frame", [(), ("--frame", "1")])
def test_a_picture_of_an_mpo_is_written_as_jpeg_where_no_suffix_says_it(run, rgb, frame):
    first, second = (Image.fromarray(array) for array in (rgb, rgb[::-1]))
    first.save("in.mpo", "MPO", save_all=True, append_images=[second])
    assert run(*KEEP, "in.mpo", "-o", "out/", *frame, "-q").code == 0
    assert Path("out/in.mpo").read_bytes().startswith(b"\xff\xd8\xff")


def test_pages_are_no_animation(refused, rgb):
    tifffile.imwrite("in.tif", np.stack([rgb, rgb]), photometric="rgb")
    assert "has 2 pages" in refused(1, *KEEP, "in.tif", "-o", "out.png")


@pytest.mark.parametrize("number", [4, 99])
def test_a_frame_that_is_not_there(refused, source, number):
    assert "0 to 3" in refused(1, *KEEP, source[0], "--frame", number, "-o", "out.png")


def test_a_frame_of_a_single_picture(ok, refused, png):
    ok(*KEEP, png, "--frame", "0", "-o", "out.png")
    assert "has 1 frame; --frame 1 is out of range" in refused(1, *KEEP, png, "--frame", "1", "-o", "new.png")


def test_a_file_for_each_frame(ok, load, source, folder):
    ok(*KEEP, source[0], "-o", "out/", "--name", "{stem}-{frame:03}.png")
    assert sorted(os.listdir("out")) == [f"in-{number:03}.png" for number in range(4)]
    for number, frame in enumerate(source[1]):
        assert np.array_equal(load(f"out/in-{number:03}.png"), frame)


def test_a_file_for_each_frame_of_a_single_picture(ok, png, folder):
    ok(*KEEP, png, "-o", "out/", "--name", "{stem}-{frame}.png")
    assert os.listdir("out") == ["a-0.png"]


def test_the_plan_shows_what_is_known(ok, source):
    words = (*KEEP, source[0], "-o", "out/", "--name", "{frame:02}.png")
    assert ok(*words, "--dry-run").decode() == f"{source[0]} -> out/{{frame:02}}.png\n"
    assert b'"frames": 4' in ok(*words, "--json", "-q")


def test_an_update_sees_a_frame_that_is_missing_another_or_no_picture(run, source):
    words = (*KEEP, source[0], "-o", "out/", "--name", "{frame}.png", "--update", "-v")
    run(*words)
    assert "skipped" in run(*words).err
    another = Path("out/2.png").read_bytes()
    for spoil in (Path.unlink, lambda path: path.write_bytes(another), lambda path: path.write_bytes(b"x")):
        spoil(Path("out/3.png"))
        assert "skipped" not in run(*words).err.replace("0 skipped", "")
    assert "skipped" in run(*words).err


def test_frames_that_exist_are_kept_where_that_is_asked_for(ok, source, folder):
    (folder / "out").mkdir()
    (folder / "out" / "2.png").write_bytes(b"mine")
    ok(*KEEP, source[0], "-o", "out/", "--name", "{frame}.png", "--no-clobber")
    assert (folder / "out" / "2.png").read_bytes() == b"mine"
    assert len(os.listdir("out")) == 4


@pytest.mark.parametrize(
    ("name", "said"),
    [("{frame:3}.png", "digits"), ("{frame:x>3}.png", "digits"), ("{frame}{frame}.png", "once")],
)
def test_a_number_in_a_name_is_digits(refused, png, name, said):
    assert said in refused(2, *KEEP, png, "-o", "out/", "--name", name)


def test_names_that_may_meet_are_refused(refused, ok, rgb, folder):
    for name in ("a.png", "a1.png"):
        Image.fromarray(rgb).save(name)
    assert "may be one file" in refused(2, *KEEP, "a.png", "a1.png", "-o", "out/", "--name", "{stem}{frame}.png")
    ok(*KEEP, "a.png", "a1.png", "-q", "-o", "out/", "--name", "{stem}-{frame}.png")
    assert "may be one file" in refused(2, *KEEP, "a1.png", "-o", "./", "--name", "a{frame}.png")


def meeting(rests):
    return collisions.meeting([Place("/", (1, 2), rest) for rest in rests])


def test_meeting():
    assert meeting([f"a-{ANY}.png", "a-01.png"])
    assert meeting([f"{ANY}-3.png", f"7-{ANY}.png"])
    assert meeting([f"b/a{ANY}.png", f"b/a1{ANY}.png"])
    assert not meeting([f"img1-{ANY}.png", f"img2-{ANY}.png"])
    assert not meeting([f"{ANY}-3.png", f"7-{ANY}-1.png"])
    assert not meeting(["a1.png", "a2.png", f"b{ANY}.png"])


def test_a_limit_of_frames(refused, source):
    said = refused(1, *KEEP, source[0], "-o", "out.png", "--max-frames", "3")
    assert "has 4 frames; the limit is 3 (--max-frames raises it)" in said


def test_a_damaged_frame_leaves_no_file(refused, rgb, folder):
    data = gif(images(rgb), [5] * 4)
    (folder / "in.gif").write_bytes(data[: len(data) * 3 // 4])
    refused(1, *KEEP, "in.gif", "-o", "out.gif")
    refused(1, *KEEP, "in.gif", "-o", "out/", "--name", "{frame}.png")
    assert not list(folder.glob("out*.gif")) and not list(folder.glob("out/*"))


def test_in_place_an_animation_stays_one(ok, source):
    ok(*KEEP, source[0], "--in-place")
    assert len(animation(source[0])[0]) == 4


def test_the_same_call_gives_the_same_bytes(ok, source):
    for suffix in ("gif", "png", "webp"):
        first, second = (ok("blur", source[0], "-q", "-o", "-", "--to", suffix) for _ in range(2))
        assert first == second != b""


def test_a_still_picture_before_an_animation_is_left_out_with_a_word(run, rgb):
    frames = images(rgb)
    save("in.png", frames[:2], duration=50, default_image=True)
    ended = run(*KEEP, "in.png", "-o", "out.png")
    assert len(ended.lines) == 1 and "its still picture" in ended.err
    with Image.open("out.png") as image:
        assert getattr(image, "n_frames", 1) == 1
        assert np.array_equal(np.asarray(image), frames[1])


@pytest.mark.parametrize("lenient", [(), ("--lenient",)])
def test_an_apng_that_lacks_a_frame(run, rgb, lenient):
    save("in.png", images(rgb)[:2] + images(rgb)[3:], duration=50)
    data = Path("in.png").read_bytes()
    last = data.rindex(b"fcTL") - 4
    Path("in.png").write_bytes(data[:last] + data[-12:])
    ended = run(*KEEP, "in.png", "-o", "out.png", *lenient)
    if lenient:
        assert len(animation("out.png")[0]) == 2
    else:
        assert "declares 3 frames but has 2" in ended.err


def test_a_page_that_is_lost_is_told_of(run, rgb, load):
    tifffile.imwrite("in.tif", np.stack([rgb, rgb]), photometric="rgb", byteorder="<", metadata=None)
    data = bytearray(Path("in.tif").read_bytes())
    (link,) = (page.link for page in list(ifd.File(data).pages())[:1])
    struct.pack_into("<I", data, link, len(data) + 9)
    Path("in.tif").write_bytes(data)
    ended = run(*KEEP, "in.tif", "-o", "out.bmp", "--lenient")
    assert ended.code == 0
    assert "page 2 lies outside of it" in ended.err
    assert np.array_equal(load("out.bmp"), rgb)


def test_a_tiff_of_one_page_and_its_small_copy(run, rgb, load):
    with tifffile.TiffWriter("in.tif") as writer:
        for page, kind in ((rgb, 0), (rgb[::2, ::2], 1)):
            writer.write(page, photometric="rgb", subfiletype=kind)
    assert "small copies" in run(*KEEP, "in.tif", "-o", "out.bmp").err
    assert np.array_equal(load("out.bmp"), rgb)


@pytest.mark.parametrize("into", ["png", "webp"])
@pytest.mark.parametrize("source", ["png", "webp"])
def test_an_animation_is_turned_upright_and_keeps_its_exif(ok, rgb, source, into):
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Maker"
    frames = images(rgb)[:2]
    save(f"in.{source}", frames, duration=50, exif=exif.tobytes())
    ok(*KEEP, f"in.{source}", "-o", f"out.{into}")
    found, _, _ = animation(f"out.{into}")
    assert all(np.array_equal(one, np.rot90(other, -1)) for one, other in zip(found, frames, strict=True))
    with Image.open(f"out.{into}") as image:
        assert image.getexif().get(274, 1) == 1
        assert image.getexif()[271] == "Maker"
