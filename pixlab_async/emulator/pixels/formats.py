"""How a picture is written: its quality, its metadata, its resolution; and scrambled pixels."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping

import numpy as np
from attrs import evolve
from PIL import Image
from PIL.ExifTags import Base

from .._given import Given
from .._pictures import Maker, Picture
from ._shared import coloured, made, mixable

_GRADED = frozenset({"AVIF", "JPEG", "MPO", "WEBP"})  # written at a quality
_PALETTED = frozenset({"GIF", "PNG"})
_COLOURS = 256
_LOCKABLE = frozenset({"I;16", "L", "LA", "RGB", "RGBA"})  # a PNG holds every byte of these
_INCH = 2  # EXIF's unit of resolution

# ImageMagick's options that Pillow has too: by format and name, Pillow's name and the range.
_SETTINGS = {
    ("AVIF", "quality"): ("quality", 1, 100),
    ("JPEG", "quality"): ("quality", 1, 100),
    ("JPEG", "jpeg:optimize-coding"): ("optimize", 0, 1),
    ("PNG", "png:compression-level"): ("compress_level", 0, 9),
    ("WEBP", "quality"): ("quality", 1, 100),
    ("WEBP", "webp:lossless"): ("lossless", 0, 1),
    ("WEBP", "webp:method"): ("method", 0, 6),
}
_TRUTHS = {"false": "0", "true": "1"}


def compress(picture: Picture, given: Given) -> Picture:
    """Write it at a quality of 1 to 100.

    PNG and GIF know no quality: they keep that percentage of 256 colours, and at 100 all.
    """
    quality = given.whole("quality")
    if picture.format in _GRADED:
        return made(picture, picture.image, {"quality": quality, "optimize": True})

    if picture.format in _PALETTED and quality < 100:
        colours = max(2, round(_COLOURS * quality / 100))
        return made(picture, coloured(picture.image).quantize(colours), {"optimize": True})

    packed = {"compression": "tiff_deflate"} if picture.format == "TIFF" else {"optimize": True}
    return made(picture, picture.image, packed)


def strip(picture: Picture, given: Given) -> Picture:
    """Drop EXIF, profiles, comments and resolution."""
    del given
    return _rewritten(picture, plain=True)


def setorientation(picture: Picture, given: Given) -> Picture:
    """Set EXIF's orientation, where the format has EXIF; the pixels stay."""
    exif = _exif(picture)
    exif[Base.Orientation] = given.whole("orientation")
    return _rewritten(picture, {"exif": exif})


def setresolution(picture: Picture, given: Given) -> Picture:
    """Set the dots per inch, where the format has them; the pixels stay."""
    across, down = given.whole("xr"), given.whole("yr")
    exif = _exif(picture)
    if Base.XResolution not in exif and Base.YResolution not in exif:
        return _rewritten(picture, {"dpi": (across, down)})

    # EXIF says it a second time.
    exif[Base.XResolution], exif[Base.YResolution] = float(across), float(down)
    exif[Base.ResolutionUnit] = _INCH
    return _rewritten(picture, {"dpi": (across, down), "exif": exif})


def setopt(picture: Picture, given: Given) -> Picture:
    """Write it with one of ImageMagick's options, where Pillow has it too; else as it is."""
    name, least, most = _SETTINGS.get(
        (picture.format, given.text("opt").strip().lower()), ("", 0, 0)
    )
    text = given.text("val").strip().lower()
    text = _TRUTHS.get(text, text)
    if not name or not (text.isascii() and text.isdigit()) or not least <= int(text[:9]) <= most:
        return _rewritten(picture)

    return _rewritten(picture, {name: int(text)})


def encrypt(picture: Picture, given: Given) -> Picture:
    """Scramble the pixels with a passphrase, as a PNG without metadata."""
    return _shifted(picture, given.text("pwd"), 1)


def decrypt(picture: Picture, given: Given) -> Picture:
    """Undo ``encrypt``; with another passphrase the result is noise too."""
    return _shifted(picture, given.text("pwd"), -1)


def _shifted(picture: Picture, passphrase: str, sign: int) -> Picture:
    """Each byte of the pixels, its alpha's too, moved along by one of the passphrase's stream.

    A stand-in for the service's cipher, which is not known; it protects nothing, as two
    pictures with one passphrase share the stream.
    """
    image = mixable(picture.image)
    if image.mode not in _LOCKABLE:
        image = coloured(image)
    pixels = np.frombuffer(image.tobytes(), np.uint8)
    key = passphrase.encode("utf-8", "surrogatepass")
    stream = np.frombuffer(hashlib.shake_256(key).digest(pixels.size), np.uint8)
    # Bytes wrap round at 256.
    shifted = pixels + stream if sign > 0 else pixels - stream
    return Picture(Image.frombytes(image.mode, image.size, shifted.tobytes()), "PNG")


def _rewritten(
    picture: Picture, options: Mapping[str, object] | None = None, *, plain: bool = False
) -> Picture:
    """The pixels as they are; a JPEG is written in the quality that it was read in."""
    result = made(picture, picture.image, options, plain=plain)
    if picture.format != "JPEG" or "quality" in result.options:
        return result

    # Pillow knows the quality of an image that is still the file's.
    image = Image.open(io.BytesIO(picture.content))
    image.load()
    comment = image.info.get("comment")
    image.info = {"comment": comment} if comment and not plain else {}
    return evolve(result, image=image, options={**result.options, "quality": "keep"})


def _exif(picture: Picture) -> Image.Exif:
    try:
        return picture.image.getexif()
    except Exception:  # broken EXIF makes Pillow's readers raise almost anything
        return Image.Exif()


MAKERS: dict[str, Maker] = {
    "compress": compress,
    "decrypt": decrypt,
    "encrypt": encrypt,
    "setopt": setopt,
    "setorientation": setorientation,
    "setresolution": setresolution,
    "strip": strip,
}
