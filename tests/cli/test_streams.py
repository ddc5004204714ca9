"""Streams of images, one file behind the other: they are frames, in and out, through files and pipes."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import formats, image_stream
from PIL import Image

KEEP = ("conv", "--kernel", "1")
SIZES = [(24, 40), (24, 40), (7, 9), (1, 1)]


def pictures():
    """Colour, gray, and other sizes; each a picture of its own."""
    random = np.random.default_rng(3)
    colours = (3, 1, 3, 1)
    return [random.integers(0, 256, (*size, n), np.uint8) for size, n in zip(SIZES, colours, strict=True)]


def pnm(array):
    height, width, channels = array.shape
    kind = {1: 5, 3: 6}[channels]
    return (
        b"P%d\n%d %d\n%d\n" % (kind, width, height, np.iinfo(array.dtype).max)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def pam(array):
    height, width, channels = array.shape
    name = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}[channels]
    head = f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL 255\nTUPLTYPE {name}\nENDHDR\n"
    return head.encode() + array.tobytes()


def png(array):
    file = io.BytesIO()
    Image.fromarray(array.squeeze(2) if array.shape[2] == 1 else array).save(file, "PNG")
    return file.getvalue()


WRITERS = {"pnm": pnm, "pam": pam, "png": png}
STREAMS = WRITERS | {"jpeg": lambda array: jpeg(array)}


def jpeg(array, **options):
    file = io.BytesIO()
    Image.fromarray(array.squeeze(2) if array.shape[2] == 1 else array).save(file, "JPEG", **options)
    return file.getvalue()


def decoded(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def split_pnm(data):
    """The images of a stream of raw PGM, PPM and PAM, by another parser than the program's."""
    found, at = [], 0
    while at < len(data):
        if data[at : at + 3] == b"P7\n":
            end = data.index(b"ENDHDR\n", at) + 7
            lines = [line.split() for line in data[at:end].splitlines() if not line.startswith(b"#")]
            words = {line[0]: line[1] for line in lines if len(line) > 1}
            height, width, channels, most = (int(words[key]) for key in (b"HEIGHT", b"WIDTH", b"DEPTH", b"MAXVAL"))
        else:
            lines, end = [], at
            while len(lines) < 3:
                stop = data.index(b"\n", end)
                lines += [] if data[end : end + 1] == b"#" else [data[end:stop]]
                end = stop + 1
            channels = {b"P5": 1, b"P6": 3}[lines[0]]
            (width, height), most = map(int, lines[1].split()), int(lines[2])
        dtype = np.dtype("u1" if most < 256 else ">u2")
        at = end + height * width * channels * dtype.itemsize
        found.append(np.frombuffer(data[end:at], dtype).reshape(height, width, channels))
    return found


def split_png(data):
    """The images of a stream of PNGs, each read by Pillow alone."""
    found, at = [], 0
    while at < len(data):
        start, at = at, at + 8
        while data[at + 4 : at + 8] != b"IEND":
            at += 12 + int.from_bytes(data[at : at + 4])
        at += 12
        with Image.open(io.BytesIO(data[start:at])) as image:
            array = np.asarray(image)
        found.append(array[..., None] if array.ndim == 2 else array)
    return found


def same(found, expected):
    assert len(found) == len(expected)
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


# ---- in and out -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WRITERS)
def test_every_image_of_a_stream_is_a_frame(ok, folder, kind):
    frames = pictures()
    (folder / "in").write_bytes(b"".join(map(WRITERS[kind], frames)))
    for target, split in (("ppm", split_pnm), ("pam", split_pnm), ("png", split_png)):
        ok(*KEEP, "in", "-o", f"out.{target}")
        same(split(Path(f"out.{target}").read_bytes()), frames)
        same(split(ok(*KEEP, "-", "-t", target, stdin=(folder / "in").read_bytes())), frames)


@pytest.mark.parametrize("kind", WRITERS)
def test_each_is_filtered_as_the_file_that_it_was(ok, folder, kind):
    for number, frame in enumerate(pictures()):
        (folder / f"{number}").write_bytes(WRITERS[kind](frame))
        ok("blur", f"{number}", "--sigma", "2", "-o", f"{number}.npy")
    (folder / "in").write_bytes(b"".join(map(WRITERS[kind], pictures())))
    ok("blur", "in", "--sigma", "2", "-o", "out/", "--name", "{frame}.npy")
    for number in range(4):
        assert np.array_equal(np.load(f"out/{number}.npy"), np.load(f"{number}.npy"))


def test_a_stream_becomes_pages_and_pages_a_stream(ok, folder):
    frames = [np.roll(pictures()[0], number, axis=1) for number in range(3)]
    (folder / "in.ppm").write_bytes(b"".join(map(pnm, frames)))
    ok(*KEEP, "in.ppm", "-o", "out.tif")
    assert np.array_equal(tifffile.imread("out.tif"), np.stack(frames))
    ok(*KEEP, "out.tif", "-o", "again.ppm")
    same(split_pnm(Path("again.ppm").read_bytes()), frames)
    same(split_png(ok(*KEEP, "out.tif", "-o", "-", "-t", "png")), frames)


def test_pages_are_no_png_file_of_which_viewers_show_one(ok, refused, folder):
    tifffile.imwrite("in.tif", np.zeros((3, 5, 6), np.uint8), photometric="minisblack")
    assert "has 3 pages, but PNG shows one" in refused(1, *KEEP, "in.tif", "-o", "out.png")


def test_times_are_no_part_of_a_stream_and_stay_in_an_apng(run, folder, rgb):
    first, *others = [Image.fromarray(np.roll(rgb, number, axis=1)) for number in range(3)]
    first.save("in.png", save_all=True, append_images=others, duration=70)
    assert run(*KEEP, "in.png", "-o", "out.png").err == ""
    assert b"acTL" in Path("out.png").read_bytes()
    ended = run(*KEEP, "in.png", "-o", "out.ppm")
    assert ended.lines == [
        "imfilter: in.png: PPM cannot hold frame durations; they were not kept",
    ]
    same(split_pnm(Path("out.ppm").read_bytes()), [np.roll(rgb, number, axis=1) for number in range(3)])


def test_a_format_of_one_image_wants_to_know_which(ok, refused, folder, load):
    (folder / "in.ppm").write_bytes(b"".join(map(pnm, pictures())))
    said = refused(1, *KEEP, "in.ppm", "-o", "out.bmp")
    assert "has 4 images, but BMP holds one; choose one with --frame N (0 to 3), or write all with -o FOLDER/" in said
    ok(*KEEP, "in.ppm", "-o", "out.bmp", "--frame", "2")
    assert np.array_equal(load("out.bmp"), pictures()[2])
    assert "has 4 frames; the limit is 3 (--max-frames" in refused(
        1, *KEEP, "in.ppm", "-o", "out.ppm", "--max-frames", "3"
    )


def test_one_line_of_json_counts_them(run, folder):
    (folder / "in.ppm").write_bytes(b"".join(map(pnm, pictures())))
    assert b'"frames": 4,' in run(*KEEP, "in.ppm", "-o", "out.tif", "--json").out


def test_each_png_keeps_what_it_carries(ok, folder):
    images = []
    for number in range(2):
        file = io.BytesIO()
        Image.new("L", (4, 4), 9).save(file, "PNG", dpi=(100 + 100 * number,) * 2)
        images.append(file.getvalue())
    (folder / "in.png").write_bytes(b"".join(images))
    ok(*KEEP, "in.png", "-o", "out.png")
    data = Path("out.png").read_bytes()
    second = data[data.index(b"IEND") + 8 :]
    with Image.open(io.BytesIO(data)) as one, Image.open(io.BytesIO(second)) as other:
        assert [round(image.info["dpi"][0]) for image in (one, other)] == [100, 200]


@pytest.mark.parametrize("kind", ["pnm", "png"])
def test_an_update_knows_its_stream(run, ok, folder, kind):
    (folder / "in").write_bytes(b"".join(map(WRITERS[kind], pictures())))
    out = "out.ppm" if kind == "pnm" else "out.png"
    ok(*KEEP, "in", "-o", out)
    assert b'"skipped": 1' in run(*KEEP, "in", "-o", out, "--update", "--json").out


# ---- damage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WRITERS)
def test_a_stream_that_is_cut_off_is_refused_or_taken_as_far_as_it_goes(run, refused, folder, kind):
    data = b"".join(map(WRITERS[kind], pictures()[:3]))
    (folder / "in").write_bytes(data[:-20])
    said = refused(1, *KEEP, "in", "-o", "out.ppm")
    assert said.startswith("imfilter: in: frame 2 is damaged or truncated")
    assert not Path("out.ppm").exists()
    ended = run(*KEEP, "in", "-o", "out.ppm", "--lenient")
    assert ended.code == 0
    assert ended.lines[0].startswith("imfilter: in: frame 2 is damaged")
    same(split_pnm(Path("out.ppm").read_bytes())[:2], pictures()[:2])


@pytest.mark.each("tail", [b"\n", b"garbage", b"\0" * 50, b"P", b"\x89PNG"])
@pytest.mark.each("kind", ["pnm", "png"])
def test_what_follows_and_is_no_image_is_left_alone(ok, folder, kind, tail):
    frame = pictures()[0]
    (folder / "in").write_bytes(WRITERS[kind](frame) + tail)
    ok(*KEEP, "in", "-o", "out.npy", "--depth", "8")
    assert np.array_equal(np.load("out.npy"), frame)


def test_blank_lines_may_stand_between_raw_images(ok, folder):
    (folder / "in").write_bytes(b"\n \n".join(map(pnm, pictures())))
    ok(*KEEP, "in", "-o", "out.ppm")
    same(split_pnm(Path("out.ppm").read_bytes()), pictures())


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (b"P1\n3 2\n# P1 \n101\n0 1 0\n", [[0, 255, 0], [255, 0, 255]]),
        (b"P2 3 2 255\n1 2 3 # one row\n4 5 6\n", [[1, 2, 3], [4, 5, 6]]),
        (b"P3\n1 2\n255 1 2 3 4 5 6\n", [[[1, 2, 3]], [[4, 5, 6]]]),
    ],
)
def test_images_written_as_text_are_frames_too(ok, folder, image, expected):
    (folder / "in.ppm").write_bytes(image * 3)
    ok("conv", "--kernel", "identity", "in.ppm", "-o", "out.tif")
    np.testing.assert_array_equal(tifffile.imread("out.tif"), [expected] * 3)
    (folder / "in.ppm").write_bytes(image + b"\nand so on, P2 say")
    ok("conv", "--kernel", "identity", "in.ppm", "-o", "out.tif")
    np.testing.assert_array_equal(tifffile.imread("out.tif"), expected)


def test_a_stream_is_walked_through_once(ok, folder, monkeypatch):
    """The work of finding the images is linear in the bytes of the file."""
    (folder / "in").write_bytes(b"P5 1 1 255\nx" * 3000)
    asked = []
    peek = image_stream.Feed.peek
    monkeypatch.setattr(image_stream.Feed, "peek", lambda feed, count: asked.append(count) or peek(feed, count))
    data = (folder / "in").read_bytes()
    frames = image_stream.of_file(data, formats.FORMATS["pgm"], lambda data: pytest.fail("nothing is decoded yet"))
    assert frames.count == 3000
    assert len(asked) <= 5 * 3000
    assert max(asked) <= 64


def test_an_animation_in_a_stream_is_refused(refused, folder, rgb):
    first, other = (Image.fromarray(array) for array in (rgb, rgb[::-1]))
    first.save("apng.png", save_all=True, append_images=[other], duration=70)
    (folder / "in.png").write_bytes(png(rgb) + Path("apng.png").read_bytes())
    assert "frame 1 is an animation in a stream of images" in refused(1, *KEEP, "in.png", "-o", "out.tif")


# ---- JPEG -------------------------------------------------------------------------------------------


def without_source(name):
    """What is in a file, but for the digest of its input: of a pipe it is known too late."""
    stamp = rb"(?s)(\xff\xfe..)?imfilter \S+ [0-9a-f]{16}(-[0-9a-f]{32})?"
    data = re.sub(stamp, b"", Path(name).read_bytes(), count=1)
    if not name.endswith(".tif"):
        return data
    with tifffile.TiffFile(name) as file:
        return [page.asarray().tobytes() for page in file.pages]


@pytest.fixture
def jpegs(folder):
    """Three JPEGs one behind the other, as FFmpeg pipes them."""
    images = [jpeg(array) for array in pictures()[:3]]
    (folder / "in.jpg").write_bytes(b"".join(images))
    return images


def test_jpegs_one_behind_the_other_are_frames(ok, shell, load, jpegs):
    ok(*KEEP, "in.jpg", "-o", "out/", "--name", "{frame}.png")
    for number, image in enumerate(jpegs):
        assert np.array_equal(load(f"out/{number}.png"), decoded(image))
    ok(*KEEP, "in.jpg", "-o", "file.jpg")
    ended = shell("cat in.jpg | imfilter conv --kernel 1 - -o - -t jpeg > pipe.jpg")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert without_source("pipe.jpg") == without_source("file.jpg")
    ok(*KEEP, "file.jpg", "-o", "again/", "--name", "{frame}.png")
    assert [load(f"again/{number}.png").shape for number in range(3)] == [decoded(image).shape for image in jpegs]


def test_pages_are_no_jpeg_file_of_which_viewers_show_one(refused, folder):
    tifffile.imwrite("in.tif", np.zeros((3, 5, 6), np.uint8), photometric="minisblack")
    assert "has 3 pages, but JPEG holds one" in refused(1, *KEEP, "in.tif", "-o", "out.jpg")


def test_a_jpeg_that_is_cut_off_before_another_is_refused(refused, jpegs):
    Path("in.jpg").write_bytes(jpegs[1] + jpegs[0][:-30] + jpegs[2])
    assert "frame 1 is " in refused(1, *KEEP, "in.jpg", "-o", "out.tif")


def test_images_of_several_formats_may_stand_in_one_stream(ok, shell, load):
    arrays = pictures()[:3]
    Path("in").write_bytes(pnm(arrays[0]) + png(arrays[1]) + jpeg(arrays[2]))
    ok(*KEEP, "in", "-o", "file.tif")
    with tifffile.TiffFile("file.tif") as file:
        found = [page.asarray() for page in file.pages]
    assert np.array_equal(found[0], arrays[0])
    assert np.array_equal(found[1], arrays[1][..., 0])
    assert np.array_equal(found[2], decoded(jpeg(arrays[2])))
    ended = shell("cat in | imfilter conv --kernel 1 - -o pipe.tif")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert without_source("pipe.tif") == without_source("file.tif")


def test_previews_behind_a_jpeg_and_in_it_are_no_frames(run, shell, load, jpegs):
    """A maker note says where a camera's preview lies, and XMP what a phone adds."""
    first, second = pictures()[0], jpegs[2]
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = b"maker"
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    for options in ({"exif": exif.tobytes()}, {"xmp": xmp}):
        Path("in.jpg").write_bytes(jpeg(first, **options) + second)
        ended = run(*KEEP, "in.jpg", "-o", "out.png")
        assert ended.lines == [
            "imfilter: in.jpg: another JPEG follows the picture, perhaps its preview, and was not read; "
            "split the file to filter both"
        ]
        assert np.array_equal(load("out.png"), decoded(jpeg(first)))
        ended = shell("cat in.jpg | imfilter conv --kernel 1 - -o pipe.png")
        assert b"another JPEG follows" in ended.stderr
    Path("in.jpg").write_bytes(jpeg(first, exif=b"Exif\0\0" + second) + b"ftyp and other bytes")
    ended = run(*KEEP, "in.jpg", "-o", "out.png")
    assert "follows" not in ended.err
    assert np.array_equal(load("out.png"), decoded(jpeg(first)))


# ---- pipes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WRITERS)
def test_a_pipe_gives_what_a_file_gives(shell, ok, folder, kind):
    (folder / "in").write_bytes(b"".join(map(WRITERS[kind], pictures())))
    ok("blur", "in", "-o", "file.ppm")
    ended = shell("cat in | imfilter blur - -o - -t ppm > pipe.ppm; cat in | imfilter blur - -o pipe.tif")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert without_source("pipe.ppm") == without_source("file.ppm")
    ok("blur", "in", "-o", "file.tif")
    assert without_source("pipe.tif") == without_source("file.tif")


@pytest.mark.each("size", [1, 7, 100, 3000])
@pytest.mark.each("kind", STREAMS)
def test_the_pieces_of_a_pipe_do_not_matter(kind, size):
    data = b"".join(map(STREAMS[kind], pictures()))

    class Pipe(io.BytesIO):
        def read1(self, count):
            return self.read(min(size, count))

    format = formats.sniff(data[:16])
    feed = image_stream.Feed(data[:16], format, Pipe(data[16:]))
    found = [feed.take()]
    while feed.has_more():
        found.append(feed.take())
    assert found == list(map(STREAMS[kind], pictures()))


def test_each_frame_is_passed_on_before_the_pipe_ends(start, command, folder):
    """A frame comes out when the next has begun to come in: the pipe may have no end."""
    process = start([*command, *KEEP, "-"], stdin=-1)
    frame = pnm(pictures()[0])
    for number in range(3):
        process.stdin.write(frame + frame[:16] if number == 0 else frame[16:] + frame[:16])
        process.stdin.flush()
        head = b"".join(process.stdout.readline() for _ in range(4 if number == 0 else 3))
        assert head.endswith(b"40 24\n255\n")
        assert process.stdout.read(24 * 40 * 3) == frame[-24 * 40 * 3 :]
    process.stdin.write(frame[16:])
    process.stdin.close()
    assert process.stdout.read().endswith(frame[-24 * 40 * 3 :])
    assert process.wait() == 0


@pytest.mark.each("kind", ["P5", "P6", "P7"])
def test_the_smallest_frames_are_passed_on_too(start, command, kind):
    """No more bytes are waited for than tell that another frame begins."""
    head = {
        "P5": b"P5\n1 1\n255\n",
        "P6": b"P6\n1 1\n255\n",
        "P7": b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n",
    }[kind]
    process = start([*command, *KEEP, "-", "--no-stamp"], stdin=-1)
    frame = head + b"abc"[: 3 if kind == "P6" else 1]
    process.stdin.write(frame)
    for _ in range(3):
        process.stdin.write(frame[:3])
        process.stdin.flush()
        assert process.stdout.read(len(frame)) == frame
        process.stdin.write(frame[3:])
    process.stdin.close()
    assert process.stdout.read() == frame
    assert process.wait() == 0


def test_a_pipe_that_breaks_off_gives_the_frames_before_and_fails(shell, folder):
    data = b"".join(map(pnm, pictures()[:3]))
    (folder / "in").write_bytes(data[:-20])
    ended = shell("cat in | imfilter conv --kernel 1 - > out.ppm")
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"imfilter: standard input: frame 2 is damaged or truncated")
    same(split_pnm(Path("out.ppm").read_bytes()), pictures()[:2])


def test_frames_of_a_pipe_have_files_of_their_own(shell, folder, load, refused):
    (folder / "in").write_bytes(b"".join(map(pnm, pictures())))
    ended = shell("cat in | imfilter conv --kernel 1 - -o out/ --name 'f{frame:02}.png'")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert sorted(path.name for path in Path("out").iterdir()) == [f"f{number:02}.png" for number in range(4)]
    assert np.array_equal(load("out/f02.png"), pictures()[2])
    assert "use --name without {stem}" in refused(2, *KEEP, "-", "-o", "out/", "--name", "{stem}-{frame}.png")


@pytest.mark.each(
    "words, said",
    [
        (["--frame", "9", "-o", "out.png"], "has 4 frames, 0 to 3; --frame 9 is out of range"),
        (["-o", "out.bmp"], "has several images, but BMP holds one; choose one with --frame N, or write all with"),
        (["-o", "out.tif", "--max-frames", "2"], "has more than 2 frames, the limit (--max-frames raises"),
    ],
)
def test_what_a_pipe_cannot_be_is_said(shell, folder, words, said):
    (folder / "in").write_bytes(b"".join(map(pnm, pictures())))
    ended = shell(f"cat in | imfilter conv --kernel 1 - {' '.join(words)}")
    assert ended.returncode == 1
    assert said in ended.stderr.decode()
    assert not Path(words[-1]).exists()


def test_pages_of_a_pipe_make_one_tiff_on_standard_output(shell, folder):
    (folder / "in").write_bytes(b"".join(map(pnm, pictures()[:1] * 3)))
    assert shell("cat in | imfilter conv --kernel 1 - -t tiff > out.tif").returncode == 0
    assert tifffile.imread("out.tif").shape == (3, 24, 40, 3)
