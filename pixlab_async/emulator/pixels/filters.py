"""Filters: what a pixel becomes depends on those around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageFilter

from .._given import Given
from .._pictures import Maker, Picture
from ._channels import Floats, intensity, on_channels, on_colours, positive, stored
from ._kernels import blurred, edges, sampled, streaked
from ._levels import normalized
from ._shared import finite

_OIL_COLOURS = 64
# Of a larger picture so many rows and columns tell its main colours.
_OIL_SAMPLE = 256
_FEWEST_RAYS = 720
_FULL = 255.0


def blur(picture: Picture, given: Given) -> Picture:
    """Mix each pixel with its neighbours by a Gaussian bell of deviation ``sigma``.

    ``radius`` is where the bell is cut off; 0 cuts nothing that could be seen.
    """
    radius, sigma = positive(given, "radius"), positive(given, "sigma")
    return on_channels(picture, given, lambda values: blurred(values, radius, sigma))


def motionblur(picture: Picture, given: Given) -> Picture:
    """Mix each pixel with those that lie in direction ``angle``, 0 to the right, 90 down."""
    radius, sigma = positive(given, "radius"), positive(given, "sigma")
    angle = finite(given, "angle")
    return on_channels(picture, given, lambda values: streaked(values, radius, sigma, angle))


def radialblur(picture: Picture, given: Given) -> Picture:
    """Mix each pixel with those on an arc of ``angle`` degrees around the picture's centre."""
    angle = min(abs(finite(given, "angle")), 360)
    return on_channels(picture, given, lambda values: _spun(values, angle))


def noise(picture: Picture, given: Given) -> Picture:
    """Add noise of one of seven kinds, in the strengths that ImageMagick has for them."""
    disturb = _NOISES[given.whole("noise")]
    source = np.random.default_rng()
    return on_channels(
        picture, given, lambda values: disturb(values / _FULL, source).astype(np.float32) * _FULL
    )


def charcoal(picture: Picture, given: Given) -> Picture:
    """Draw the edges, blurred, in dark on white."""
    radius, sigma = positive(given, "radius"), positive(given, "sigma")

    def drawn(colours: Floats) -> Floats:
        lines = blurred(intensity(edges(colours, radius)), radius, sigma)
        return _FULL - normalized(lines)

    return on_colours(picture, drawn)


def sketch(picture: Picture, given: Given) -> Picture:
    """Hatch the picture with strokes in direction ``angle``, denser where it is dark.

    The strokes are noise that is smeared out, twice as fine as the picture, and the same
    ones for every picture of a size. Four parts of the hatching cover one of the picture.
    """
    radius, sigma = positive(given, "radius"), positive(given, "sigma")
    angle = finite(given, "angle")

    def hatched(colours: Floats) -> Floats:
        rows, columns = colours.shape[:2]
        grain = np.random.default_rng(0).random((2 * rows, 2 * columns), np.float32) * _FULL
        strokes = _FULL - normalized(edges(streaked(grain, radius, sigma, angle), radius))
        light = strokes.reshape(rows, 2, columns, 2).mean(axis=(1, 3))[..., None]
        # "Color dodge": the paper shows through where no stroke darkens it.
        dodged = np.minimum(colours * _FULL / np.maximum(_FULL - light, 1), _FULL)
        blended: Floats = 0.2 * colours + 0.8 * dodged
        return blended

    return on_colours(picture, hatched)


def oilpaint(picture: Picture, given: Given) -> Picture:
    """Give each pixel the commonest colour around it.

    The picture is brought down to its own 64 main colours first: in a photograph hardly
    any two pixels are the same, and none would be commonest. The neighbourhood is a square
    of the circle's diameter.
    """
    radius = positive(given, "radius")

    def painted(colours: Floats) -> Floats:
        image = Image.fromarray(stored(colours))
        sample = image.copy()
        sample.thumbnail((_OIL_SAMPLE, _OIL_SAMPLE), Image.Resampling.NEAREST)
        palette = sample.quantize(_OIL_COLOURS)
        reduced = image.quantize(palette=palette, dither=Image.Dither.NONE)
        indices = Image.frombytes("L", reduced.size, reduced.tobytes())
        indices = indices.filter(ImageFilter.ModeFilter(2 * round(radius) + 1))
        reduced.frombytes(indices.tobytes())
        return np.asarray(reduced.convert("RGB"), np.float32)

    return on_colours(picture, painted)


def implode(picture: Picture, given: Given) -> Picture:
    """Pull the pixels of the largest circle, or ellipse, towards the centre.

    ``radius`` is how hard; 0 pulls none, and below 0 they are pushed outwards.
    """
    amount = finite(given, "radius")
    return on_colours(picture, lambda colours: _pulled(colours, amount))


def shade(picture: Picture, given: Given) -> Picture:
    """Light the picture as a relief, from ``azimuth`` and ``elevation`` in degrees.

    An azimuth of 0 is from the right, 90 from above. Intensity is height. With ``gray`` the
    light alone is shown, without it the colours in this light.
    """
    azimuth, elevation = (math.radians(finite(given, name)) for name in ("azimuth", "elevation"))
    flat = math.cos(elevation)
    light = (math.cos(azimuth) * flat, math.sin(azimuth) * flat, math.sin(elevation))

    def lit(colours: Floats) -> Floats:
        brightness = _lit(intensity(colours), light)
        return brightness * _FULL if given.truth("gray") else colours * brightness[..., None]

    return on_colours(picture, lit)


def _spun(values: Floats, degrees: float) -> Floats:
    """The mean along arcs: rows of rays from the centre are averaged, and laid back."""
    rows, columns, channels = values.shape
    middle, centre = (rows - 1) / 2, (columns - 1) / 2
    radii = np.arange(math.ceil(math.hypot(middle, centre)) + 2)
    # Two pixels between them on the outermost circle; what is averaged needs no more.
    count = max(_FEWEST_RAYS, math.ceil(math.pi * len(radii)))
    reach = round(count * degrees / 720)
    if reach == 0:
        return values.copy()

    turns = np.arange(count)[:, None] * (2 * math.pi / count)
    rays = sampled(values, centre + radii * np.cos(turns), middle + radii * np.sin(turns))
    around = np.concatenate([rays[count - reach :], rays, rays[: reach + 1]])
    sums = np.cumsum(around, axis=0, dtype=np.float64)
    sums = np.concatenate([np.zeros((1, len(radii), channels)), sums])
    window = 2 * reach + 1
    # One ray more than a turn has, so that what lies before the first is between two.
    means = (sums[window : window + count + 1] - sums[: count + 1]) / window
    down, across = np.mgrid[0:rows, 0:columns]
    turn = np.arctan2(down - middle, across - centre) % (2 * math.pi)
    radius = np.hypot(down - middle, across - centre)
    return sampled(means.astype(np.float32), radius, turn * (count / (2 * math.pi)))


def _pulled(colours: Floats, amount: float) -> Floats:
    rows, columns = colours.shape[:2]
    middle, centre = rows / 2, columns / 2
    down, across = np.mgrid[0:rows, 0:columns]
    reach = np.hypot((across - centre) / centre, (down - middle) / middle)
    inside = np.sin(np.clip(reach, 1e-6, 1) * (math.pi / 2))
    # Farther out than the border the border goes on; the limit only keeps numbers finite.
    factor = np.minimum(inside ** (-amount), 1e6)
    return sampled(colours, centre + (across - centre) * factor, middle + (down - middle) * factor)


def _lit(height: Floats, light: tuple[float, float, float]) -> Floats:
    """How bright each place is, 0 to 1."""
    wide = np.pad(height, 1, "edge")
    columns = wide[:-2] + wide[1:-1] + wide[2:]
    rows = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
    normal_x = columns[:, :-2] - columns[:, 2:]
    normal_y = rows[2:] - rows[:-2]
    normal_z = 2 * _FULL
    facing = normal_x * light[0] + normal_y * light[1] + normal_z * light[2]
    return np.clip(facing / np.sqrt(normal_x**2 + normal_y**2 + normal_z**2), 0, 1)


def _uniform(values: Floats, source: np.random.Generator) -> Floats:
    return values + (source.random(values.shape, np.float32) - 0.5) / 64


def _gaussian(values: Floats, source: np.random.Generator) -> Floats:
    grain = source.standard_normal(values.shape, np.float32)
    lights = source.standard_normal(values.shape, np.float32)
    noisy: Floats = values + lights * np.sqrt(values / _FULL) / 64 + grain * 5 / 64
    return noisy


def _multiplicative(values: Floats, source: np.random.Generator) -> Floats:
    return values * (1 + source.standard_normal(values.shape, np.float32) / 4)


def _impulse(values: Floats, source: np.random.Generator) -> Floats:
    chance = source.random(values.shape, np.float32)
    return np.where(chance < 0.05, 0, np.where(chance >= 0.95, 1, values))


def _laplacian(values: Floats, source: np.random.Generator) -> Floats:
    return values + source.laplace(0, 5 / 128, values.shape).astype(np.float32)


def _poisson(values: Floats, source: np.random.Generator) -> Floats:
    return (source.poisson(values * 12.5) / 12.5).astype(np.float32)


def _random(values: Floats, source: np.random.Generator) -> Floats:
    return source.random(values.shape, np.float32)


_NOISES: Mapping[int, Callable[[Floats, np.random.Generator], Floats]] = {
    1: _uniform,
    2: _gaussian,
    3: _multiplicative,
    4: _impulse,
    5: _laplacian,
    6: _poisson,
    7: _random,
}

MAKERS: dict[str, Maker] = {
    "blur": blur,
    "charcoal": charcoal,
    "gaussianblur": blur,
    "implode": implode,
    "motionblur": motionblur,
    "noise": noise,
    "oilpaint": oilpaint,
    "radialblur": radialblur,
    "shade": shade,
    "sketch": sketch,
}
