"""Drawing lines, points and rectangles: looked at pixel by pixel."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from pixlab_async import AsyncPixLab, BadRequest, ConfigurationError, Line, Point, Rectangle
from pixlab_async.emulator import Emulator

from .images import opened, written

BLACK = written(Image.new("RGB", (20, 12)))
RED, BLUE, WHITE, NOTHING = (255, 0, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
SOLID: Any = {"strokewidth": 1, "strokeopacity": 1}


def pixels(content: bytes) -> Image.Image:
    return opened(content).convert("RGB")


def inked(content: bytes, colour: tuple[int, int, int]) -> set[tuple[int, int]]:
    """Where the picture has the colour."""
    image = pixels(content)
    places = [(x, y) for x in range(image.width) for y in range(image.height)]
    return {place for place in places if image.getpixel(place) == colour}


def row(y: int, begin: int, end: int) -> set[tuple[int, int]]:
    return {(x, y) for x in range(begin, end)}


async def test_drawline_goes_from_one_point_to_the_other(pixlab: AsyncPixLab) -> None:
    drawn = await pixlab.blob.drawline(BLACK, 2, 5, 9, 5, color="red", **SOLID)

    assert inked(drawn.content, RED) == row(5, 2, 10)


async def test_a_line_is_white_two_wide_and_nearly_solid_where_no_more_is_said(
    pixlab: AsyncPixLab,
) -> None:
    drawn = await pixlab.blob.drawline(BLACK, 0, 5, 19, 5)

    shades = pixels(drawn.content).getcolors()
    assert shades is not None
    assert sorted(shades) == [(40, (230, 230, 230)), (200, NOTHING)]


async def test_drawlines_draws_each_in_its_own_colour_or_in_the_common_one(
    pixlab: AsyncPixLab,
) -> None:
    lines: list[Any] = [
        Line(0, 1, 4, 1),
        {"startx": 0, "starty": 8, "endx": 6, "endy": 8, "color": "blue"},
    ]

    drawn = await pixlab.blob.drawlines(BLACK, lines, color="#f00", **SOLID)

    assert inked(drawn.content, RED) == row(1, 0, 5)
    assert inked(drawn.content, BLUE) == row(8, 0, 7)


async def test_fractions_of_a_pixel_go_to_the_nearest(pixlab: AsyncPixLab) -> None:
    drawn = await pixlab.blob.drawpoints(BLACK, [Point(3.6, 2.2)])

    assert inked(drawn.content, WHITE) == {(4, 2)}


async def test_drawpoints_draws_each_in_its_own_colour_or_in_the_common_one(
    pixlab: AsyncPixLab,
) -> None:
    points = (Point(x, x, color) for x, color in enumerate([None, "red", "#0000ff"]))

    drawn = await pixlab.blob.drawpoints(BLACK, points, color="white")

    assert inked(drawn.content, WHITE) == {(0, 0)}
    assert inked(drawn.content, RED) == {(1, 1)}
    assert inked(drawn.content, BLUE) == {(2, 2)}


async def test_drawrectangle_has_an_edge_and_a_filling(pixlab: AsyncPixLab) -> None:
    drawn = await pixlab.blob.drawrectangle(
        BLACK, 3, 2, 6, 5, color="red", fillcolor="blue", **SOLID
    )

    filling = {(x, y) for x in range(4, 8) for y in range(3, 6)}
    whole = {(x, y) for x in range(3, 9) for y in range(2, 7)}
    assert inked(drawn.content, BLUE) == filling
    assert inked(drawn.content, RED) == whole - filling


async def test_a_rectangle_is_hollow_where_no_filling_is_asked_for(pixlab: AsyncPixLab) -> None:
    drawn = await pixlab.blob.drawrectangle(BLACK, 3, 2, 6, 5, color="red", **SOLID)

    assert pixels(drawn.content).getpixel((5, 4)) == NOTHING


async def test_drawrectangles_takes_rectangles_and_dictionaries(pixlab: AsyncPixLab) -> None:
    boxes: list[Any] = [
        Rectangle(0, 0, 3, 3, color="red"),
        {"x": 10, "y": 5, "width": 3, "height": 3},
        {"left": 15, "top": 5, "width": 3, "height": 3, "color": "red"},
    ]

    drawn = await pixlab.blob.drawrectangles(BLACK, boxes, color="blue", fillcolor="white", **SOLID)

    assert inked(drawn.content, WHITE) == {(1, 1), (11, 6), (16, 6)}
    assert len(inked(drawn.content, RED)) == 16
    assert len(inked(drawn.content, BLUE)) == 8


async def test_opacity_lets_the_picture_through(pixlab: AsyncPixLab) -> None:
    drawn = await pixlab.blob.drawrectangle(
        BLACK, 0, 0, 20, 12, color="white", strokewidth=3, strokeopacity=0.5
    )

    assert pixels(drawn.content).getpixel((1, 1)) == (128, 128, 128)


async def test_a_colour_that_is_none_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="colour"):
        await pixlab.blob.drawpoints(BLACK, [Point(1, 1, "reddish")])


async def test_what_is_drawn_is_stored(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    drawn = await pixlab.drawrectangle(BLACK, 0, 0, 5, 5)

    assert emulator.stored() == [drawn.link]


MISTAKES: dict[str, tuple[str, Any, str]] = {
    "nothing": ("drawpoints", [], "empty"),
    "one by itself": ("drawpoints", Point(1, 2), "must be a list"),
    "a dictionary by itself": ("drawrectangles", {"x": 1}, "must be a list"),
    "a text": ("drawlines", "0,0,1,1", "must be a list"),
    "a list of numbers": ("drawpoints", [(1, 2)], r"points\[0\] must be a Point or a dictionary"),
    "another shape": ("drawlines", [Point(1, 2)], r"lines\[0\] must be a Line"),
    "a missing part": ("drawlines", [{"startx": 1}], r"lines\[0\]\.starty must be a number"),
    "a text for a number": ("drawpoints", [{"x": "one", "y": 2}], r"points\[0\]\.x must be"),
    "not a number": ("drawpoints", [Point(1, 2), Point(float("nan"), 2)], r"points\[1\]\.x"),
    "a boolean": ("drawpoints", [Point(True, 2)], r"points\[0\]\.x"),
    "an empty colour": ("drawpoints", [Point(1, 2, "")], r"points\[0\]\.color"),
    "no width": ("drawrectangles", [{"x": 1, "y": 2, "height": 3}], r"cord\[0\]\.width"),
    "a number of a colour": (
        "drawrectangles",
        [{"x": 1, "y": 2, "width": 3, "height": 3, "color": 7}],
        r"cord\[0\]\.color",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_shape_that_is_none_is_not_sent(
    pixlab: AsyncPixLab, emulator: Emulator, mistake: str
) -> None:
    name, given, message = MISTAKES[mistake]

    with pytest.raises(ConfigurationError, match=message):
        await getattr(pixlab, name)(BLACK, given)

    assert not emulator.received
