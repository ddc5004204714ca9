"""Files that are not read are told by what they are, with a way to convert them."""

from pathlib import Path

import pytest
from imfilter.cli.images import foreign, formats

KEEP = ("conv", "--kernel", "1")


def ftyp(brand):
    return b"\0\0\0\x18ftyp" + brand + bytes(4) + brand + b"mif1"


@pytest.mark.parametrize(
    ("name", "head", "said"),
    [
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3", "is a PDF document, which is not supported; pdftoppm"),
        ("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "is a PostScript file (EPS)"),
        ("a.eps", b"\xc5\xd0\xd3\xc6" + bytes(28), "is a PostScript file (EPS)"),
        (
            "a.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg">',
            "is an SVG drawing, which is not supported; rsvg-convert",
        ),
        ("a.svg", b'<?xml version="1.0"?>\n<!-- by hand -->\n<svg width="9">', "is an SVG drawing"),
        ("a.svg", b'\xef\xbb\xbf<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-">\n<svg\n', "is an SVG drawing"),
        ("a.xml", b'<?xml version="1.0"?><html>', "is an XML file"),
        (
            "a.png",
            b"<!DOCTYPE html>\n<html>",
            "is a web page, which is not supported; check whether the download failed",
        ),
        ("a.png", b"version https://git-lfs.github.com/spec/v1\noid", "is a Git LFS pointer, not the file itself"),
        ("a.cr3", ftyp(b"crx "), "is a raw camera file (Canon CR3), which is not supported; darktable-cli"),
        ("a.raf", b"FUJIFILMCCD-RAW 0201", "is a raw camera file (Fujifilm RAF)"),
        ("a.rw2", b"IIU\0\x18\0\0\0", "is a raw camera file (Panasonic RW2)"),
        ("a.orf", b"IIRO\x08\0\0\0", "is a raw camera file (Olympus ORF)"),
        ("a.mp4", ftyp(b"isom"), "is a video (MP4 or QuickTime), which is not supported; ffmpeg"),
        ("a.mov", ftyp(b"qt  "), "is a video (MP4 or QuickTime)"),
        ("a.mkv", b"\x1a\x45\xdf\xa3" + bytes(20), "is a video (Matroska or WebM)"),
        ("a.avi", b"RIFF\x10\0\0\0AVI LIST", "is a video (AVI)"),
        ("a.mpg", b"\0\0\1\xba\x44", "is a video (MPEG)"),
        ("a.y4m", b"YUV4MPEG2 W4 H4", "is a video (YUV4MPEG)"),
        ("a.dcm", bytes(128) + b"DICM", "is a DICOM file"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
        ("a.nc", b"CDF\1\0", "is a netCDF file"),
        ("a.zip", b"PK\3\4" + bytes(30), "is a ZIP archive"),
        ("a.ppm", b"\x1f\x8b\x08\0", "is a gzip-compressed file, which is not supported; gunzip it first"),
        ("a.xcf", b"gimp xcf v011\0", "is a GIMP image (XCF)"),
        ("a.jxr", b"II\xbc\1" + bytes(8), "is a JPEG XR image"),
        ("a.djvu", b"AT&TFORM", "is a DjVu document"),
        ("a.xpm", b"/* XPM */\nstatic", "is an XPM image"),
        ("a.txt", b"hello", "is neither an image of a known format (JPEG, PNG"),
    ],
)
def test_a_file_is_told_by_what_it_is(refused, folder, name, head, said):
    (folder / name).write_bytes(head)
    line = refused(1, *KEEP, name, "-o", "out.png")
    assert said in line
    assert "damaged" not in line


def test_no_signature_that_is_not_read_is_one_that_is():
    """The formats that are read come first; a file of theirs is never called something else."""
    for kind in foreign.FOREIGN:
        assert kind.what and kind.advice
    for path in (Path(__file__).parents[2] / "sample_images").glob("*.jpg"):
        head = path.read_bytes()[: formats.HEAD]
        assert formats.sniff(head) is not None and foreign.refusal(head) == ""
