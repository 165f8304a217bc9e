"""Animated GIFs: every frame counts."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from .calling import Calls, colour_at, frames_of, gif, opened

COLOURS = ("red", "lime", "blue")
RED, LIME, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def test_stills_become_an_animation(calls: Calls) -> None:
    links = [calls.stored(Image.new("RGB", (20, 10), name)) for name in COLOURS]

    reply = calls.post("makegif", frames=[{"img": link} for link in links], delay=200)

    image = calls.linked(reply)
    assert (image.format, getattr(image, "n_frames", 1), image.info["duration"]) == ("GIF", 3, 200)
    assert [colour_at(frame, 5, 5) for frame in frames_of(image)] == [RED, LIME, BLUE]


def test_stills_are_as_large_as_the_first(calls: Calls) -> None:
    links = [calls.stored(Image.new("RGB", size, "red")) for size in ((20, 10), (40, 40))]
    links.append(calls.stored(Image.new("RGB", (5, 5), "blue")))

    image = opened(calls.post("makegif", frames=[{"img": link} for link in links], blob=1))

    assert image.size == (20, 10)
    assert colour_at(frames_of(image)[-1], 19, 9) == BLUE


def test_one_still_is_a_gif_too(calls: Calls, black: str) -> None:
    image = opened(calls.post("makegif", frames=[{"img": black}], blob=True))

    assert (image.format, image.size) == ("GIF", (100, 60))


def test_stills_with_holes_do_not_show_what_was_before(calls: Calls) -> None:
    hollow = Image.new("RGBA", (20, 10))
    hollow.paste("red", (0, 0, 5, 10))
    links = [calls.stored(Image.new("RGBA", (20, 10), "blue")), calls.stored(hollow)]

    image = opened(calls.post("makegif", frames=[{"img": link} for link in links], blob=True))

    last = frames_of(image)[1]
    assert last.getpixel((2, 5)) == (255, 0, 0, 255)
    assert last.getchannel("A").getpixel((15, 5)) == 0


@pytest.mark.parametrize("delay", [-1, 1_000_000])
def test_a_delay_that_no_gif_can_have_is_refused(calls: Calls, black: str, delay: int) -> None:
    reply = calls.post("makegif", frames=[{"img": black}], delay=delay)

    assert reply.status_code == 400
    assert "'delay' must be from 0" in reply.json()["error"]


def test_an_animation_of_nothing_is_refused(calls: Calls) -> None:
    assert "one entry or more" in calls.post("makegif", frames=[]).json()["error"]
    assert "'frames[0].img' is missing" in calls.post("makegif", frames=[{}]).json()["error"]


def test_frames_of_too_many_pixels_together_are_refused(calls: Calls) -> None:
    link = calls.stored(Image.new("1", (6000, 5000)))

    reply = calls.post("makegif", frames=[{"img": link}, {"img": link}])

    assert reply.status_code == 400
    assert "2 frames of 6000 x 5000" in reply.json()["error"]


def test_every_frame_is_cut(calls: Calls) -> None:
    image = opened(calls.upload("cropgif", gif(*COLOURS), width=8, height=4, x=2, y=2, blob=1))

    assert image.size == (8, 4)
    assert [colour_at(frame, 1, 1) for frame in frames_of(image)] == [RED, LIME, BLUE]


def test_how_long_frames_are_shown_stays(calls: Calls) -> None:
    content = gif(*COLOURS, delay=120, loop=3)

    image = opened(calls.upload("cropgif", content, width=8, height=4, x=0, y=0, blob=1))

    assert (image.info["duration"], image.info["loop"]) == (120, 3)


def test_an_animation_that_plays_once_still_does(calls: Calls) -> None:
    image = opened(calls.upload("resizegif", gif(*COLOURS, loop=None), width=8, blob=1))

    assert "loop" not in image.info


def test_an_animation_of_too_many_pixels_is_refused(calls: Calls) -> None:
    still, other = (Image.new("L", (5200, 5000), grey) for grey in (0, 9))
    buffer = io.BytesIO()
    still.save(buffer, "GIF", save_all=True, append_images=[other])

    reply = calls.upload("cropgif", buffer.getvalue(), width=8, x=0, y=0)

    assert reply.status_code == 400
    assert "pixels together" in reply.json()["error"]


def test_an_animation_that_is_cut_off_is_unsupported(calls: Calls) -> None:
    content = gif("red", "blue", size=(200, 200))

    assert calls.upload("resizegif", content[:-100], width=8).status_code == 415


def test_a_rectangle_that_reaches_beyond_is_cut_short(calls: Calls) -> None:
    image = opened(calls.upload("cropgif", gif(*COLOURS), width=50, x=15, y=5, blob=1))

    assert image.size == (5, 5)


def test_a_rectangle_outside_is_refused(calls: Calls) -> None:
    assert calls.upload("cropgif", gif(*COLOURS), width=5, x=50, y=0).status_code == 400


def test_every_frame_is_scaled(calls: Calls) -> None:
    reply = calls.upload("resizegif", gif(*COLOURS), width=40, height=30)

    image = calls.linked(reply)
    assert (image.size, getattr(image, "n_frames", 1)) == ((40, 30), 3)


def test_a_missing_side_takes_the_others_value(calls: Calls) -> None:
    assert opened(calls.upload("resizegif", gif(*COLOURS), width=7, blob=1)).size == (7, 7)


def test_frames_that_would_be_too_large_together_are_refused(calls: Calls) -> None:
    reply = calls.upload("resizegif", gif(*COLOURS), width=5000)

    assert reply.status_code == 400
    assert "3 frames" in reply.json()["error"]


def test_a_still_that_is_no_gif_is_unsupported(calls: Calls, black: str) -> None:
    reply = calls.get("resizegif", img=black, width=9)

    assert reply.status_code == 415
    assert "no GIF" in reply.json()["error"]


@pytest.mark.parametrize(("more", "first"), [({}, 0), ({"frame": 1}, 1), ({"frame": 2}, 2)])
def test_a_picture_is_laid_on_from_a_frame_on(
    calls: Calls, more: dict[str, int], first: int
) -> None:
    link = calls.stored(gif(*COLOURS))
    dot = calls.stored(Image.new("RGB", (2, 2), "white"))

    image = opened(calls.get("gifcomposite", img=link, composite=dot, x=9, y=3, blob=1, **more))

    marked = [colour_at(frame, 10, 4) == (255, 255, 255) for frame in frames_of(image)]
    assert marked == [number >= first for number in range(3)]
    assert [colour_at(frame, 1, 1) for frame in frames_of(image)] == [RED, LIME, BLUE]


def test_a_frame_that_is_not_there_is_refused(calls: Calls, black: str) -> None:
    link = calls.stored(gif(*COLOURS))

    reply = calls.get("gifcomposite", img=link, composite=black, x=0, y=0, frame=3)

    assert reply.status_code == 400
    assert "'frame' must be from 0 to 2" in reply.json()["error"]
