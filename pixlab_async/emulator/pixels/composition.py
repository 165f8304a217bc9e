"""Pictures put together, compared, made of nothing, blurred in parts, or turned to a format."""

from __future__ import annotations

import os

from attrs import evolve
from PIL import Image, ImageChops, ImageFilter, ImageStat

from .._bounds import spend
from .._colours import colour
from .._given import Given
from .._pictures import Maker, Picture, Unusable, check_size, over
from .._work import Made, Sources, Work, file_of
from ._shared import SEE_THROUGH, coloured, made, see_through, sides

_ICON_LIMIT = 256
# A radius reaches as far as three standard deviations; what lies beyond hardly counts.
_DEVIATIONS = 3


def merge(sources: Sources, given: Given) -> Made:
    """Lay pictures onto another, each at its offset or with its middle there."""
    ground = sources.picture("src")
    canvas = see_through(ground.image)
    for place, item in zip(given.items("cord"), sources.pictures("cord"), strict=True):
        top = see_through(item.image)
        x = place["x"] - (top.width // 2 if place.get("center") else 0)
        y = place["y"] - (top.height // 2 if place.get("center_y") else 0)
        lay(canvas, top, x, y)
    if not ground.image.has_transparency_data:
        canvas = canvas.convert("RGB")
    return file_of(made(ground, canvas))


def lay(canvas: Image.Image, top: Image.Image, x: int, y: int) -> None:
    """Put one RGBA image onto another; what lies outside is cut off."""
    left, right = max(x, 0), min(x + top.width, canvas.width)
    upper, lower = max(y, 0), min(y + top.height, canvas.height)
    if left < right and upper < lower:
        # The overlap alone: a thousand small pictures cost no thousand large ones.
        canvas.alpha_composite(top, (left, upper), (left - x, upper - y, right - x, lower - y))


def imgdiff(sources: Sources, given: Given) -> Made:
    """The mean square error of all channels, from 0 to 1, and the differences as a picture.

    The scale is not documented; it is that of ImageMagick, which the service names as its
    engine.
    """
    del given
    first, second = sources.picture("src"), sources.picture("target")
    if first.image.size != second.image.size:
        raise Unusable("the pictures in 'src' and 'target' must be of the same size")

    images = [coloured(first.image), coloured(second.image)]
    if images[0].mode != images[1].mode:
        images = [image.convert("RGBA") for image in images]
    apart = ImageChops.difference(*images)
    squares = ImageStat.Stat(apart).sum2
    pixels = apart.width * apart.height
    error = sum(squares) / (pixels * len(squares) * 255**2)
    return file_of(made(first, apart.convert("RGB")), diff=error)


def newimage(sources: Sources, given: Given) -> Made:
    """Make a picture of one colour."""
    del sources
    width, height = sides(given)
    check_size(width, height)
    shade = colour(given.text("color", "gray"))
    image = Image.new("RGBA", (width, height), shade)
    return file_of(_in_format(Picture(image, "PNG"), given.text("export", "PNG")))


def pixelgenerate(sources: Sources, given: Given) -> Made:
    """Make a picture of random pixels. They hide the background, whatever its colour."""
    del sources
    width, height = sides(given)
    check_size(width, height)
    image = Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    return file_of(_in_format(Picture(image, "PNG"), given.text("export", "PNG")))


def mogrify(picture: Picture, given: Given) -> Picture:
    """Blur rectangles; a radius without a sigma stands for three times one."""
    sigma = given.number("sigma", given.number("radius") / _DEVIATIONS)
    image = coloured(picture.image)
    blurred: dict[tuple[int, int, int, int], Image.Image] = {}
    for box in given.items("cord"):
        left, top = max(box["x"], 0), max(box["y"], 0)
        right = min(box["x"] + box["width"], image.width)
        bottom = min(box["y"] + box["height"], image.height)
        if left < right and top < bottom and (left, top, right, bottom) not in blurred:
            spend((right - left) * (bottom - top))
            part = image.crop((left, top, right, bottom))
            blurred[left, top, right, bottom] = part.filter(ImageFilter.GaussianBlur(sigma))
    for corners, part in blurred.items():
        image.paste(part, corners)
    return made(picture, image)


def convert(picture: Picture, given: Given) -> Picture:
    """Write the picture in another format.

    What can be seen through gets the background, and white where there is none and the
    format needs one.
    """
    image = coloured(picture.image)
    background = colour(given.text("background", "none"))
    if background[3] and image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, background), image)
    kept = picture if picture.image.mode == "CMYK" else evolve(picture, image=image)
    result = _in_format(kept, given.text("export"))
    if result.format == "JPEG" and "compression" in given:
        # Pillow takes 0 for "not said".
        options = {**result.options, "quality": max(1, given.whole("compression"))}
        result = evolve(result, options=options)
    return result


def _in_format(picture: Picture, kind: str) -> Picture:
    """The picture in a format that was asked for, which it does not leave for another."""
    image = picture.image
    if kind == "ICO" and max(image.size) > _ICON_LIMIT:
        raise Unusable(f"an ICO has at most {_ICON_LIMIT} x {_ICON_LIMIT} pixels")

    if image.has_transparency_data:
        opaque = image.convert("RGBA").getchannel("A").getextrema() == (255, 255)
        if opaque or kind not in SEE_THROUGH:
            image = over(image, "white")
    return made(evolve(picture, format=kind), image)


MAKERS: dict[str, Maker] = {"convert": convert, "mogrify": mogrify}
WORKS: dict[str, Work] = {
    "imgdiff": imgdiff,
    "merge": merge,
    "newimage": newimage,
    "pixelgenerate": pixelgenerate,
}
