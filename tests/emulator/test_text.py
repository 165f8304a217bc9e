"""Text on pictures: where it is, how large and in which colours."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from .calling import Calls, colour_at, opened


@pytest.fixture
def sheet(calls: Calls) -> str:
    """A link to a black picture of 200 x 200 pixels."""
    return calls.stored(Image.new("RGB", (200, 200)))


def written(calls: Calls, endpoint: str, **parameters: Any) -> Image.Image:
    return opened(calls.get(endpoint, blob=True, **parameters))


def extent(image: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is not black."""
    found = image.convert("L").getbbox()
    assert found is not None
    return found


@pytest.mark.parametrize(("place", "low", "high"), [("top", 0, 60), ("center", 70, 130)])
def test_text_is_where_it_is_asked_for_and_in_the_middle(
    calls: Calls, sheet: str, place: str, low: int, high: int
) -> None:
    left, top, right, bottom = extent(written(calls, "drawtext", img=sheet, **{place: "HOH"}))

    assert low <= top < bottom <= high
    assert abs((200 - right) - left) <= 4


def test_texts_at_several_places_are_all_written(calls: Calls, sheet: str) -> None:
    image = written(calls, "drawtext", img=sheet, top="a", center="b", bottom="c")

    _, top, _, bottom = extent(image)
    assert top < 40
    assert bottom > 160


def test_text_without_a_size_is_made_to_fit(calls: Calls, sheet: str) -> None:
    left, _, right, _ = extent(written(calls, "drawtext", img=sheet, top="long words " * 3))

    assert left > 0
    assert right < 200


def test_a_larger_size_is_larger(calls: Calls, sheet: str) -> None:
    heights: list[int] = []
    for size in (20, 60):
        _, top, _, bottom = extent(written(calls, "drawtext", img=sheet, center="H", size=size))
        heights.append(bottom - top)

    assert heights[1] > 2 * heights[0]


def test_cap_writes_in_capitals(calls: Calls, sheet: str) -> None:
    small = written(calls, "drawtext", img=sheet, center="ace", cap=True)

    assert small == written(calls, "drawtext", img=sheet, center="ACE")


def test_text_has_the_colour_that_is_given(calls: Calls, sheet: str) -> None:
    image = written(calls, "drawtext", img=sheet, center="H", size=100, color="#00ff00")

    colours = {colour for _, colour in image.getcolors() or ()}
    assert (0, 255, 0) in colours
    assert all(colour[0] == colour[2] == 0 for colour in colours if isinstance(colour, tuple))


def test_an_outline_has_its_own_colour_and_opacity(calls: Calls, sheet: str) -> None:
    image = written(
        calls, "drawtext", img=sheet, center="H", size=100, strokecolor="red", strokeopacity=0.5
    )

    colours = {colour for _, colour in image.getcolors() or ()}
    assert (127, 0, 0) in colours or (128, 0, 0) in colours
    assert (255, 255, 255) in colours


def test_text_at_a_point_stands_on_its_baseline(calls: Calls, sheet: str) -> None:
    left, _, _, bottom = extent(
        written(calls, "drawtextat", img=sheet, text="HHH", x=30, y=120, size=40)
    )

    assert abs(bottom - 120) <= 1
    assert 28 <= left <= 36


def test_several_lines_are_below_each_other(calls: Calls, sheet: str) -> None:
    one = extent(written(calls, "drawtext", img=sheet, top="H", size=20))
    two = extent(written(calls, "drawtext", img=sheet, top="H\nH", size=20))

    assert two[3] > one[3] + 10


def test_a_meme_is_text_at_the_bottom(calls: Calls, sheet: str) -> None:
    image = calls.linked(calls.get("meme", img=sheet, bottom="so funny", cap=True))

    assert extent(image)[1] > 140


def test_a_point_outside_leaves_the_picture_as_it_is(calls: Calls, sheet: str) -> None:
    image = written(calls, "drawtextat", img=sheet, text="a", x=-1000, y=0)

    assert colour_at(image, 0, 0) == (0, 0, 0)
    assert image.convert("L").getbbox() is None


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"size": 0}, "'size' must be from 1"),
        ({"size": 3000}, "'size' must be from 1"),
        ({"strokecolor": "red", "strokewidth": 500}, "'strokewidth' must be from 0"),
        ({"text": "w" * 2000, "size": 2000}, "pixels"),
    ],
)
def test_absurd_text_is_refused(
    calls: Calls, sheet: str, parameters: dict[str, Any], reason: str
) -> None:
    parameters = {"img": sheet, "text": "a", "x": 0, "y": 0} | parameters

    reply = calls.get("drawtextat", **parameters)

    assert reply.status_code == 400
    assert reason in reply.json()["error"]
