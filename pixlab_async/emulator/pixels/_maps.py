"""Threshold maps of ordered dithering, by ImageMagick's names.

The small ones hold ImageMagick's numbers, and the dispersed ones are in Bayer's order, as
its own are. Of the halftones only the idea is the same: dots that grow as it gets lighter,
at 45 degrees (``a``) or upright (``o``), and circles, of white in black (``b``) or of black
in white (``w``).
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from ._channels import Floats

_ALIASES = {
    "1x1": "threshold",
    "2x1": "checks",
    **{f"{n}x{n}": f"o{n}x{n}" for n in (2, 3, 4, 8)},
    **{f"{n}x1": f"h{n}x{n}a" for n in (4, 6, 8)},
    **{f"c{n}x{n}": f"c{n}x{n}b" for n in (5, 6, 7)},
}
_WRITTEN = {
    "threshold": ([[1]], 2),
    "checks": ([[1, 2], [2, 1]], 3),
    "o2x2": ([[1, 3], [4, 2]], 5),
    "o3x3": ([[3, 7, 4], [6, 1, 9], [2, 8, 5]], 10),
}
_HALFTONES = frozenset(
    f"{kind}{n}x{n}{form}"
    for kind, sizes, forms in (("h", (4, 6, 8), "ao"), ("h", (16,), "o"), ("c", (5, 6, 7), "bw"))
    for n in sizes
    for form in forms
)


def threshold_map(name: str) -> Floats | None:
    """For each place of a tile the share of white above which it becomes lighter, or None."""
    known = _ALIASES.get(name, name)
    if known in _WRITTEN:
        ranks, divisor = _WRITTEN[known]
        return np.array(ranks, np.float32) / divisor

    if known in ("o4x4", "o8x8"):
        return _shares(_dispersed(int(known[1])))

    return _shares(_grown(known)) if known in _HALFTONES else None


def _dispersed(size: int) -> NDArray[np.int64]:
    """Bayer's order from 0: those that follow each other lie as far apart as can be."""
    if size == 1:
        return np.zeros((1, 1), np.int64)

    smaller = _dispersed(size // 2)
    pattern = np.array([[0, 2], [3, 1]]) * smaller.size
    order: NDArray[np.int64] = np.tile(pattern, smaller.shape) + smaller.repeat(2, 0).repeat(2, 1)
    return order


def _grown(name: str) -> NDArray[np.int64]:
    """The order from 0 in which the places of a halftone's tile become light."""
    match = re.fullmatch(r"([hc])(\d+)x\d+([aobw])", name)
    assert match is not None, "only known names come here"
    size, form = int(match[2]), match[3]
    place = (np.arange(size) + 0.5) / size
    if form in "bw":
        height = np.hypot.outer(place - 0.5, place - 0.5)
        height = height if form == "b" else -height
    else:
        wave = np.cos(2 * math.pi * place)
        height = np.multiply.outer(wave, wave) if form == "a" else np.add.outer(wave, wave)
    # Rounded, so that equal heights are in the same order on every machine.
    order = np.argsort(np.round(height, 6).ravel(), kind="stable")
    return np.argsort(order).reshape(size, size)


def _shares(order: NDArray[np.int64]) -> Floats:
    return ((order + 1) / (order.size + 1)).astype(np.float32)
