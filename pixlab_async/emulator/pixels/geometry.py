"""Cut, turned, mirrored and shifted pictures: pixels move, and none is computed anew.

All but ``extent`` and ``rotate`` keep the picture's mode, with its palette and its depth.
"""

from __future__ import annotations

import math

from PIL import Image

from .._given import Given
from .._pictures import Maker, Picture, Unusable, check_size
from ._shared import colour, coloured, made, see_through, sides

_QUARTERS = {
    90: Image.Transpose.ROTATE_270,  # Pillow turns the other way round
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def crop(picture: Picture, given: Given) -> Picture:
    """Cut out a rectangle, as far as it lies within the picture."""
    return made(picture, picture.image.crop(_within(picture.image, given)))


def chop(picture: Picture, given: Given) -> Picture:
    """Remove the columns and the rows that a rectangle covers, and close the gap."""
    image = picture.image
    left, top, right, bottom = _within(image, given)
    width, height = image.width - (right - left), image.height - (bottom - top)
    if width == 0 or height == 0:
        raise Unusable("nothing of the picture is left")

    moved = image.copy()
    if right < image.width:
        moved.paste(image.crop((right, 0, *image.size)), (left, 0))
    if bottom < image.height:
        moved.paste(moved.crop((0, bottom, *image.size)), (0, top))
    return made(picture, moved.crop((0, 0, width, height)))


def extent(picture: Picture, given: Given) -> Picture:
    """Take the rectangle of this size that starts at x and y, and fill what is outside."""
    width, height = sides(given)
    check_size(width, height)
    fill = colour(given, "color", "white")
    image = coloured(picture.image)
    if fill[3] < 255:
        image = image.convert("RGBA")
    canvas = Image.new(image.mode, (width, height), fill[: len(image.mode)])
    left, top = given.whole("x"), given.whole("y")
    kept = _clipped((left, top, left + width, top + height), image.size)
    if kept is not None:
        canvas.paste(image.crop(kept), (kept[0] - left, kept[1] - top))
    return made(picture, canvas)


def rotate(picture: Picture, given: Given) -> Picture:
    """Turn clockwise, and fill the corners; by right angles without a loss."""
    degree = given.number("degree") % 360
    fill = colour(given, "color", "transparent")
    image = picture.image
    if degree == 0:
        return made(picture, image)

    if degree in _QUARTERS:
        return made(picture, image.transpose(_QUARTERS[int(degree)]))

    return made(picture, rotated(image, degree, fill))


def flip(picture: Picture, given: Given) -> Picture:
    """Mirror it top to bottom."""
    del given
    return made(picture, picture.image.transpose(Image.Transpose.FLIP_TOP_BOTTOM))


def flop(picture: Picture, given: Given) -> Picture:
    """Mirror it left to right."""
    del given
    return made(picture, picture.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))


def transpose(picture: Picture, given: Given) -> Picture:
    """Mirror it along the diagonal from the top left."""
    del given
    return made(picture, picture.image.transpose(Image.Transpose.TRANSPOSE))


def transverse(picture: Picture, given: Given) -> Picture:
    """Mirror it along the diagonal from the top right."""
    del given
    return made(picture, picture.image.transpose(Image.Transpose.TRANSVERSE))


def roll(picture: Picture, given: Given) -> Picture:
    """Shift it to the right and down; what leaves on one side comes in on the other."""
    image = picture.image
    x, y = given.whole("x") % image.width, given.whole("y") % image.height
    rolled = image.copy()
    for left in (x, x - image.width):
        for top in (y, y - image.height):
            rolled.paste(image, (left, top))
    return made(picture, rolled)


def rotated(image: Image.Image, degree: float, fill: tuple[int, int, int, int]) -> Image.Image:
    """The image turned clockwise, on a canvas that holds it whole."""
    turn = math.radians(degree)
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    check_size(
        image.width * cos + image.height * sin + 1, image.width * sin + image.height * cos + 1
    )
    ready = coloured(image) if fill[3] == 255 else see_through(image)
    return ready.rotate(
        -degree, Image.Resampling.BICUBIC, expand=True, fillcolor=fill[: len(ready.mode)]
    )


def _within(image: Image.Image, given: Given) -> tuple[int, int, int, int]:
    """The given rectangle, as far as it lies within the image.

    Raises:
        Unusable: It lies outside.
    """
    width, height = sides(given)
    left, top = given.whole("x"), given.whole("y")
    box = _clipped((left, top, left + width, top + height), image.size)
    if box is None:
        raise Unusable(
            f"the rectangle lies outside the picture, which has {image.width} x {image.height}"
        )

    return box


def _clipped(
    box: tuple[int, int, int, int], size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], size[0]), min(box[3], size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


MAKERS: dict[str, Maker] = {
    "chop": chop,
    "crop": crop,
    "extent": extent,
    "flip": flip,
    "flop": flop,
    "roll": roll,
    "rotate": rotate,
    "smartcrop": crop,
    "transpose": transpose,
    "transverse": transverse,
}
