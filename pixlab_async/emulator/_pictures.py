"""Pictures in memory: read from bytes, written to bytes, and how large they may be."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen
from PIL import Image, ImageSequence, UnidentifiedImageError

from ._bounds import TooLarge, limits, spend
from ._given import Given

# Pillow lists them, but it writes four with a program's help only, and will drop IM.
_UNWRITTEN = frozenset({"BUFR", "GRIB", "HDF5", "IM", "WMF"})
_FORMAT_NAMES = {"JPG": "JPEG", "TIF": "TIFF", "JP2": "JPEG2000"}
# Not read. The first runs Ghostscript, the next three need programs that may not be there;
# the others unpack, or hold pictures that they unpack, before their size can be judged.
_UNREAD = frozenset({"EPS", "BUFR", "GRIB", "HDF5", "WMF", "FPX", "MIC", "FITS", "ICNS", "MPEG"})
# Pillow reads these in Python, so that a small file could keep the whole program busy.
_SLOW = frozenset({"BLP", "MSP", "QOI"})
_SLOW_PIXELS = 2_000_000
_ICONS = (b"\0\0\1\0", b"\0\0\2\0")
# Pictures in pictures, whose size nobody states outside.
_NESTED = re.compile(rb"\x89PNG\r\n\x1a\n.{4}IHDR(.{4})(.{4})", re.DOTALL)

_VIDEO_SIGNATURES = ((4, b"ftyp"), (0, b"\x1aE\xdf\xa3"), (8, b"AVI "))
_VIDEO_EXTENSIONS = {b"ftyp": "mp4", b"\x1aE\xdf\xa3": "webm", b"AVI ": "avi"}


class NoPicture(Exception):
    """The bytes are no picture that can be read; the message says why."""


class Unusable(Exception):
    """The parameters cannot be used with this picture or together; the message says why."""


@frozen
class Picture:
    """A picture, and the format that it came in and goes out in.

    Attributes:
        image: The pixels; of an animation those of the first frame.
        format: Pillow's name of the format, such as "JPEG".
        content: The file that it was read from; empty where it was computed.
        options: For Pillow's ``save``, such as ``quality``, ``dpi`` or ``exif``.
        more: The frames after the first, to be written into the same file.
    """

    image: Image.Image
    format: str
    content: bytes = field(default=b"", repr=False)
    options: Mapping[str, Any] = field(factory=dict[str, Any])
    more: tuple[Image.Image, ...] = ()

    @property
    def extension(self) -> str:
        """The file name's extension."""
        return self.format.lower()

    @property
    def media_type(self) -> str:
        """The content type."""
        return Image.MIME.get(self.format, "application/octet-stream")

    def encoded(self) -> bytes:
        """The file's bytes, in the richest mode that the format takes.

        Raises:
            NoPicture: The picture cannot be written in its format.
        """
        rich = "RGBA" if self.image.has_transparency_data else "RGB"
        for mode in dict.fromkeys((self.image.mode, rich, "RGB", "L", "P", "1")):
            written = _written(self, mode)
            if written is not None:
                return written

        raise NoPicture(f"the result cannot be written as {self.format}")


# What one endpoint does with a picture and its checked parameters.
Maker = Callable[[Picture, Given], Picture]


def formats() -> list[str]:
    """Pillow's names of the formats that can be written, in alphabetical order."""
    Image.init()
    return sorted(Image.SAVE.keys() - _UNWRITTEN)


def format_name(name: str) -> str | None:
    """Pillow's name of the format that is meant, or None where it cannot be written."""
    known = _FORMAT_NAMES.get(name.upper(), name.upper())
    return known if known in formats() else None


def check_size(width: float, height: float) -> None:
    """Let a picture of this size be made, in pixels.

    Raises:
        TooLarge: It would have too many.
    """
    most = limits().pixels
    if width * height > most:
        raise TooLarge(
            f"the result would have {round(width)} x {round(height)} pixels, "
            f"which is more than this emulator's {most}"
        )


def decode(content: bytes) -> Picture:
    """Read a picture, of an animation the first frame.

    Raises:
        NoPicture: The bytes are no picture, a broken one, or far too large a one.
        TooLarge: The pictures of the request have too many pixels together.
    """
    try:
        with opened(content) as image:
            spend(image.width * image.height)
            image.load()
            # Some formats can be read only.
            kind = image.format if image.format in formats() else None
            return Picture(image.copy(), kind or "PNG", content)
    except UnidentifiedImageError:
        raise NoPicture("the file is no picture in a format that is handled") from None
    except (NoPicture, TooLarge):
        raise
    except Exception:  # a broken file makes Pillow's readers raise almost anything
        raise NoPicture("the picture is broken") from None


def opened(content: bytes) -> Image.Image:
    """A picture whose size is judged by its header, and whose pixels are not read yet.

    Raises:
        NoPicture: It has too many.
        UnidentifiedImageError: It is none.
    """
    if content.startswith(_ICONS):  # of which Pillow reads the pixels as it opens them
        for found in _NESTED.finditer(content):
            width, height = (int.from_bytes(side, "big") for side in found.groups())
            _check(width, height, limits().pixels)
    Image.init()
    image = Image.open(io.BytesIO(content), formats=[n for n in Image.ID if n not in _UNREAD])
    most = min(limits().pixels, _SLOW_PIXELS) if image.format in _SLOW else limits().pixels
    try:
        _check(image.width, image.height, most)
    except NoPicture:
        image.close()
        raise

    return image


def _check(width: int, height: int, most: int) -> None:
    if width * height > most:
        raise NoPicture(f"the picture has {width} x {height} pixels, which is too many")


def frames(content: bytes) -> list[Image.Image]:
    """Every frame of an animation or page of a file, each as large as the whole.

    How long one is shown, in milliseconds, is ``duration`` in its ``info``.

    Raises:
        NoPicture: The bytes are no picture or a broken one.
        TooLarge: The frames have too many pixels together.
    """
    found: list[Image.Image] = []
    pixels = 0
    try:
        most = limits()
        with opened(content) as image:
            for frame in ImageSequence.Iterator(image):
                pixels += frame.width * frame.height
                if pixels > most.pixels or len(found) == most.frames:
                    raise TooLarge("the frames have more pixels together than are computed here")

                found.append(frame.copy())
    except (NoPicture, TooLarge):
        raise
    except Exception:  # a broken file makes Pillow's readers raise almost anything
        raise NoPicture("the picture is broken") from None
    return found


def over(image: Image.Image, colour: str | tuple[int, ...]) -> Image.Image:
    """The image on a ground of this colour, in RGB."""
    ground = Image.new("RGBA", image.size, colour)
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def video_extension(content: bytes) -> str | None:
    """The extension of a video by its first bytes, or None where it is none."""
    for offset, signature in _VIDEO_SIGNATURES:
        if content[offset : offset + len(signature)] == signature:
            return _VIDEO_EXTENSIONS[signature]

    return None


def _written(picture: Picture, mode: str) -> bytes | None:
    """The bytes with the pixels in this mode, or None where the format does not take it."""
    buffer = io.BytesIO()
    options = ({"quality": 90} if picture.format == "JPEG" else {}) | dict(picture.options)
    if picture.more:
        options |= {"save_all": True, "append_images": [_in(mode, image) for image in picture.more]}
    try:
        _in(mode, picture.image).save(buffer, picture.format, **options)
    except (OSError, ValueError, KeyError):
        return None
    return buffer.getvalue()


def _in(mode: str, image: Image.Image) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)
