"""Colour: what a pixel becomes depends on its own colour, or on the picture's as a whole."""

from __future__ import annotations

from functools import cache

import numpy as np
from attrs import evolve
from PIL import Image, ImageFilter

from .._given import Given
from .._pictures import Maker, Picture, Unusable
from ._channels import (
    ALL,
    TOGETHER,
    Floats,
    intensity,
    on_channels,
    on_colours,
    positive,
    stored,
    values_of,
)
from ._hsl import from_hsl, to_hsl
from ._levels import ends, normalized, spread
from ._shared import SEE_THROUGH, finite, made, see_through

_FULL = 255.0
# Formats in which Pillow writes ink.
_INK = frozenset({"JPEG", "TIFF"})


def grayscale(picture: Picture, given: Given) -> Picture:
    """Keep how light each pixel is, weighed by Rec. 709, in a single channel."""
    del given
    grey = Image.fromarray(stored(intensity(values_of(picture))))
    if picture.image.has_transparency_data:
        grey = Image.merge("LA", (grey, see_through(picture.image).getchannel("A")))
    return made(picture, grey)


def gamma(picture: Picture, given: Given) -> Picture:
    """Raise every value to the power of 1/``gamma``; a gamma of 0 leaves black."""
    amount = positive(given, "gamma")
    # Long before this limit nothing but plain white is left.
    power = 1 / max(amount, 1e-6)

    def corrected(values: Floats) -> Floats:
        return (values / _FULL) ** power * _FULL if amount > 0 else np.zeros_like(values)

    return on_channels(picture, given, corrected)


def modulate(picture: Picture, given: Given) -> Picture:
    """Multiply lightness and saturation, in per cent, and turn the hue.

    100 leaves each as it is. A hue of 0 to 200 is half a turn backwards to half a turn
    forwards, where red turns to green forwards.
    """
    lightness = positive(given, "brightness") / 100
    saturation = positive(given, "saturation") / 100
    turn = (finite(given, "hue") - 100) / 200 % 1

    def modulated(colours: Floats) -> Floats:
        model = to_hsl(colours)
        model[..., 0] += turn * _FULL
        model[..., 1:] *= np.array([saturation, lightness], np.float32)
        model[..., 1:] = np.clip(model[..., 1:], 0, _FULL)
        return from_hsl(model)

    return on_colours(picture, modulated)


def negate(picture: Picture, given: Given) -> Picture:
    """Turn light to dark; with ``gray`` only where red, green and blue are alike."""

    def negated(values: Floats) -> Floats:
        if not given.truth("gray"):
            return _FULL - values

        grey = (values[..., :3] == values[..., :1]).all(axis=2, keepdims=True)
        return np.where(grey, _FULL - values, values)

    return on_channels(picture, given, negated)


def normalize(picture: Picture, given: Given) -> Picture:
    """Spread the values so that the darkest are black and the lightest white.

    For all channels it is the pixels' intensity that counts and colours keep their hue; a
    channel that is named by itself is spread by itself.
    """

    def spread_out(values: Floats) -> Floats:
        if given.whole("channel", ALL) & TOGETHER:
            return np.concatenate([normalized(values[..., :3]), values[..., 3:]], axis=2)

        return np.stack([normalized(values[..., i]) for i in range(values.shape[2])], axis=2)

    return on_channels(picture, given, spread_out)


def linearstretch(picture: Picture, given: Given) -> Picture:
    """Spread the values after so many pixels have become plain black and plain white.

    ``blackpoint`` and ``whitepoint`` are numbers of pixels, as in ImageMagick; 0 and 0
    leave the picture as it is.
    """
    below, above = positive(given, "blackpoint"), positive(given, "whitepoint")
    if below + above > picture.image.width * picture.image.height:
        raise Unusable("'blackpoint' and 'whitepoint' are more pixels than the picture has")

    return on_colours(
        picture, lambda colours: spread(colours, *ends(intensity(colours), below, above, "left"))
    )


def sepia(picture: Picture, given: Given) -> Picture:
    """Tone it brown like an old print, the stronger the higher the threshold.

    ``sepia`` is the threshold, 0 to 255; 204, which is 80 per cent, is a usual one.
    """
    threshold = positive(given, "sepia")

    def toned(colours: Floats) -> Floats:
        grey = intensity(colours)
        red = np.minimum(grey + _FULL - threshold, _FULL)
        green = np.minimum(grey + _FULL - 7 * threshold / 6, _FULL)
        blue = np.maximum(grey - threshold / 6, 0)
        tones = np.stack([red, *np.maximum([green, blue], threshold / 7)], axis=2)
        return _contrasted(normalized(np.clip(tones.astype(np.float32), 0, _FULL)))

    return on_colours(picture, toned)


def haldclut(picture: Picture, given: Given) -> Picture:
    """Replace the colours through the built-in table, which looks like warm film.

    The service does not say which table it has. This one is of level 4, which is 16 steps
    a channel, read in between: contrast is raised by a gentle S, colours are brought a
    fifth towards grey, reds lifted and blues lowered.
    """

    def replaced(values: Floats) -> Floats:
        colours = Image.fromarray(stored(values[..., :3])).filter(_warm_film())
        return np.concatenate([np.asarray(colours, np.float32), values[..., 3:]], axis=2)

    return on_channels(picture, given, replaced)


def colorspace_cmyk(picture: Picture, given: Given) -> Picture:
    """Separate it into four inks, what they share being printed black.

    A picture in a format that knows no ink becomes a JPEG. Paper is white: what can be
    seen through shows it.
    """
    del given
    image = picture.image
    if image.mode != "CMYK":
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(Image.fromarray(stored(_with_alpha(values_of(picture)))))
        image = _inks(np.asarray(paper.convert("RGB"), np.float32))
    return evolve(made(picture, image), format=picture.format if picture.format in _INK else "JPEG")


def colorspace_hsl(picture: Picture, given: Given) -> Picture:
    """Put hue, saturation and lightness in the places of red, green and blue.

    No common format can say that it holds this model; programs show it in odd colours.
    """
    del given
    return on_colours(picture, to_hsl)


def colorspace_rgb(picture: Picture, given: Given) -> Picture:
    """Take the curve of sRGB off the values: they are proportional to light, and darker.

    This is what ImageMagick means by RGB; it is ``colorspace_srgb`` that is the usual one.
    """
    del given

    def linear(colours: Floats) -> Floats:
        scaled = colours / _FULL
        # IEC 61966-2-1.
        light = np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)
        return light * _FULL

    return on_colours(picture, linear)


def colorspace_srgb(picture: Picture, given: Given) -> Picture:
    """Store red, green and blue in 8 bits each, as nearly every program expects."""
    del given
    return made(picture, Image.fromarray(stored(values_of(picture))))


def colorspace_transparent(picture: Picture, given: Given) -> Picture:
    """Add a channel for transparency, opaque everywhere where there was none.

    A picture in a format that knows no transparency becomes a PNG.
    """
    del given
    image = Image.fromarray(stored(_with_alpha(values_of(picture))))
    kind = picture.format if picture.format in SEE_THROUGH else "PNG"
    return evolve(made(picture, image), format=kind)


def _contrasted(colours: Floats) -> Floats:
    """Move each pixel's largest channel away from the middle, and the others with it."""
    bright = colours.max(axis=2, keepdims=True) / _FULL
    curve = (np.sin(np.pi * (bright - 0.5)) + 1) / 2
    contrasted: Floats = colours * ((bright + curve) / 2 / np.maximum(bright, 1 / _FULL))
    return contrasted


def _with_alpha(values: Floats) -> Floats:
    if values.shape[2] == 4:
        return values

    return np.concatenate([values, np.full((*values.shape[:2], 1), _FULL)], axis=2)


def _inks(colours: Floats) -> Image.Image:
    lightest = colours.max(axis=2, keepdims=True)
    inks = (1 - colours / np.maximum(lightest, 1)) * _FULL
    inks[lightest[..., 0] == 0] = 0
    plates = stored(np.concatenate([inks, _FULL - lightest], axis=2))
    bands = [Image.fromarray(np.ascontiguousarray(plates[..., index])) for index in range(4)]
    return Image.merge("CMYK", bands)


@cache
def _warm_film() -> ImageFilter.Color3DLUT:
    steps = np.linspace(0, 1, 16)
    # The table runs through red fastest.
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    colours = np.stack([red, green, blue], axis=3)
    colours += 0.3 * (colours**2 * (3 - 2 * colours) - colours)
    grey = colours.mean(axis=3, keepdims=True)
    colours += 0.2 * (grey - colours)
    table = colours ** np.array([0.85, 1, 1.15]) * np.array([1, 0.97, 0.88])
    return ImageFilter.Color3DLUT(16, table.ravel().tolist())


MAKERS: dict[str, Maker] = {
    "colorspace_cmyk": colorspace_cmyk,
    "colorspace_gray": grayscale,
    "colorspace_hsl": colorspace_hsl,
    "colorspace_rgb": colorspace_rgb,
    "colorspace_srgb": colorspace_srgb,
    "colorspace_transparent": colorspace_transparent,
    "gamma": gamma,
    "grayscale": grayscale,
    "haldclut": haldclut,
    "linearstretch": linearstretch,
    "modulate": modulate,
    "negate": negate,
    "normalize": normalize,
    "sepia": sepia,
}
