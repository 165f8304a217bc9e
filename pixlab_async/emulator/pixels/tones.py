"""Tones: fewer of them, chosen by thresholds, in steps or by palettes."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._given import Given
from .._pictures import Maker, Picture, Unusable
from ._channels import (
    ALL,
    ALPHA,
    BLACK,
    BLUE,
    GREEN,
    RED,
    Floats,
    intensity,
    on_channels,
    on_colours,
    stored,
)
from ._kernels import bell, reach_of
from ._maps import threshold_map
from ._shared import colour, coloured, finite, made

_FULL = 255.0
_MAX_LEVELS = 256
# Numbers of colour spaces in ImageMagick's programming interfaces: Gray, Rec601Luma, Rec709Luma.
_GREY_SPACES = frozenset({2, 17, 19})
_DEEPEST = 8
# ImageMagick's DitherMethod: none, along a Hilbert curve, Floyd's and Steinberg's.
_NO_DITHER = 1
_BANDS = {RED: 0, GREEN: 1, BLUE: 2, ALPHA: 3}
_PLATES = {RED: 0, GREEN: 1, BLUE: 2, BLACK: 3}


def threshold(picture: Picture, given: Given) -> Picture:
    """Turn what is lighter than ``th``, 0 to 255, white, and all else black."""
    limit = _limit(given, "th")
    return on_colours(picture, lambda colours: _white_where(intensity(colours) > limit))


def blackthreshold(picture: Picture, given: Given) -> Picture:
    """Turn each channel that is darker than the colour's black; all else stays."""
    limits = np.array(colour(given, "color", "black")[:3], np.float32)
    return on_colours(picture, lambda colours: np.where(colours < limits, 0, colours))


def randomthreshold(picture: Picture, given: Given) -> Picture:
    """Turn what is below ``low`` black, above ``high`` white, and between them draw lots.

    Both are from 0 to 255. The lighter it is, the likelier is white. For all channels it is
    the intensity that counts, and the picture gets two colours; one that is named by itself
    is decided by itself.
    """
    low, high = _limit(given, "low"), _limit(given, "high")
    if low > high:
        raise Unusable("the parameter 'low' must not be above 'high'")

    source = np.random.default_rng()

    def decided(values: Floats) -> Floats:
        lots = source.random(values.shape, np.float32) * _FULL
        return _white_where(values > np.clip(lots, low, high))

    if given.whole("channel", ALL) == ALL:
        return on_colours(picture, lambda colours: decided(intensity(colours)))

    return on_channels(picture, given, decided)


def posterize(picture: Picture, given: Given) -> Picture:
    """Leave each channel so many levels, evenly spread from none to full; one is black.

    With ``dither`` what is lost at a pixel is made up for at those after it (Floyd and
    Steinberg).
    """
    levels = given.whole("level")
    if not 1 <= levels <= _MAX_LEVELS:
        raise Unusable(f"the parameter 'level' must be from 1 to {_MAX_LEVELS}")

    steps = max(levels - 1, 1)

    def stepped(colours: Floats) -> Floats:
        if not given.truth("dither") or levels in (1, _MAX_LEVELS):
            near: Floats = np.rint(colours * ((levels - 1) / _FULL)) * (_FULL / steps)
            return near

        greys = stored(np.arange(levels) * (_FULL / steps))
        palette = _palette(np.repeat(greys[:, None], 3, axis=1))
        return np.stack([_drawn_with(colours[..., [i] * 3], palette)[..., 0] for i in range(3)], 2)

    return on_colours(picture, stepped)


def orderedposterize(picture: Picture, given: Given) -> Picture:
    """Leave each channel a few levels, chosen by a map of thresholds that is laid as tiles.

    ``type`` is one of ImageMagick's names, such as ``o4x4``; the numbers of levels may
    follow it, one or one for each channel: ``o8x8,4``. Otherwise there are two.
    """
    name, *written = given.text("type").split(",")
    tile = threshold_map(name.strip().lower())
    if tile is None:
        raise Unusable("the parameter 'type' is no known threshold map")

    steps = np.array(_levels(written), np.float32) - 1

    def ordered(values: Floats) -> Floats:
        rows, columns, channels = values.shape
        repeats = -(-rows // tile.shape[0]), -(-columns // tile.shape[1])
        limits = np.tile(tile, repeats)[:rows, :columns, None]
        share = values / _FULL * steps[:channels]
        whole = np.floor(share)
        lighter = share - whole >= limits
        chosen: Floats = np.minimum(whole + lighter, steps[:channels]) / steps[:channels]
        return chosen * _FULL

    return on_channels(picture, given, ordered)


def quantize(picture: Picture, given: Given) -> Picture:
    """Leave ``nc`` colours, chosen to suit the picture (median cut).

    Of the colour spaces ``cs`` only the grey ones make a difference; in all others colours
    are compared by red, green and blue. A tree less than eight levels deep tells colours
    apart by so many bits of each channel.
    """
    count, depth = given.whole("nc"), given.whole("td")
    if not 1 <= count <= _MAX_LEVELS or depth < 1:
        raise Unusable("'nc' must be from 1 to 256, and 'td' 1 or more")

    def reduced(colours: Floats) -> Floats:
        step = 1 << max(_DEEPEST - depth, 0)
        coarse = np.floor(_in_space(colours, given) / step) * step + (step - 1) / 2
        chosen = Image.fromarray(stored(coarse)).quantize(count)
        if given.truth("dither"):
            return _drawn_with(colours, chosen)

        return np.asarray(chosen.convert("RGB"), np.float32)

    return on_colours(picture, reduced)


def remap(picture: Picture, given: Given) -> Picture:
    """Give each pixel the nearest of 216 colours, six levels a channel ("web-safe").

    The service does not say which palette it has. ``dither`` 1 is none; 2 and 3 make up at
    later pixels for what was lost, both in the way of Floyd and Steinberg.
    """
    if given.whole("dither") == _NO_DITHER:
        return on_colours(picture, lambda colours: np.rint(colours / 51) * 51)

    return on_colours(picture, lambda colours: _drawn_with(colours, _web_safe()))


def segment(picture: Picture, given: Given) -> Picture:
    """Give pixels of similar colour the same one, their mean.

    Each channel is divided where its histogram has a valley, after that was smoothed by
    ``st`` levels; a group is what has the same part of every channel. Groups with less than
    ``ct`` per cent of the pixels join the one whose colour is nearest. Of the colour spaces
    ``cs`` only the grey ones make a difference.
    """
    smoothing, share = finite(given, "st"), finite(given, "ct")
    if smoothing < 1:
        raise Unusable("the parameter 'st' must be 1 or more")

    return on_colours(
        picture, lambda colours: _grouped(_in_space(colours, given), smoothing, share / 100)
    )


def separate(picture: Picture, given: Given) -> Picture:
    """Take one channel out as a grey picture: of those that ``channel`` names the first.

    Red is first, or the cyan of a picture in four inks; the alpha of a picture without one
    is white.
    """
    mask = given.whole("channel", ALL)
    inked = picture.image.mode == "CMYK"
    places = _PLATES if inked else _BANDS
    band = next((place for bit, place in places.items() if mask & bit), None)
    if band is None:
        raise Unusable("the parameter 'channel' names none that the picture has")

    image = picture.image if inked else coloured(picture.image).convert("RGBA")
    return made(picture, image.getchannel(band))


def _limit(given: Given, name: str) -> float:
    """A threshold, which beyond the levels that there are is as good as just outside."""
    return min(max(finite(given, name), -1.0), _FULL + 1)


def _white_where(light: NDArray[np.bool_]) -> Floats:
    return light.astype(np.float32) * _FULL


def _levels(written: list[str]) -> list[int]:
    """How many levels each of four channels gets; the last number goes on."""
    try:
        levels = [int(number) for number in written] or [2]
    except ValueError:
        levels = [0]
    if len(levels) > 4 or not all(2 <= number <= _MAX_LEVELS for number in levels):
        raise Unusable(f"the levels after the map's name must be from 2 to {_MAX_LEVELS}")

    return (levels + levels[-1:] * 3)[:4]


def _in_space(colours: Floats, given: Given) -> Floats:
    """The colours, or their intensity three times where a grey space is asked for."""
    if given.whole("cs") not in _GREY_SPACES:
        return colours

    return np.repeat(intensity(colours)[..., None], 3, axis=2)


def _palette(colours: NDArray[np.uint8]) -> Image.Image:
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours.tobytes())
    return palette


@cache
def _web_safe() -> Image.Image:
    steps = np.arange(0, 256, 51, dtype=np.uint8)
    return _palette(np.stack(np.meshgrid(steps, steps, steps), axis=3).reshape(-1, 3))


def _drawn_with(colours: Floats, palette: Image.Image) -> Floats:
    """The colours of the palette, what is lost at a pixel being made up for at those after it."""
    image = Image.fromarray(stored(colours))
    drawn = image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return np.asarray(drawn.convert("RGB"), np.float32)


def _grouped(colours: Floats, smoothing: float, least: float) -> Floats:
    levels = stored(colours)
    parts = np.zeros(levels.shape[:2], np.int64)
    for index in range(3):
        parts = parts * 256 + _parts(levels[..., index], smoothing)
    _, members, counts = np.unique(parts.ravel(), return_inverse=True, return_counts=True)
    sums = [np.bincount(members, colours[..., index].ravel()) for index in range(3)]
    means = np.stack(sums, axis=1) / counts[:, None]
    large = np.flatnonzero(counts >= min(least * levels[..., 0].size, counts.max()))
    # The square of the distance, without the part that is the same for all.
    away = (means[large] ** 2).sum(axis=1) - 2 * means @ means[large].T
    nearest: Floats = means[large[away.argmin(axis=1)]]
    return nearest[members.ravel()].reshape(colours.shape)


def _parts(levels: NDArray[np.uint8], smoothing: float) -> NDArray[np.int64]:
    """Which of the histogram's hills each pixel stands on."""
    counts = np.bincount(levels.ravel(), minlength=256)
    half = bell(reach_of(0, smoothing), smoothing)
    smooth = np.convolve(counts, np.concatenate([half[:0:-1], half]), "full")
    smooth = smooth[len(half) - 1 :][:256]
    slopes = np.sign(np.diff(smooth))
    steep = np.flatnonzero(slopes)
    falls = (slopes[steep[:-1]] < 0) & (slopes[steep[1:]] > 0)
    # In the middle of what is level between a fall and a rise.
    valleys = (steep[:-1][falls] + steep[1:][falls] + 1) // 2
    return np.searchsorted(valleys, np.arange(256), "left")[levels]


MAKERS: dict[str, Maker] = {
    "blackthreshold": blackthreshold,
    "orderedposterize": orderedposterize,
    "posterize": posterize,
    "quantize": quantize,
    "randomthreshold": randomthreshold,
    "remap": remap,
    "segment": segment,
    "separate": separate,
    "threshold": threshold,
}
