"""Lines, points, rectangles: what is drawn is there, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from .calling import Calls, colour_at, opened

BLACK = (0, 0, 0)
WHITE = (255, 255, 255)
RED = (255, 0, 0)
LIME = (0, 255, 0)


def test_a_line_is_drawn_in_the_documented_defaults(calls: Calls, black: str) -> None:
    image = opened(calls.get("drawline", img=black, startx=10, starty=20, endx=90, endy=20, blob=1))

    # White, two pixels wide and nine tenths opaque.
    column = [colour_at(image, 50, y) for y in range(60)]
    assert column.count((230, 230, 230)) == 2
    assert column.count(BLACK) == 58


def test_a_line_has_the_width_colour_and_opacity_that_are_given(calls: Calls, black: str) -> None:
    ends = {"startx": 50, "starty": 0, "endx": 50, "endy": 59}
    stroke = {"color": "#f00", "strokewidth": 9, "strokeopacity": 1}

    image = opened(calls.get("drawline", img=black, blob=1, **ends, **stroke))

    row = [colour_at(image, x, 30) for x in range(100)]
    assert row.count(RED) == 9


def test_each_line_may_have_its_own_colour(calls: Calls, black: str) -> None:
    lines = [
        {"startx": 0, "starty": 10, "endx": 99, "endy": 10},
        {"startx": 0, "starty": 40, "endx": 99, "endy": 40, "color": "lime"},
    ]

    reply = calls.post("drawlines", img=black, lines=lines, color="red", strokeopacity=1)

    image = calls.linked(reply)
    assert (colour_at(image, 50, 10), colour_at(image, 50, 40)) == (RED, LIME)


def test_a_line_without_width_is_not_drawn(calls: Calls, black: str) -> None:
    ends = {"startx": 0, "starty": 0, "endx": 50, "endy": 50}

    image = opened(calls.get("drawline", img=black, strokewidth=0, blob=1, **ends))

    assert image.getcolors() == [(6000, BLACK)]


def test_points_are_single_pixels(calls: Calls, black: str) -> None:
    points = [{"x": 3, "y": 4}, {"x": 5, "y": 6, "color": "red"}, {"x": 500, "y": 6}]

    image = opened(calls.post("drawpoints", img=black, points=points, blob=True))

    assert (colour_at(image, 3, 4), colour_at(image, 5, 6)) == (WHITE, RED)
    assert (5998, BLACK) in (image.getcolors() or ())


def test_a_rectangle_has_an_edge_and_nothing_in_it(calls: Calls, black: str) -> None:
    box = {"x": 10, "y": 10, "width": 30, "height": 20}

    image = opened(calls.get("drawrectangle", img=black, strokeopacity=1, blob=1, **box))

    assert image.convert("L").getbbox() == (10, 10, 40, 30)
    assert colour_at(image, 20, 20) == BLACK


def test_a_rectangle_may_be_filled(calls: Calls, black: str) -> None:
    box = {"x": 10, "y": 10, "width": 30, "height": 20}

    image = opened(
        calls.get("drawrectangle", img=black, fillcolor="lime", strokewidth=0, blob=1, **box)
    )

    assert (colour_at(image, 10, 10), colour_at(image, 39, 29)) == (LIME, LIME)


def test_each_rectangle_may_have_its_own_colour(calls: Calls, black: str) -> None:
    boxes = [
        {"x": 0, "y": 0, "width": 10, "height": 10},
        {"x": 50, "y": 0, "width": 10, "height": 10, "color": "red"},
        {"x": 80, "y": 0, "width": 0, "height": 10},
    ]

    reply = calls.post("drawrectangles", img=black, cord=boxes, color="lime", strokeopacity=1)

    image = calls.linked(reply)
    assert (colour_at(image, 0, 0), colour_at(image, 50, 0)) == (LIME, RED)
    assert colour_at(image, 80, 5) == BLACK


def test_what_can_be_seen_through_stays_so(calls: Calls) -> None:
    link = calls.stored(Image.new("RGBA", (20, 20)))

    image = opened(calls.post("drawpoints", img=link, points=[{"x": 0, "y": 0}], blob=True))

    assert image.convert("RGBA").getchannel("A").getbbox() == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"endx": 2_000_000}, "'endx' is too far off"),
        ({"strokewidth": 1e9}, "'strokewidth' must be"),
    ],
)
def test_absurd_numbers_are_refused(
    calls: Calls, black: str, parameters: dict[str, Any], reason: str
) -> None:
    ends = {"startx": 0, "starty": 0, "endx": 50, "endy": 50} | parameters

    reply = calls.get("drawline", img=black, **ends)

    assert reply.status_code == 400
    assert reason in reply.json()["error"]
