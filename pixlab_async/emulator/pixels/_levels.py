"""Where the dark and the light of a picture lie, and spreading what is between."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ._channels import Floats, intensity

# Shares of the pixels that may become plain black and plain white, as in ImageMagick.
_BLACK_SHARE = 0.0015
_WHITE_SHARE = 0.0005


def ends(
    grey: Floats, below: float, above: float, side: Literal["left", "right"]
) -> tuple[int, int]:
    """The darkest and lightest level beyond which no more than so many pixels lie.

    Args:
        grey: The levels.
        below: How many pixels may be darker.
        above: How many may be lighter.
        side: "left" where the pixels of the level itself may complete the number, "right"
            where they have to exceed it.
    """
    counts = np.bincount(np.clip(np.rint(grey), 0, 255).astype(np.uint8).ravel(), minlength=256)
    black = int(np.searchsorted(np.cumsum(counts), below, side))
    white = 255 - int(np.searchsorted(np.cumsum(counts[::-1]), above, side))
    return black, white


def spread(values: Floats, black: int, white: int) -> Floats:
    """Move the two levels to 0 and 255 and all others with them; equal ones stay."""
    if white <= black:
        return values

    moved: Floats = (values - black) * (255 / (white - black))
    return np.clip(moved, 0, 255)


def normalized(values: Floats) -> Floats:
    """Spread over the whole range, by the intensity if there are three channels."""
    grey = values if values.ndim == 2 else intensity(values)
    return spread(values, *ends(grey, _BLACK_SHARE * grey.size, _WHITE_SHARE * grey.size, "right"))
