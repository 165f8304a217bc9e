"""What is put around a picture, behind it and below it; and many frames put into one."""

from __future__ import annotations

import math

from attrs import evolve
from PIL import Image, ImageChops, ImageFilter, ImageOps

from .._given import Given
from .._pictures import Maker, Picture, Unusable, check_size, frames
from ._shared import SEE_THROUGH, colour, coloured, fitting, made, see_through, sides
from .geometry import rotated

_CLEAR = (0, 0, 0, 0)
_ICONS = (128, 64, 32)
_FRAME_SHARE = 25  # of a polaroid's longer side, as in ImageMagick
_FOOT = 4  # how many times as high a polaroid's lower edge is
_FAR = 1e6  # a blur that no canvas can hold
_FADE = 128  # how much of the picture its reflection starts with, of 255


def border(picture: Picture, given: Given) -> Picture:
    """Surround it with a border: ``width`` left and right, ``height`` above and below."""
    across, down = sides(given, least=0)
    check_size(picture.image.width + 2 * across, picture.image.height + 2 * down)
    fill = colour(given, "color", "gray")
    image = coloured(picture.image)
    if fill[3] < 255:
        image = image.convert("RGBA")
    framed = ImageOps.expand(image, (across, down), fill[: len(image.mode)])
    return made(picture, framed)


def shadow(picture: Picture, given: Given) -> Picture:
    """Put a black, blurred shadow behind it, on a canvas that holds both."""
    opacity, sigma = given.number("opacity"), given.number("sigma")
    if not 0 <= opacity <= 100 or sigma < 0:
        raise Unusable("'opacity' must be a percentage, and 'sigma' 0 or more")

    offset = given.whole("x"), given.whole("y")
    return _soft(picture, _shaded(see_through(picture.image), opacity / 100, sigma, offset))


def polaroid(picture: Picture, given: Given) -> Picture:
    """Give it a white frame with a broad foot, turn it clockwise and let it cast a shadow."""
    image = see_through(picture.image)
    edge = max(1, max(image.size) // _FRAME_SHARE)
    foot = _FOOT * edge
    check_size(image.width + 2 * edge, image.height + edge + foot)
    card = Image.new("RGBA", (image.width + 2 * edge, image.height + edge + foot), "white")
    card.alpha_composite(image, (edge, edge))
    turned = rotated(card, given.number("angle"), _CLEAR)
    away = max(1, edge // 2)
    return _soft(picture, _shaded(turned, 0.8, away, (away, away)))


def reflect(picture: Picture, given: Given) -> Picture:
    """Mirror the lowest ``size`` rows below it, fading from half to nothing."""
    image = see_through(picture.image)
    size = min(given.whole("size"), image.height)
    if size < 1:
        raise Unusable("'size' must be 1 or more")

    check_size(image.width, image.height + size)
    lowest = image.crop((0, image.height - size, *image.size))
    mirrored = lowest.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    fade = Image.new("L", (1, size))
    fade.putdata([_FADE * (size - row) // size for row in range(size)])
    fade = fade.resize(mirrored.size, Image.Resampling.NEAREST)
    mirrored.putalpha(ImageChops.multiply(mirrored.getchannel("A"), fade))
    canvas = Image.new("RGBA", (image.width, image.height + size), _CLEAR)
    canvas.paste(image)
    canvas.paste(mirrored, (0, image.height))
    return _soft(picture, canvas)


def flatten(picture: Picture, given: Given) -> Picture:
    """Lay all frames over each other, the last on top, on a canvas of the first's size.

    What can still be seen through becomes white where the format takes nothing such.
    """
    kind = given.text("export", "PNG")
    first, *others = _layers(picture)
    canvas = see_through(first)
    for frame in others:
        over = Image.new("RGBA", canvas.size, _CLEAR)
        over.paste(see_through(frame))
        canvas.alpha_composite(over)
    if kind not in SEE_THROUGH:
        canvas = Image.alpha_composite(Image.new("RGBA", canvas.size, "white"), canvas)
    if canvas.getchannel("A").getextrema() == (255, 255):
        canvas = canvas.convert("RGB")
    return made(evolve(picture, format=kind), canvas)


def favicon(picture: Picture, given: Given) -> Picture:
    """Make an ICO of three square icons, with the picture whole in the middle."""
    del given
    image = see_through(picture.image)
    image = image.resize(fitting(image, _ICONS[0], _ICONS[0]), Image.Resampling.LANCZOS)
    icon = Image.new("RGBA", (_ICONS[0], _ICONS[0]), _CLEAR)
    icon.paste(image, ((icon.width - image.width) // 2, (icon.height - image.height) // 2))
    return Picture(icon, "ICO", options={"sizes": [(side, side) for side in _ICONS]})


def _layers(picture: Picture) -> list[Image.Image]:
    # A PSD's own picture is its layers merged already; further pictures in an MPO show
    # the same from elsewhere, or how bright it is.
    if picture.content.startswith(b"8BPS") or picture.format == "MPO":
        return [picture.image]

    # Of some formats Pillow counts no frame.
    return frames(picture.content) or [picture.image]


def _shaded(
    image: Image.Image, opacity: float, sigma: float, offset: tuple[int, int]
) -> Image.Image:
    """The image over its own blurred shape in black, moved right and down by the offset."""
    margin = math.ceil(2 * min(sigma, _FAR))
    x, y = offset
    # The shadow's rectangle and the picture's own, as they lie; then one around both.
    left, top = min(0, x - margin), min(0, y - margin)
    width = max(image.width, x + image.width + margin) - left
    height = max(image.height, y + image.height + margin) - top
    check_size(width, height)
    shape = Image.new("L", (width, height))
    alpha = image.getchannel("A").point([round(value * opacity) for value in range(256)])
    shape.paste(alpha, (x - left, y - top))
    canvas = Image.new("RGBA", (width, height), "black")
    canvas.putalpha(shape.filter(ImageFilter.GaussianBlur(sigma)))
    canvas.alpha_composite(image, (-left, -top))
    return canvas


def _soft(picture: Picture, image: Image.Image) -> Picture:
    """The result with all shades of transparency, of which a GIF has none."""
    return made(evolve(picture, format="PNG") if picture.format == "GIF" else picture, image)


MAKERS: dict[str, Maker] = {
    "border": border,
    "favicon": favicon,
    "flatten": flatten,
    "polaroid": polaroid,
    "reflect": reflect,
    "shadow": shadow,
}
