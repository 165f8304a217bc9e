"""Writing on pictures."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from pixlab_async import AsyncPixLab, ConfigurationError
from pixlab_async.emulator import Emulator

from .images import opened, written

BLACK = written(Image.new("RGB", (120, 90)))
Box = tuple[int, int, int, int]


def inked(content: bytes) -> Box:
    """The smallest rectangle around what is not black."""
    box = opened(content).convert("L").getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize(
    ("place", "begin", "end"), [("top", 0, 30), ("center", 30, 60), ("bottom", 60, 90)]
)
async def test_drawtext_writes_in_three_places(
    pixlab: AsyncPixLab, place: str, begin: int, end: int
) -> None:
    written_there: Any = {place: "Hello"}

    drawn = await pixlab.blob.drawtext(BLACK, **written_there)

    _, top, _, bottom = inked(drawn.content)
    assert begin <= top < bottom <= end


async def test_drawtext_writes_in_the_colour_that_is_asked_for(pixlab: AsyncPixLab) -> None:
    drawn = await pixlab.blob.drawtext(BLACK, top="Hello", color="red", size=20)

    red, green, blue = opened(drawn.content).convert("RGB").split()
    assert red.getextrema() == (0, 255)
    assert green.getextrema() == blue.getextrema() == (0, 0)


async def test_capitals_are_taller(pixlab: AsyncPixLab) -> None:
    small, large = [
        inked((await pixlab.blob.drawtextat(BLACK, 10, 50, "aaa", size=20, cap=cap)).content)
        for cap in (False, True)
    ]

    assert large[3] - large[1] > small[3] - small[1]


async def test_an_outline_makes_letters_wider(pixlab: AsyncPixLab) -> None:
    plain = inked((await pixlab.blob.drawtext(BLACK, center="Hi", size=20)).content)
    outlined = inked(
        (
            await pixlab.blob.drawtext(
                BLACK, center="Hi", size=20, strokecolor="blue", strokewidth=3, strokeopacity=1
            )
        ).content
    )

    assert outlined[0] < plain[0]
    assert outlined[2] > plain[2]


async def test_drawtextat_writes_where_it_is_told_to(pixlab: AsyncPixLab) -> None:
    left, top, _, bottom = inked(
        (await pixlab.blob.drawtextat(BLACK, 40, 60, "Hi", size=20)).content
    )

    assert 40 <= left < 45
    assert 40 < top < bottom <= 61


async def test_every_option_is_sent_under_its_name(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    await pixlab.drawtextat(
        BLACK,
        1,
        2,
        "100% sure & so on + more",
        font="my own",
        cap=False,
        size=9,
        color="#abc",
        strokecolor="red",
        strokewidth=1.5,
        strokeopacity=0.1,
    )

    assert emulator.received[-1].params == {
        "x": "1",
        "y": "2",
        "text": "100% sure & so on + more",
        "font": "my own",
        "cap": "false",
        "size": "9",
        "color": "#abc",
        "strokecolor": "red",
        "strokewidth": "1.5",
        "strokeopacity": "0.1",
    }


async def test_drawtext_needs_a_text(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="at least one of top, center, bottom"):
        await pixlab.drawtext(BLACK, color="red")

    assert not emulator.received


async def test_meme_writes_at_the_bottom_of_what_is_stored_for_it(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    media = await pixlab.meme(BLACK, bottom="such meme", cap=True, strokecolor="black")

    assert emulator.stored() == [media.link]
    sent = next(one for one in emulator.received if one.endpoint == "meme")
    assert dict(sent.params) == {
        "img": sent.params["img"],
        "bottom": "such meme",
        "cap": "true",
        "strokecolor": "black",
    }
