"""What is computed: real pictures in, real pictures out, with Pillow."""

from __future__ import annotations

import io

from attrs import frozen
from PIL import Image, ImageFilter, UnidentifiedImageError

# Beyond this a picture is refused: a few kilobytes can unpack to gigabytes of pixels.
MAX_PIXELS = 50_000_000

_COLOURS = 64
_VIDEO_SIGNATURES = ((4, b"ftyp"), (0, b"\x1aE\xdf\xa3"), (8, b"AVI "))
_VIDEO_EXTENSIONS = {b"ftyp": "mp4", b"\x1aE\xdf\xa3": "webm", b"AVI ": "avi"}


class NoPicture(Exception):
    """The bytes are no picture that can be read; the message says why."""


@frozen
class Picture:
    """A decoded picture and the format it came in."""

    image: Image.Image
    format: str

    @property
    def extension(self) -> str:
        """The file name's extension."""
        return self.format.lower()

    @property
    def media_type(self) -> str:
        """The content type."""
        return Image.MIME.get(self.format, "application/octet-stream")

    def encoded(self) -> bytes:
        """The file's bytes."""
        buffer = io.BytesIO()
        options = {"quality": 90} if self.format == "JPEG" else {}
        try:
            self.image.save(buffer, self.format, **options)
        except (OSError, ValueError, KeyError):
            raise NoPicture(f"the result cannot be written as {self.format}") from None
        return buffer.getvalue()


def decode(content: bytes) -> Picture:
    """Read a picture.

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
            kind = image.format if image.format in Image.SAVE else None
            return Picture(image.copy(), kind or "PNG")
    except UnidentifiedImageError:
        raise NoPicture("the file is no picture in a format that is handled") from None
    except NoPicture:
        raise
    except Exception:  # a broken file makes Pillow's readers raise almost anything
        raise NoPicture("the picture is broken") from None


def video_extension(content: bytes) -> str | None:
    """The extension of a video by its first bytes, or None where it is none."""
    for offset, signature in _VIDEO_SIGNATURES:
        if content[offset : offset + len(signature)] == signature:
            return _VIDEO_EXTENSIONS[signature]

    return None


def oilpaint(picture: Picture, radius: float) -> Picture:
    """Give each pixel the commonest colour around it.

    The picture is brought down to its own 64 main colours first: in a photograph hardly
    any two pixels are the same, and none would be commonest. The neighbourhood is a square
    of the circle's diameter.
    """
    image = picture.image
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    reduced = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    indices = Image.frombytes("L", reduced.size, reduced.tobytes())
    indices = indices.filter(ImageFilter.ModeFilter(2 * round(radius) + 1))
    reduced.frombytes(indices.tobytes())
    painted = reduced.convert("RGB")
    if alpha is not None:
        painted.putalpha(alpha)
    return Picture(painted, picture.format)
