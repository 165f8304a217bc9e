"""Animated GIFs: made of stills, cut, scaled, and with a picture laid on them."""

from __future__ import annotations

from typing import Any

from PIL import Image

from .._bounds import TooLarge, limits
from .._given import Given
from .._pictures import Maker, NoPicture, Picture, Unusable, frames, over
from .._work import Made, Sources, Work, file_of
from ._shared import see_through, sides
from .composition import lay

# Milliseconds a frame, where none are given.
_DELAY = 100
# A GIF counts hundredths of a second in two bytes.
_LONGEST = 655_350
_CLEARED = 2  # before the next frame, what was there


def makegif(sources: Sources, given: Given) -> Made:
    """Show stills one after the other for ever, all as large as the first."""
    stills: list[Image.Image] = []
    for content in sources.files.get("frames", ()):
        image = see_through(Sources({"": (content,)}).picture("").image)
        size = stills[0].size if stills else image.size
        _check_all(size, len(stills) + 1)
        stills.append(image if image.size == size else image.resize(size))
    if not stills:
        raise Unusable("'frames' must have one entry or more")

    delay = given.whole("delay", _DELAY)
    if not 0 <= delay <= _LONGEST:
        raise Unusable(f"'delay' must be from 0 to {_LONGEST}")

    return file_of(_animation(stills, [delay] * len(stills), loop=0))


def cropgif(picture: Picture, given: Given) -> Picture:
    """Cut the same rectangle out of every frame."""
    images, durations = _frames(picture)
    width, height = sides(given)
    left, top = given.whole("x"), given.whole("y")
    right, bottom = min(left + width, images[0].width), min(top + height, images[0].height)
    left, top = max(left, 0), max(top, 0)
    if left >= right or top >= bottom:
        raise Unusable("the rectangle lies outside of the picture")

    cut = [image.crop((left, top, right, bottom)) for image in images]
    return _animation(cut, durations, loop=picture.image.info.get("loop"))


def resizegif(picture: Picture, given: Given) -> Picture:
    """Scale every frame; a missing side takes the other's value."""
    images, durations = _frames(picture)
    size = sides(given)
    _check_all(size, len(images))
    scaled = [image.resize(size, Image.Resampling.LANCZOS) for image in images]
    return _animation(scaled, durations, loop=picture.image.info.get("loop"))


def gifcomposite(sources: Sources, given: Given) -> Made:
    """Lay a picture onto the frames from one on, counted from 0; onto all by default."""
    ground = sources.picture("img")
    top = see_through(sources.picture("composite").image)
    images, durations = _frames(ground)
    start = given.whole("frame")
    if not 0 <= start < len(images):
        raise Unusable(f"'frame' must be from 0 to {len(images) - 1}")

    x, y = given.whole("x"), given.whole("y")
    for image in images[start:]:
        lay(image, top, x, y)
    return file_of(_animation(images, durations, loop=ground.image.info.get("loop")))


def _frames(picture: Picture) -> tuple[list[Image.Image], list[int]]:
    """All frames in RGBA, and how many milliseconds each is shown."""
    if picture.format != "GIF":
        raise NoPicture("the picture in 'img' is no GIF")

    found = frames(picture.content)
    return [see_through(frame) for frame in found], [
        int(frame.info.get("duration", 0)) for frame in found
    ]


def _check_all(size: tuple[int, int], count: int) -> None:
    width, height = size
    if width * height * count > limits().pixels:
        raise TooLarge(f"{count} frames of {width} x {height} pixels are more than is computed")


def _animation(images: list[Image.Image], durations: list[int], *, loop: int | None) -> Picture:
    options: dict[str, Any] = {"duration": durations[0]}
    if len(images) > 1:
        options = {"duration": durations, "optimize": False}
    if loop is not None:
        options["loop"] = loop
    if all(image.getchannel("A").getextrema() == (255, 255) for image in images):
        images = [over(image, "white") for image in images]
    else:
        options["disposal"] = _CLEARED
    first, *others = images
    return Picture(first, "GIF", options=options, more=tuple(others))


MAKERS: dict[str, Maker] = {"cropgif": cropgif, "resizegif": resizegif}
WORKS: dict[str, Work] = {"gifcomposite": gifcomposite, "makegif": makegif}
