"""What `imfilter dataset info` takes from headers is what the decoded images are; and many classes are no trouble."""

import itertools

import numpy as np
import pytest
from imfilter.cli.dataset import headers, info, source
from imfilter.cli.images.picture import channels_of
from PIL import Image

RNG = np.random.default_rng(3)


def drawn(mode, size=(9, 6)):
    return Image.fromarray(RNG.integers(0, 256, (size[1], size[0], 4), np.uint8), "RGBA").convert(mode)


def decoded(path):
    (data_set,) = source.opened([str(path)])
    (batch,) = data_set.batches()
    picture = batch.picture
    height, width = picture.pixels.shape[:2]
    depth = int(info.DEPTHS[picture.pixels.dtype.name])
    return headers.Header((width, height), channels_of(picture), depth)


def test_headers_tell_what_decoding_tells(folder):
    saved = {
        "gray.jpg": ("L", {}),
        "rgb.jpg": ("RGB", {"progressive": True}),
        "gray.png": ("L", {}),
        "rgb.png": ("RGB", {"dpi": (72, 72)}),
        "la.png": ("LA", {}),
        "rgba.png": ("RGBA", {}),
        **{f"turned{at}.jpg": ("RGB", {"exif": orientation(at)}) for at in range(1, 9)},
    }
    for name, (mode, words) in saved.items():
        drawn(mode).save(folder / name, **words)
        assert headers.read(name) == decoded(folder / name), name
    Image.fromarray(RNG.integers(0, 65536, (5, 4), np.uint16)).save(folder / "deep.png")
    assert headers.read("deep.png") == decoded("deep.png") == ((4, 5), "gray", 16)
    assert headers.read("turned6.jpg").size == (6, 9)


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def test_what_headers_do_not_tell_is_decoded(folder):
    drawn("P").save(folder / "palette.png")
    drawn("1").save(folder / "bits.png")
    drawn("RGB").save(folder / "key.png", transparency=(1, 2, 3))
    drawn("RGB").save(folder / "turned.png", exif=orientation(6))
    drawn("CMYK").save(folder / "cmyk.jpg")
    drawn("RGB").save(folder / "a.bmp")
    drawn("RGB").save(folder / "film.png", save_all=True, append_images=[drawn("RGB")])
    for name in ("palette.png", "bits.png", "key.png", "turned.png", "cmyk.jpg", "a.bmp", "film.png", "nosuch.png"):
        assert headers.read(name) is None, name


@pytest.mark.each("name", ["a.jpg", "a.png"])
def test_files_that_are_cut_off_anywhere_are_decoded(folder, name):
    drawn("RGB").save(folder / name)
    data = (folder / name).read_bytes()
    for length in range(len(data)):
        (folder / name).write_bytes(data[:length])
        assert headers.read(name) is None, length


def test_info_decodes_nothing_that_it_need_not(ok, folder, monkeypatch):
    for number in range(5):
        (folder / "a" / f"{number % 2}").mkdir(parents=True, exist_ok=True)
        drawn("RGB").save(folder / "a" / f"{number % 2}" / f"{number}.jpg")
    monkeypatch.delattr(source.Pictures, "read")
    assert b"images    5" in ok("dataset", "info", "a")


@pytest.mark.needs("ulimit -n 64")
def test_many_classes_need_few_open_files(shell, folder):
    for number in range(200):
        (folder / "many" / f"{number:03}").mkdir(parents=True)
        drawn("L", (3, 2)).save(folder / "many" / f"{number:03}" / "0.png")
    for line in (
        "convert many -o copy/",
        "convert many -o many.tar",
        "convert many.tar -o back/",
        "split many -o parts --parts a=0.5,b=0.5",
        "split many -o links --parts a=1 --link",
        "info many",
        "check many",
    ):
        ended = shell(f"ulimit -n 64; imfilter dataset {line}", cwd=folder)
        assert (ended.returncode, ended.stderr) == (0, b""), line
    paths = {name: sorted((folder / name).rglob("*.png")) for name in ("many", "copy", "back", "links")}
    for one, *others in zip(*paths.values(), strict=True):
        assert all(other.read_bytes() == one.read_bytes() for other in others)


def test_what_was_written_is_removed_where_a_later_file_fails(refused, folder):
    for name, number in itertools.product("ab", range(3)):
        (folder / "set" / name).mkdir(parents=True, exist_ok=True)
        drawn("RGB").save(folder / "set" / name / f"{number}.png")
    path = folder / "set" / "b" / "2.png"
    path.write_bytes(path.read_bytes()[:-30])
    assert "set/b/2.png: is damaged" in refused(1, "dataset", "convert", "set", "-o", "out/", "--to", "tiff")
    assert not [found for found in (folder / "out").rglob("*") if found.is_file()]
