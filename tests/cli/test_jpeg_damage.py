"""JPEGs whose data are damaged, or of a kind that is not read: refused, and told by what they are."""

import io
import itertools
import struct

import numpy as np
import pytest
from imfilter.cli.images.decode import decode
from imfilter.cli.images.jpeg import exactness, huffman, integrity, segments
from imfilter.cli.images.picture import DecodeError, DecodeOptions, Picture
from imfilter.filters.core import native
from PIL import Image

KEEP = ("conv", "--kernel", "1")
OPTIONS = [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 2}, {"quality": 30, "optimize": True}]


def photo(height=160, width=240, seed=0):
    """Waves and noise, of which no two blocks are alike."""
    y, x = np.mgrid[:height, :width]
    waves = 127 + 80 * np.sin(x / 9 + y / 31) + 40 * np.cos(y / 5)
    noise = np.random.default_rng(seed).normal(0, 6, (height, width, 3))
    return np.clip(waves[..., None] * [1, 0.8, 0.6] + noise, 0, 255).astype(np.uint8)


def jpeg(pixels=None, **options):
    file = io.BytesIO()
    Image.fromarray(photo() if pixels is None else pixels).save(file, "JPEG", **options)
    return file.getvalue()


def read(data):
    found = decode(data, DecodeOptions(lambda *_: None))
    assert isinstance(found, Picture)
    return found


def error_of(data):
    try:
        read(data)
    except DecodeError as error:
        return str(error)
    return ""


def scans(data):
    """Where the compressed data of each scan begin and end."""
    found = list(segments.read(data))
    return [(one.end, other.start) for one, other in itertools.pairwise(found) if one.marker == segments.START_OF_SCAN]


def non_interleaved(pixels=None):
    """A sequential file with a scan for each component, made of three gray ones."""
    planes = np.moveaxis(photo() if pixels is None else pixels, 2, 0)
    parts = [jpeg(np.ascontiguousarray(plane), optimize=True) for plane in planes]
    segment = {each.marker: each for each in segments.read(parts[0])}
    body = bytearray(segment[0xC0].body)
    frame = body[:5] + bytes((3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0))
    data = bytearray(parts[0][: segment[0xC0].start]) + struct.pack(">BBH", 0xFF, 0xC0, 2 + len(frame)) + frame
    for number, part in enumerate(parts, 1):
        for each in segments.read(part):
            if each.marker == segments.HUFFMAN_TABLES:
                data += part[each.start : each.end]
        ((start, end),) = scans(part)
        data += b"\xff\xda\0\x08\x01" + bytes((number, 0, 0, 63, 0)) + part[start:end]
    return bytes(data) + b"\xff\xd9"


@pytest.fixture(params=["core", "decoder"])
def way(request, monkeypatch):
    """Let the compiled core count the codes, or what decodes tell whether they are all needed."""
    if request.param == "decoder":
        monkeypatch.setattr(native, "core", None)


@pytest.mark.each("options", OPTIONS)
@pytest.mark.each("size", [(160, 240), (8, 8), (1, 1), (33, 65)])
def test_a_whole_file_is_read_as_pillow_reads_it(options, size, monkeypatch):
    data = jpeg(photo(*size), **options)
    monkeypatch.setattr(huffman, "rest", lambda *_: pytest.fail("doubted"))
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(read(data).pixels, np.asarray(image))


def test_a_scan_for_each_component_is_read():
    data = non_interleaved()
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(read(data).pixels, np.asarray(image))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_bytes_lost_in_mid_file_are_missed(options):
    """Rarely what comes of it has the right length to a few bytes; in progressive scans a run may cover the rest."""
    data, found = jpeg(**options), 0
    start, end = max(scans(data), key=lambda scan: scan[1] - scan[0])
    places = range(start + 5, end - 1000, (end - start - 1000) // 24)
    for number, at in enumerate(places):
        found += "is damaged" in (said := error_of(data[:at] + data[at + 40 + number :])) or "truncated" in said
    assert found >= (len(places) // 3 if options.get("progressive") else len(places) - 2)


@pytest.mark.parametrize("make", [jpeg, non_interleaved, lambda: jpeg(progressive=True)], ids=["one", "three", "many"])
def test_every_scan_is_seen_to_be_whole(make):
    data = make()
    for start, end in scans(data):
        cut = max(start, end - 60)
        assert error_of(data[:cut] + data[end:]), (start, end)


@pytest.mark.parametrize("ended", [b"", b"\xff\xd9"], ids=["no marker", "marker"])
@pytest.mark.parametrize("options", OPTIONS[:4], ids=str)
def test_a_tail_of_zeros_is_no_picture(options, ended):
    data = jpeg(**options)
    cut = len(data) * 2 // 3
    assert "is truncated" in (said := error_of(data[:cut] + bytes(len(data) - cut) + ended)) or "is damaged" in said


def test_zeros_that_are_data_are_read():
    """A flat component takes two zero bits a block; the last scan is nothing else."""
    pixels = photo(80, 640)
    pixels[..., 2] = 128
    data = non_interleaved(pixels)
    start, end = scans(data)[-1]
    assert data[start + 20 : end - 4].count(0) > 10
    assert not error_of(data)


@pytest.mark.each("options", OPTIONS)
def test_without_an_end_marker_all_pixels_are_taken(options):
    data = jpeg(**options)
    assert data.endswith(b"\xff\xd9")
    found = read(data[:-2])
    assert found.notes == [integrity.NO_END]
    assert np.array_equal(found.pixels, read(data).pixels)
    assert "truncated" in error_of(data[:-12])


def test_a_missing_end_marker_costs_a_note(run, folder, load):
    (folder / "in.jpg").write_bytes(jpeg()[:-2])
    ended = run(*KEEP, "in.jpg", "-o", "out.png")
    assert (ended.code, ended.lines) == (0, [f"imfilter: in.jpg: {integrity.NO_END}"])
    with Image.open(io.BytesIO(jpeg())) as image:
        assert np.array_equal(load("out.png"), np.asarray(image))


def test_a_lenient_call_takes_what_has_lost_bytes(run, folder):
    data = jpeg()
    (folder / "in.jpg").write_bytes(data[:3000] + data[3100:])
    assert run(*KEEP, "in.jpg", "-o", "out.png").code == 1
    ended = run(*KEEP, "in.jpg", "-o", "out.png", "--lenient")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "the readable part was used" in ended.err


def test_a_few_bytes_too_many_are_what_cameras_leave(way):
    data = jpeg()
    assert not error_of(data[:-2] + bytes(4) + data[-2:])
    assert not error_of(data[:-2] + b"\xff" * 20 + data[-2:])
    assert not error_of(data[:-2] + b"\x12" + data[-2:])
    assert not error_of(data[:-2] + b"\x12" * 4 + data[-2:])
    assert "damaged" in error_of(data[:-2] + b"\x12\x34\x56" + data[-2:])
    assert "damaged" in error_of(data[:-2] + bytes(range(1, 100)) + data[-2:])


@pytest.mark.each("options", [{}, {"optimize": True}, {"restart_marker_rows": 2}, {"restart_marker_blocks": 3}])
@pytest.mark.each("channels", [1, 3])
def test_every_interval_ends_with_its_last_unit(options, channels, way):
    """Bytes of other pictures before a marker are left over, and each that is missing is missed."""
    pixels = photo(64, 96)
    data = jpeg(pixels if channels == 3 else pixels[..., 0], **options)
    assert not error_of(data)
    ((start, end),) = scans(data)
    ends = [each.start() for each in segments.RESTARTS.finditer(data, start, end)] + [end]
    for at in (ends[0], ends[len(ends) // 2], ends[-1]):
        for count in (2, 3, 5, 8, 12):
            others = bytes(range(65, 65 + count))
            assert "some remain" in error_of(data[:at] + others + data[at:]), (at, count)
        for count in (2, 3, 5):
            assert error_of(data[: at - count] + data[at:]), (at, count)
        assert not error_of(data[:at] + bytes(3) + data[at:])
        assert not error_of(data[:at] + b"\xff" * 3 + data[at:])


@pytest.mark.skipif(native.core is None, reason="there is no compiled core")
@pytest.mark.each(
    "options", [*OPTIONS[:1], *OPTIONS[2:], {"restart_marker_blocks": 3}, {"quality": 98, "optimize": True}]
)
@pytest.mark.each("channels", [1, 3])
def test_codes_are_counted_as_one_by_one(options, channels):
    for size in ((64, 96), (9, 7)):
        pixels = photo(*size)
        data = jpeg(pixels if channels == 3 else pixels[..., 0], **options)
        ((start, _),) = scans(data)
        for cut, more in itertools.product((0, 1, 2, 5, 30), (b"", b"\0", b"\xff\0", b"AB\xff\0\xff\0CD", bytes(9))):
            changed = data[: max(len(data) - 2 - cut, start)] + more + data[-2:]
            found = list(segments.read(changed))
            intervals = integrity._layout(changed, found, *size[::-1]).intervals
            whole, blocks = exactness.grid(found), huffman.unit(found)
            for number, (interval, end) in enumerate(
                zip(intervals, exactness.ends(changed, found, intervals), strict=True)
            ):
                part = changed[interval.start : interval.end]
                if b"\xff" in part.replace(b"\xff\0", b""):  # a marker's first byte
                    continue
                try:
                    rest = huffman.rest(part, blocks, whole.units_of(number))
                except huffman.BadCodeError:
                    assert end == -1
                else:
                    assert changed[end : interval.end].replace(b"\xff\0", b"\xff") == rest


def test_every_interval_of_very_many_ends_with_its_last_unit():
    data = jpeg(photo(280, 280), restart_marker_blocks=1, subsampling=0, quality=95)
    ((start, end),) = scans(data)
    ends = [each.start() for each in segments.RESTARTS.finditer(data, start, end)]
    assert len(ends) > 1000
    assert not error_of(data)
    for at in ends[5::300]:
        assert "some remain" in error_of(data[:at] + b"ABCDEFGH" + data[at:]), at
        assert error_of(data[: at - 4] + data[at:]), at


@pytest.mark.parametrize("pixels", [0, 127, 128, 254, 255])
def test_tables_of_few_codes_are_no_damage(pixels):
    """Other bits in place of the last change nothing where the only code is that of nothing."""
    for size, options in itertools.product([(1, 1), (9, 7), (33, 17)], [{}, {"restart_marker_blocks": 2}]):
        for channels in ((), (3,)):
            data = jpeg(np.full((*size, *channels), pixels, np.uint8), quality=10, optimize=True, **options)
            assert not error_of(data), (size, options, channels)


def test_a_marker_within_a_scan_is_damage():
    data = jpeg(photo(480, 640), restart_marker_rows=1)
    ((start, end),) = scans(data)
    middle = [each.start() for each in segments.RESTARTS.finditer(data, start, end)][5]
    assert "out of order" in error_of(data[:middle] + b"\xff\x9a\0\x02" + data[middle:])


def test_a_restart_marker_behind_the_last_interval_is_passed_over():
    data = jpeg(restart_marker_rows=2)
    count = len(segments.RESTARTS.findall(data, scans(data)[0][0]))
    assert not error_of(data[:-2] + bytes((0xFF, 0xD0 + count % 8)) + data[-2:])


def test_zeros_that_an_arithmetic_encoder_left_out_are_not_missed():
    data = bytes.fromhex(
        "ffd8ffdb004300a06e788c7864a08c828cb4aaa0bef0fffff0dcdcf0" + "ff" * 44 + "ffc9000b080008000801011100"
        "ffcc000600101005ffda0008010100003f00c0f5c2ffd9"
    )
    assert not error_of(data)


def test_restart_markers_out_of_order_are_missed():
    data = jpeg(restart_marker_rows=1)
    assert "out of order" in error_of(data.replace(b"\xff\xd1", b"\xff\xd2", 1))
    assert "out of order" in error_of(data.replace(b"\xff\xd1", b"", 1))


# ---- kinds that are not read ------------------------------------------------------------------------


def with_frame(marker, bits=8):
    data = bytearray(jpeg())
    at = next(each.start for each in segments.read(data) if each.marker == 0xC0)
    data[at + 1], data[at + 4] = marker, bits
    return bytes(data)


@pytest.mark.each(
    "data, said",
    [
        (with_frame(0xC1, 12), "is a JPEG of 12-bit samples"),
        (with_frame(0xC2, 12), "is a JPEG of 12-bit samples"),
        (with_frame(0xC3, 8), "is a lossless JPEG of 8 bits"),
        (with_frame(0xC3, 16), "is a lossless JPEG of 16 bits"),
        (with_frame(0xCB, 8), "is a lossless JPEG of 8 bits"),
        (with_frame(0xC5), "is a hierarchical JPEG"),
        (b"\xff\xd8\xff\xde" + with_frame(0xC0)[2:], "is a hierarchical JPEG"),
        (b"\xff\xd8\xff\xf7\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0" + bytes(40), "is a JPEG-LS file"),
    ],
)
def test_what_is_not_read_is_called_by_its_name(data, said):
    assert error_of(data).startswith(said)
    assert "convert it" in error_of(data)
    assert "damaged" not in error_of(data)
