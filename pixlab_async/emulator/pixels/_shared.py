"""What many of the makers need: modes that can be computed in, colours, and metadata kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from PIL import Image

from .._colours import Colour
from .._colours import colour as colour_of
from .._given import Given
from .._pictures import Picture, Unusable

# Formats in which Pillow writes, and reads again, pixels that can be seen through.
SEE_THROUGH = frozenset(
    {"AVIF", "DDS", "GIF", "ICO", "JPEG2000", "PNG", "QOI", "SGI", "TGA", "TIFF", "WEBP"}
)
# Pillow writes these with a palette of its own, or in sizes of its own.
_PECULIAR = frozenset({"BLP", "ICNS"})
_ICO_LIMIT = 256
_DPI_LIMIT = 65535


def made(
    picture: Picture,
    image: Image.Image,
    options: Mapping[str, object] | None = None,
    *,
    plain: bool = False,
) -> Picture:
    """The image as the result made of the picture: in its format, with its metadata.

    In another format, PNG, where the picture's own cannot hold what there is to see through.
    The options are those of Pillow's ``save``; ``plain`` drops the metadata.
    """
    kept = {} if plain else metadata(picture, image)
    if image is picture.image:
        image = image.copy()
    # The rest tells of the file that was read, as its compression.
    image.info = {
        name: value for name, value in image.info.items() if name in ("transparency", "background")
    }
    kind = picture.format
    hidden = image.has_transparency_data and kind not in SEE_THROUGH
    if hidden or kind in _PECULIAR or (kind == "ICO" and max(image.size) > _ICO_LIMIT):
        kind = "PNG"
    if kind == "ICO":
        kept["sizes"] = [image.size]
    return Picture(image, kind, options={**kept, **(options or {})})


def metadata(picture: Picture, image: Image.Image) -> dict[str, Any]:
    """The picture's EXIF, colour profile and resolution, as options of Pillow's ``save``.

    Its profile only where the image still has the colours that the profile is about.
    """
    info = picture.image.info
    kept: dict[str, Any] = {}
    if isinstance(info.get("exif"), bytes):
        kept["exif"] = info["exif"]
    if info.get("icc_profile") and _colours(image) == _colours(picture.image):
        kept["icc_profile"] = info["icc_profile"]
    dpi = resolution(picture)
    if dpi is not None:
        kept["dpi"] = dpi
    return kept


def resolution(picture: Picture) -> tuple[float, float] | None:
    """Dots per inch across and down, or None where the picture states none that can be."""
    try:
        across, down = (float(value) for value in picture.image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None

    sane = all(1 <= value <= _DPI_LIMIT for value in (across, down))
    return (across, down) if sane else None


def mixable(image: Image.Image) -> Image.Image:
    """The image in a mode in which neighbours can be mixed: no palette, no bare black or white."""
    if image.has_transparency_data:
        if image.mode in ("LA", "RGBA"):
            return image

        return image.convert("LA" if image.mode in ("1", "L") else "RGBA")

    if image.mode == "1":
        return image.convert("L")

    return image.convert("RGB") if image.mode == "P" else image


def coloured(image: Image.Image) -> Image.Image:
    """The image in RGB, or in RGBA where any of it can be seen through; 8 bits a channel."""
    if image.mode.startswith("I"):
        # Pillow reads 16 bits as these, and would cut off at 255 itself.
        image = image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def see_through(image: Image.Image) -> Image.Image:
    """The image in RGBA."""
    return coloured(image).convert("RGBA")


def colour(given: Given, name: str, default: str) -> Colour:
    """A colour parameter, as red, green, blue and alpha."""
    return colour_of(given.text(name, default))


def sides(given: Given, *, least: int = 1) -> tuple[int, int]:
    """The parameters width and height; a missing one takes the other's value.

    Raises:
        Unusable: One is too small, or both are missing.
    """
    width = given.whole("width", given.whole("height"))
    height = given.whole("height", width)
    if min(width, height) < least:
        raise Unusable(f"'width' and 'height' must be {least} or more")

    return width, height


def fitting(image: Image.Image, width: int, height: int) -> tuple[int, int]:
    """The largest size of the image's proportions in the box, of which a side of 0 is open."""
    bounds = zip((width, height), image.size, strict=True)
    share = min(Fraction(bound, side) for bound, side in bounds if bound)
    return max(1, round(image.width * share)), max(1, round(image.height * share))


def finite(given: Given, name: str) -> float:
    """A float parameter that can be computed with.

    Raises:
        Unusable: It is infinite or no number.
    """
    value = given.number(name)
    if not math.isfinite(value):
        raise Unusable(f"the parameter {name!r} must be a finite number")

    return value


def _colours(image: Image.Image) -> str:
    if image.mode in ("P", "PA"):
        return "RGB"

    return image.mode.removesuffix("A").removesuffix("a").removesuffix("X")
