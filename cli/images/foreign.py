"""Unsupported files that are recognised by their signature: what each is, and how to convert it."""

from __future__ import annotations

import re

from ...filters.core.named_tuple import NamedTuple
from .formats import PICKLE, suffix_of, unpacked

FFMPEG = "ffmpeg -i FILE %04d.png writes its frames"
DARKTABLE = "darktable-cli FILE out.tif, or dcraw -4 -T FILE, develops it"
MAGICK = "magick FILE out.png converts it"
FTYP = rb"(?s:.{4})ftyp"


class Foreign(NamedTuple):
    """An unsupported kind of file."""

    signature: bytes
    """A pattern that the first bytes of its files match."""
    what: str
    advice: str


LABELS = Foreign(
    rb"\x00\x00[\x08\x09\x0b-\x0e][\x01\x02]",
    "an IDX file of labels or numbers",
    "name the file of the images; its labels are found with it",
)
FOREIGN = (
    Foreign(rb"%PDF-", "a PDF document", "pdftoppm -png FILE page writes its pages as images"),
    Foreign(rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file (EPS)", "gs -sDEVICE=png16m -o out.png FILE renders it"),
    Foreign(
        rb"\xef?\xbb?\xbf?\s*(?:<\?xml(?s:.*?)|<!--(?s:.*?)|<!DOCTYPE svg(?s:.*?))?<svg[\s>:]",
        "an SVG drawing",
        "rsvg-convert FILE -o out.png renders it",
    ),
    LABELS,
    Foreign(PICKLE, "a pickle of class names", "name the file of the images"),
    Foreign(rb"\x80[\x02-\x05](?:\x95|[\](c)]|$)", "a Python pickle", "save its arrays as .npy"),
    Foreign(rb"\x1f\x8b", "a gzip-compressed file", "gunzip it first"),
    Foreign(rb"BZh[1-9]1AY&SY", "a bzip2-compressed file", "bunzip2 it first"),
    Foreign(rb"\xfd7zXZ\x00", "an xz-compressed file", "unxz it first"),
    Foreign(rb"\x28\xb5\x2f\xfd", "a Zstandard-compressed file", "unzstd it first"),
    Foreign(
        rb"PK\x03\x04(?s:.{26})mimetypeimage/openraster", "an OpenRaster file", "export a PNG from the paint program"
    ),
    Foreign(
        rb"PK\x03\x04(?s:.{26})mimetypeapplication/x-krita",
        "a Krita document",
        "krita FILE --export --export-filename out.png",
    ),
    Foreign(rb"PK\x03\x04", "a ZIP archive", "unzip it first"),
    Foreign(rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07", "an archive", "unpack it first"),
    # Raw camera files; those based on TIFF are recognised by their tags.
    Foreign(FTYP + rb"crx ", "a raw camera file (Canon CR3)", DARKTABLE),
    Foreign(rb"FUJIFILMCCD-RAW", "a raw camera file (Fujifilm RAF)", DARKTABLE),
    Foreign(rb"II(?:RO|RS)|MMOR", "a raw camera file (Olympus ORF)", DARKTABLE),
    Foreign(rb"IIU\x00", "a raw camera file (Panasonic RW2)", DARKTABLE),
    Foreign(rb"FOVb", "a raw camera file (Sigma X3F)", DARKTABLE),
    Foreign(rb"\x00MRM", "a raw camera file (Minolta MRW)", DARKTABLE),
    Foreign(rb"II\x1a\x00\x00\x00HEAPCCDR", "a raw camera file (Canon CRW)", DARKTABLE),
    # Films.
    Foreign(
        FTYP + rb"(?:isom|iso[2-9]|mp4[12]|M4V |M4A |avc1|qt  |3g[p2]|dash|MSNV|mmp4|f4v |XAVC|NDS)",
        "a video (MP4 or QuickTime)",
        FFMPEG,
    ),
    Foreign(rb"(?s:.{4})(?:moov|mdat|wide|free|skip)", "a video (QuickTime)", FFMPEG),
    Foreign(rb"\x1a\x45\xdf\xa3", "a video (Matroska or WebM)", FFMPEG),
    Foreign(rb"RIFF(?s:.{4})AVI ", "a video (AVI)", FFMPEG),
    Foreign(rb"\x00\x00\x01[\xb3\xba]", "a video (MPEG)", FFMPEG),
    Foreign(rb"G(?s:.{187})G", "a video (MPEG transport stream)", FFMPEG),
    Foreign(rb"OggS", "an Ogg file (sound or video)", FFMPEG),
    Foreign(rb"FLV\x01", "a video (FLV)", FFMPEG),
    Foreign(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video (WMV or ASF)", FFMPEG),
    Foreign(rb"YUV4MPEG2", "a video (YUV4MPEG)", FFMPEG),
    Foreign(rb"DKIF\x00\x00", "a video (IVF)", FFMPEG),
    Foreign(rb"[FCZ]WS[\x01-\x30]", "a Flash film", "export its pictures first"),
    # Science.
    Foreign(rb"(?s:.{128})DICM", "a DICOM file", "dcm2pnm +on FILE out.png (dcmtk), or gdcm2vtk, converts it"),
    Foreign(rb"\x89HDF\r\n\x1a\n", "an HDF5 file", "read its array with h5py and save it as .npy"),
    Foreign(rb"CDF[\x01\x02\x05]", "a netCDF file", "gdal_translate FILE out.tif converts it"),
    Foreign(rb"MATLAB 5\.0 MAT-file", "a MATLAB file", "read its array with scipy.io.loadmat and save it as .npy"),
    Foreign(
        rb"\x5c\x01\x00\x00(?s:.{340})n[i+]1\x00|(?s:.{344})n[i+]1\x00",
        "a NIfTI file",
        "read it with nibabel and save it as .npy",
    ),
    Foreign(rb"NRRD000", "an NRRD file", "read it with pynrrd and save it as .npy"),
    Foreign(rb"XTENSION=", "a FITS extension without its primary header", "use the whole FITS file"),
    # Other images.
    Foreign(FTYP + rb"jxs ", "a JPEG XS image", FFMPEG),
    Foreign(
        FTYP + rb"(?:jp2 |jpx |jpm )", "a JPEG 2000 file without its signature box", "opj_decompress -i FILE -o out.png"
    ),
    Foreign(rb"II\xbc[\x00\x01]", "a JPEG XR image", "JxrDecApp -i FILE -o out.tif converts it"),
    Foreign(rb"gimp xcf ", "a GIMP image (XCF)", "xcf2png FILE -o out.png, or an export from GIMP, converts it"),
    Foreign(rb"AT&TFORM", "a DjVu document", "ddjvu -format=tiff FILE out.tif converts it"),
    Foreign(rb"BPG\xfb", "a BPG image", "bpgdec -o out.png FILE converts it"),
    Foreign(rb"FLIF", "a FLIF image", "flif -d FILE out.png converts it"),
    Foreign(rb"/\* XPM \*/", "an XPM image", MAGICK),
    Foreign(rb"#define \S+_width \d", "an XBM image", MAGICK),
    Foreign(rb"SDPX|XPDS", "a DPX image", FFMPEG),
    Foreign(rb"\x80\x2a\x5f\xd7", "a Cineon image", MAGICK),
    Foreign(rb"\x59\xa6\x6a\x95", "a Sun raster image", MAGICK),
    Foreign(rb"icns", "an Apple icon (ICNS)", "icns2png -x FILE writes its pictures"),
    Foreign(rb"\xabKTX ", "a KTX texture", "ktx extract FILE out.png converts it"),
    Foreign(rb"BLP[12]", "a BLP texture", MAGICK),
    Foreign(rb"FORM(?s:.{4})(?:ILBM|PBM )", "an Amiga image (IFF ILBM)", "ilbmtoppm FILE > out.ppm converts it"),
    Foreign(
        rb"\xd7\xcd\xc6\x9a|\x01\x00\x09\x00\x00[\x01\x03]",
        "a Windows metafile (WMF)",
        "inkscape FILE -o out.png renders it",
    ),
    Foreign(rb"\x01\x00\x00\x00(?s:.{36}) EMF", "a Windows metafile (EMF)", "inkscape FILE -o out.png renders it"),
    Foreign(rb"\x8aMNG|\x8bJNG", "an MNG or JNG image", MAGICK),
    Foreign(rb"mlpk|id=ImageMagick", "an ImageMagick image (MIFF)", MAGICK),
    # Found in place of an image.
    Foreign(rb"version https://git-lfs", "a Git LFS pointer, not the file itself", "git lfs pull fetches it"),
    Foreign(rb"(?i)\s*(?:<!doctype html|<html)", "a web page", "check whether the download failed"),
    Foreign(rb"\s*<\?xml", "an XML file", "name an image"),
)


def refusal(head: bytes, name: str = "") -> str:
    """Return what a file that begins with *head* is, and how to convert it; "" if it is unknown."""
    for kind in FOREIGN:
        if re.match(kind.signature, head) or (kind is LABELS and re.match(kind.signature, unpacked(head))):
            return f"is {kind.what}, which is not supported; {kind.advice}"
    if suffix_of(name) == ".bin":
        return "is neither a CIFAR file (those have 3073 or 3074 bytes per image), nor an image of a known format"
    return ""
