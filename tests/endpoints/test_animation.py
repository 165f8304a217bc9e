"""Animated GIFs: made, cut, resized, and with a picture on them."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageSequence

from pixlab_async import AsyncPixLab, ConfigurationError, Frame, UnsupportedMedia
from pixlab_async.emulator import Emulator

from .images import opened, written

COLOURS = ("red", "lime", "blue")
STILLS = [written(Image.new("RGB", (20, 10), colour)) for colour in COLOURS]


def gif() -> bytes:
    first, *others = [Image.new("RGB", (20, 10), colour) for colour in COLOURS]
    return written(first, "GIF", save_all=True, append_images=others, duration=50, loop=0)


def frames_of(content: bytes) -> list[Image.Image]:
    return [frame.convert("RGB") for frame in ImageSequence.Iterator(opened(content))]


def colours_of(content: bytes, x: int, y: int) -> list[object]:
    return [frame.getpixel((x, y)) for frame in frames_of(content)]


RED, LIME, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


async def test_makegif_shows_the_pictures_in_their_order(pixlab: AsyncPixLab) -> None:
    made = await pixlab.blob.makegif(STILLS, delay=70)

    image = opened(made.content)
    assert (image.format, image.info["duration"]) == ("GIF", 70)
    assert colours_of(made.content, 5, 5) == [RED, LIME, BLUE]


async def test_a_frame_is_given_in_any_way_that_a_picture_is(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    media = await pixlab.store(STILLS[2])
    given: list[Any] = [
        STILLS[0],
        Frame(media),
        {"img": media.link},
        media,
        media.link,
        Frame(STILLS[1]),
    ]

    made = await pixlab.makegif(given)

    sent = next(one for one in emulator.received if one.endpoint == "makegif")
    assert [set(frame) for frame in sent.params["frames"]] == [{"img"}] * 6
    assert emulator.stored() == [media.link, made.link]


async def test_no_frames_are_refused(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="frames is empty"):
        await pixlab.makegif([])

    assert not emulator.received


async def test_a_frame_without_a_picture_is_refused(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    with pytest.raises(ConfigurationError, match=r"frames\[1\]\.img is missing"):
        await pixlab.makegif([STILLS[0], {"image": "x"}])

    assert not emulator.received


async def test_cropgif_cuts_every_frame(pixlab: AsyncPixLab) -> None:
    cut = await pixlab.blob.cropgif(gif(), 2, 3, width=7, height=4)

    assert [frame.size for frame in frames_of(cut.content)] == [(7, 4)] * 3
    assert colours_of(cut.content, 0, 0) == [RED, LIME, BLUE]


async def test_resizegif_resizes_every_frame(pixlab: AsyncPixLab) -> None:
    resized = await pixlab.blob.resizegif(gif(), width=40, height=30)

    assert [frame.size for frame in frames_of(resized.content)] == [(40, 30)] * 3
    assert opened(resized.content).info["duration"] == 50


async def test_a_side_that_is_left_out_takes_the_others_value(pixlab: AsyncPixLab) -> None:
    resized = await pixlab.blob.resizegif(gif(), height=6)

    assert opened(resized.content).size == (6, 6)


async def test_gifcomposite_lays_a_picture_on_the_frames(pixlab: AsyncPixLab) -> None:
    badge = written(Image.new("RGB", (3, 3), "white"))

    laid = await pixlab.blob.gifcomposite(gif(), badge, 4, 5)

    assert colours_of(laid.content, 4, 5) == [(255, 255, 255)] * 3
    assert colours_of(laid.content, 3, 5) == [RED, LIME, BLUE]


async def test_gifcomposite_may_begin_with_a_later_frame(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    badge = await pixlab.store(written(Image.new("RGB", (3, 3), "white")))

    laid = await pixlab.blob.gifcomposite(gif(), badge, 4, 5, frame=2)

    assert colours_of(laid.content, 5, 6) == [RED, LIME, (255, 255, 255)]
    assert emulator.stored() == [badge.link]


async def test_an_animation_is_stored(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    media = await pixlab.cropgif(gif(), 0, 0, width=2)

    assert emulator.stored() == [media.link]
    assert media.id.endswith(".gif")


async def test_a_still_is_no_gif(pixlab: AsyncPixLab) -> None:
    with pytest.raises(UnsupportedMedia, match="no GIF"):
        await pixlab.resizegif(STILLS[0], width=5)
