"""Pictures as arrays, and the channels of them that an operation touches.

Values go from 0 to 255 whatever the picture had: a palette, ink or 16 bits are brought to
red, green, blue and, where there are holes, alpha. What was grey and stays grey comes out
with a single channel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._given import Given
from .._pictures import Picture, Unusable
from ._shared import coloured, finite, made

# Rows, columns and, where there are several, channels.
Floats: TypeAlias = NDArray[np.floating[Any]]

RED, GREEN, BLUE, ALPHA, BLACK = 1, 2, 4, 8, 32
ALL = 134217727
# In the mask: the channels are treated alike, not each for itself (ImageMagick's "Sync").
TOGETHER = 256

_GREY = ("1", "L", "LA", "F", "I", "I;16", "I;16B", "I;16L", "I;16N")
# Rec. 709, as ImageMagick weighs the stored values.
_WEIGHTS = np.array([0.212656, 0.715158, 0.072186], np.float32)


def values_of(picture: Picture) -> Floats:
    """Rows, columns and three or, with alpha, four channels."""
    image = picture.image
    if image.mode == "I":  # as Pillow reads 16 bits of some formats
        image = Image.fromarray(stored(np.asarray(image) / 257))
    return np.asarray(coloured(image), np.float32)


def picture_of(values: Floats, origin: Picture) -> Picture:
    """The picture of such values, rounded and cut to what can be stored.

    Args:
        values: As of ``values_of``; or without channels, which is grey.
        origin: Where the values come from; its format is kept.
    """
    image = Image.fromarray(np.ascontiguousarray(stored(values)))
    if origin.image.mode in _GREY and _all_grey(image):
        bands = [image.getchannel(name) for name in image.getbands() if name in "RA"]
        image = Image.merge("LA", bands) if len(bands) == 2 else bands[0]
    return made(origin, image)


def intensity(values: Floats) -> Floats:
    """How light each pixel is: rows and columns."""
    # Rounded, so that a grey's is the grey itself and compares as one expects.
    return np.round(values[..., :3] @ _WEIGHTS, 3)


def on_colours(picture: Picture, compute: Callable[[Floats], Floats]) -> Picture:
    """Compute new colours and leave the alpha as it is.

    Args:
        picture: Where the colours come from.
        compute: From rows, columns and three channels to the same, or to grey without
            channels.
    """
    values = values_of(picture)
    colours = compute(values[..., :3])
    if values.shape[2] == 3:
        return picture_of(colours, picture)

    if colours.ndim == 2:
        colours = np.repeat(colours[..., None], 3, axis=2)
    return picture_of(np.concatenate([colours, values[..., 3:]], axis=2), picture)


def on_channels(picture: Picture, given: Given, compute: Callable[[Floats], Floats]) -> Picture:
    """Compute the channels that the parameter ``channel`` names and leave the others.

    Args:
        picture: Where the channels come from.
        given: The parameters; without ``channel``, and with that for all, every colour is
            meant. The alpha is touched only where the mask is another one with its bit: a
            call that does not ask for it never loses a picture's transparency.
        compute: From all channels to as many.
    """
    before = values_of(picture)
    after = compute(before)
    kept = ~touched(given)[: before.shape[2]]
    after[..., kept] = before[..., kept]
    return picture_of(after, picture)


def touched(given: Given) -> NDArray[np.bool_]:
    """Whether red, green, blue and alpha are meant."""
    mask = given.whole("channel", ALL)
    if mask == ALL:
        mask = RED | GREEN | BLUE
    return np.array([mask & bit != 0 for bit in (RED, GREEN, BLUE, ALPHA)])


def positive(given: Given, name: str) -> float:
    """A float parameter that is a size or an amount: 0 or more.

    Raises:
        Unusable: It is below 0, infinite or no number.
    """
    value = finite(given, name)
    if value < 0:
        raise Unusable(f"the parameter {name!r} must be 0 or more")

    return value


def stored(values: Floats) -> NDArray[np.uint8]:
    """The values rounded and cut to what a picture can hold."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _all_grey(image: Image.Image) -> bool:
    if image.mode == "L":
        return False

    red, green, blue = (image.getchannel(name).tobytes() for name in "RGB")
    return red == green == blue
