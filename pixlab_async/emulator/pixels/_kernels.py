"""Neighbourhoods: weighing the pixels around each pixel, and reading between pixels.

Beyond a picture's border the pixels of the border go on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._channels import Floats

# Below this a bell is a single pixel.
_NARROWEST = 0.01
# In deviations: what lies farther out is less than a level of 255 even together.
_FARTHEST = 4
# Places that are read at a time: what is computed for them fits a processor's cache.
_BLOCK = 1 << 15


def reach_of(radius: float, sigma: float) -> int:
    """How far a bell goes from its middle, in pixels; a radius of 0 is chosen from sigma."""
    far = max(1, math.ceil(_FARTHEST * sigma))
    return min(math.ceil(radius), far) if radius > 0 else far


def bell(reach: int, sigma: float) -> Floats:
    """Half a Gaussian bell, from its middle outwards, not yet brought to a sum of one."""
    distance = np.arange(reach + 1, dtype=np.float32) / max(sigma, _NARROWEST)
    half: Floats = np.exp(-np.square(distance) / 2)
    return half


def blurred(values: Floats, radius: float, sigma: float) -> Floats:
    """Mix each pixel with its neighbours by a Gaussian bell."""
    if sigma < _NARROWEST:
        return values.copy()

    half = bell(reach_of(radius, sigma), sigma)
    whole = np.concatenate([half[:0:-1], half])
    whole /= whole.sum()
    return convolved(convolved(values, whole[:, None]), whole[None, :])


def streaked(values: Floats, radius: float, sigma: float, angle: float) -> Floats:
    """Mix each pixel with those that lie from it in one direction, in degrees.

    The weights are half a bell; it may be twice the radius long, as in ImageMagick.
    """
    steps = reach_of(2 * radius, sigma)
    turn = math.radians(angle)
    far = np.arange(steps + 1)
    right = np.rint(far * math.cos(turn)).astype(int)
    down = np.rint(far * math.sin(turn)).astype(int)
    tall, wide = int(np.abs(down).max()), int(np.abs(right).max())
    kernel = np.zeros((2 * tall + 1, 2 * wide + 1), np.float32)
    np.add.at(kernel, (down + tall, right + wide), bell(steps, sigma))
    return convolved(values, kernel / kernel.sum())


def edges(values: Floats, radius: float) -> Floats:
    """How much each pixel differs from the square around it."""
    reach = max(1, math.ceil(radius)) if radius > 0 else 2
    side = 2 * reach + 1
    around = np.full((side, 1), 1, np.float32)
    total = convolved(convolved(values, around), around.T)
    return np.clip(np.rint(values * side**2 - total), 0, 255)


def convolved(values: Floats, kernel: Floats) -> Floats:
    """Weigh the pixels around each pixel with the kernel and add them up.

    By way of their spectra, which takes as long for a wide kernel as for a narrow one.

    Args:
        values: Rows, columns and perhaps channels.
        kernel: An odd number of rows and columns; its middle lies on the pixel.
    """
    if values.ndim == 3:
        channels = range(values.shape[2])
        return np.stack([convolved(values[..., index], kernel) for index in channels], axis=2)

    above, before = kernel.shape[0] // 2, kernel.shape[1] // 2
    padded = np.pad(values, ((above, above), (before, before)), "edge")
    axes = [axis for axis in (0, 1) if kernel.shape[axis] > 1] or [1]
    size = [padded.shape[axis] for axis in axes]
    weights = np.conj(np.fft.rfftn(kernel, size, axes))
    found = np.fft.irfftn(np.fft.rfftn(padded, axes=axes) * weights, size, axes)
    return found[: values.shape[0], : values.shape[1]].astype(np.float32)


def sampled(values: Floats, across: Floats, down: Floats) -> Floats:
    """Read channels at places between pixels, in proportion to the four around.

    Args:
        values: Rows, columns and channels.
        across: Columns, from 0 in the middle of the first pixel.
        down: Rows, likewise, and of the same shape.
    """
    lines = max(1, _BLOCK // across.shape[1])
    starts = range(0, len(across), lines)
    blocks = [slice(start, start + lines) for start in starts]
    return np.concatenate([_sampled(values, across[block], down[block]) for block in blocks])


def _sampled(values: Floats, across: Floats, down: Floats) -> Floats:
    rows, columns, channels = values.shape
    x = np.clip(across, 0, columns - 1).astype(np.float32)
    y = np.clip(down, 0, rows - 1).astype(np.float32)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    x, y = (x - left)[..., None], (y - top)[..., None]
    flat = values.reshape(-1, channels)

    def mixed(row: NDArray[np.intp]) -> Floats:
        start: Floats = np.take(flat, row * columns + left, axis=0)
        end: Floats = np.take(flat, row * columns + right, axis=0)
        between: Floats = start + (end - start) * x
        return between

    upper = mixed(top)
    mean: Floats = upper + (mixed(bottom) - upper) * y
    return mean
