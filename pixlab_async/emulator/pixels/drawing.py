"""Lines, points and rectangles on a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw

from .._colours import Colour, colour, faded
from .._given import Given
from .._pictures import Maker, Picture, Unusable
from ._shared import made, see_through

# Farther off Pillow would still walk along the line, step by step.
_FARTHEST = 100_000
_WIDEST = 10_000


def drawline(picture: Picture, given: Given) -> Picture:
    """Draw one line."""
    return _lines(picture, given, [dict(given.values)])


def drawlines(picture: Picture, given: Given) -> Picture:
    """Draw lines, each in its own colour where it has one."""
    return _lines(picture, given, given.items("lines"))


def drawpoints(picture: Picture, given: Given) -> Picture:
    """Draw points, each a pixel in its own colour where it has one."""

    def paint(draw: ImageDraw.ImageDraw) -> None:
        for point in given.items("points"):
            draw.point(_near(point, "x", "y"), _colour_of(point, given))

    return _drawn(picture, paint)


def drawrectangle(picture: Picture, given: Given) -> Picture:
    """Draw one rectangle."""
    return _rectangles(picture, given, [dict(given.values)])


def drawrectangles(picture: Picture, given: Given) -> Picture:
    """Draw rectangles, each with an edge in its own colour where it has one."""
    return _rectangles(picture, given, given.items("cord"))


def _lines(picture: Picture, given: Given, lines: list[dict[str, Any]]) -> Picture:
    width, opacity = _stroke(given)

    def paint(draw: ImageDraw.ImageDraw) -> None:
        for line in lines:
            ends = _near(line, "startx", "starty", "endx", "endy")
            if width:
                _line(draw, ends, faded(_colour_of(line, given), opacity), width)

    return _drawn(picture, paint)


def _line(draw: ImageDraw.ImageDraw, ends: list[int], shade: Colour, width: int) -> None:
    if width != 2:
        draw.line(ends, shade, width)
        return

    # Pillow draws lines of two pixels as of one: here are two of them, side by side.
    startx, starty, endx, endy = ends
    flat = abs(endx - startx) >= abs(endy - starty)
    right, down = (0, 1) if flat else (1, 0)
    draw.line(ends, shade)
    draw.line((startx - right, starty - down, endx - right, endy - down), shade)


def _rectangles(picture: Picture, given: Given, boxes: list[dict[str, Any]]) -> Picture:
    """The edge lies inside the rectangle."""
    width, opacity = _stroke(given)
    fill = colour(given.text("fillcolor", "none"))

    def paint(draw: ImageDraw.ImageDraw) -> None:
        for box in boxes:
            x, y, across, down = _near(box, "x", "y", "width", "height")
            if across < 1 or down < 1:
                continue

            edge = faded(_colour_of(box, given), opacity) if width else None
            corners = (x, y, x + across - 1, y + down - 1)
            draw.rectangle(corners, fill, edge, max(width, 1))

    return _drawn(picture, paint)


def _drawn(picture: Picture, paint: Callable[[ImageDraw.ImageDraw], None]) -> Picture:
    """The picture under a layer that is painted on."""
    image = see_through(picture.image)
    layer = Image.new("RGBA", image.size)
    paint(ImageDraw.Draw(layer))
    drawn = Image.alpha_composite(image, layer)
    return made(picture, drawn if picture.image.has_transparency_data else drawn.convert("RGB"))


def _stroke(given: Given) -> tuple[int, float]:
    """How wide in pixels, 0 for not at all, and how opaque from 0 to 1."""
    width = given.number("strokewidth", 1.0)
    if width > _WIDEST:
        raise Unusable(f"'strokewidth' must be {_WIDEST} or less")

    return (max(1, round(width)) if width > 0 else 0), given.number("strokeopacity", 1.0)


def _colour_of(item: dict[str, Any], given: Given) -> Colour:
    return colour(item.get("color", given.text("color", "white")))


def _near(item: dict[str, Any], *names: str) -> list[int]:
    """The numbers under these names, unless they are absurd."""
    numbers = [int(item[name]) for name in names]
    for name, number in zip(names, numbers, strict=True):
        if abs(number) > _FARTHEST:
            raise Unusable(f"{name!r} is too far off: {number}")

    return numbers


MAKERS: dict[str, Maker] = {
    "drawline": drawline,
    "drawlines": drawlines,
    "drawpoints": drawpoints,
    "drawrectangle": drawrectangle,
    "drawrectangles": drawrectangles,
}
