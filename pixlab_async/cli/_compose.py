"""A picture of two pictures: before and after, side by side. Imports Pillow."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from .._errors import ConfigurationError
from .._whole import replacing

_PAPER = (250, 248, 244)
_INK = (70, 66, 74)
_LARGEST = 720
_MARGIN, _GAP, _CAPTION = 24, 20, 40
_FONT_SIZE = 17
# One of the pictures comes from a reply. Pillow would run Ghostscript to read an EPS.
_READ = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")


def check_format(output: Path) -> None:
    """See that the file name says a format that can be written.

    Raises:
        ConfigurationError: It does not.
    """
    known = Image.registered_extensions()
    if known.get(output.suffix.lower()) not in Image.SAVE:
        raise ConfigurationError(
            f"The output {str(output)!r} must end with a picture's extension, such as .png or .jpg."
        )


def side_by_side(before: Path, after: Path, captions: tuple[str, str], output: Path) -> None:
    """Write a picture that shows two others next to each other; whole or not at all.

    Raises:
        ConfigurationError: One of them cannot be read, or the output cannot be written.
    """
    pictures = [_fitted(before), _fitted(after)]
    width = max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures)
    size = (2 * _MARGIN + 2 * width + _GAP, _MARGIN + height + _CAPTION + _MARGIN // 2)
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT_SIZE)
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = _MARGIN + place * (width + _GAP)
        corner = (left + (width - picture.width) // 2, _MARGIN + (height - picture.height) // 2)
        sheet.paste(picture, corner)
        middle = (left + width / 2, _MARGIN + height + _CAPTION / 2)
        draw.text(middle, caption, fill=_INK, font=font, anchor="mm")
    with replacing(output) as part:
        sheet.save(part)


def _fitted(path: Path) -> Image.Image:
    """The picture, upright, on paper where it is transparent, and not too large."""
    try:
        with Image.open(path, formats=_READ) as image:
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ConfigurationError(f"The picture {str(path)!r} cannot be read: {error}.") from error

    upright.thumbnail((_LARGEST, _LARGEST))
    flat = Image.new("RGB", upright.size, _PAPER)
    flat.paste(upright, mask=upright.getchannel("A"))
    return flat
