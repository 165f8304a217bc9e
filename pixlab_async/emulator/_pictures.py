"""Pictures in memory: read from bytes, written to bytes, and how large they may be."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen
from PIL import Image, ImageSequence, UnidentifiedImageError

from ._given import Given

# Beyond this a picture is refused: a few kilobytes can unpack to gigabytes of pixels.
MAX_PIXELS = 50_000_000
# Pillow lists them, but it writes four with a program's help only, and will drop IM.
_UNWRITTEN = frozenset({"BUFR", "GRIB", "HDF5", "IM", "WMF"})
_FORMAT_NAMES = {"JPG": "JPEG", "TIF": "TIFF", "JP2": "JPEG2000"}
_MAX_FRAMES = 2000

_VIDEO_SIGNATURES = ((4, b"ftyp"), (0, b"\x1aE\xdf\xa3"), (8, b"AVI "))
_VIDEO_EXTENSIONS = {b"ftyp": "mp4", b"\x1aE\xdf\xa3": "webm", b"AVI ": "avi"}


class NoPicture(Exception):
    """The bytes are no picture that can be read; the message says why."""


class TooLarge(Exception):
    """A result would have more pixels than this emulator computes; the message says how many."""


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
    if width * height > MAX_PIXELS:
        raise TooLarge(
            f"the result would have {round(width)} x {round(height)} pixels, "
            f"which is more than this emulator's {MAX_PIXELS}"
        )


def decode(content: bytes) -> Picture:
    """Read a picture, of an animation the first frame.

    Raises:
        NoPicture: The bytes are no picture, a broken one, or far too large a one.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise NoPicture(f"the picture has {width} x {height} pixels, which is too many")

            image.load()
            # Some formats can be read only.
            kind = image.format if image.format in formats() else None
            return Picture(image.copy(), kind or "PNG", content)
    except UnidentifiedImageError:
        raise NoPicture("the file is no picture in a format that is handled") from None
    except NoPicture:
        raise
    except Exception:  # a broken file makes Pillow's readers raise almost anything
        raise NoPicture("the picture is broken") from None


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
        with Image.open(io.BytesIO(content)) as image:
            for frame in ImageSequence.Iterator(image):
                pixels += frame.width * frame.height
                if pixels > MAX_PIXELS or len(found) == _MAX_FRAMES:
                    raise TooLarge("the frames have more pixels together than are computed here")

                found.append(frame.copy())
    except TooLarge:
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
