"""Hue, saturation and lightness."""

from __future__ import annotations

import numpy as np

from ._channels import Floats


def to_hsl(colours: Floats) -> Floats:
    """The model's three channels of red, green and blue; all of them from 0 to 255."""
    scaled = colours / 255
    red, green, blue = scaled[..., 0], scaled[..., 1], scaled[..., 2]
    high, low = scaled.max(axis=2), scaled.min(axis=2)
    span, total = high - low, high + low
    coloured = span > 0
    share = np.where(coloured, span, 1)
    # Sixths of a turn, from red over yellow and green.
    turn = np.where(
        high == red,
        (green - blue) / share % 6,
        np.where(high == green, (blue - red) / share + 2, (red - green) / share + 4),
    )
    hue = np.where(coloured, turn / 6, 0)
    saturation = np.where(coloured, span / np.where(coloured, 1 - np.abs(total - 1), 1), 0)
    return np.stack([hue, saturation, total / 2], axis=2).astype(np.float32) * 255


def from_hsl(model: Floats) -> Floats:
    """Red, green and blue of the model's three channels; all of them from 0 to 255."""
    hue, saturation, lightness = (model[..., index] / 255 for index in range(3))
    reach = saturation * np.minimum(lightness, 1 - lightness)

    def channel(start: int) -> Floats:
        place = (start + hue * 12) % 12
        value: Floats = lightness - reach * np.clip(np.minimum(place - 3, 9 - place), -1, 1)
        return value

    return np.stack([channel(0), channel(8), channel(4)], axis=2) * 255
