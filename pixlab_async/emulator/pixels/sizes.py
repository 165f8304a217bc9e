"""Larger and smaller pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .._given import Given
from .._pictures import Maker, Picture, Unusable, check_size
from ._shared import coloured, fitting, made, mixable, resolution, sides

_LANCZOS = Image.Resampling.LANCZOS
_SCREEN = 72.0  # dots per inch of a picture that states none
_SIGMA = 0.5  # of ImageMagick's Gaussian filter, in pixels of the coarser picture
_BLOCK = 1 << 18  # pixels computed at once
_PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}

Resizer = Callable[[Image.Image, int, int], Image.Image]


def resize(picture: Picture, given: Given) -> Picture:
    """Make it exactly as wide and high as given."""
    return made(picture, _sized(picture, *sides(given)))


def adaptiveresize(picture: Picture, given: Given) -> Picture:
    """Resize by data-dependent triangulation; with ``bestfit`` as large as fits into the box."""
    width, height = sides(given)
    if given.truth("bestfit"):
        width, height = fitting(picture.image, width, height)
    return made(picture, _sized(picture, width, height, triangulated))


def smartresize(picture: Picture, given: Given) -> Picture:
    """Resize in proportion, as large as fits into the box; a side of 0 sets no bound.

    A missing side takes the other's value, as in ``resize``.
    """
    width, height = sides(given, least=0)
    if max(width, height) == 0:
        raise Unusable("'width' or 'height' must be 1 or more")

    return made(picture, _sized(picture, *fitting(picture.image, width, height)))


def scale(picture: Picture, given: Given) -> Picture:
    """Resize to a percentage."""
    return made(picture, _scaled(picture, given.whole("scale") / 100))


def magnify(picture: Picture, given: Given) -> Picture:
    """Double both sides."""
    del given
    return made(picture, _scaled(picture, 2))


def minify(picture: Picture, given: Given) -> Picture:
    """Halve both sides, rounding down."""
    del given
    width, height = picture.image.size
    return made(picture, _sized(picture, max(1, width // 2), max(1, height // 2)))


def thumbnail(picture: Picture, given: Given) -> Picture:
    """Make it exactly as wide and high as given, and drop metadata and profiles."""
    return made(picture, _sized(picture, *sides(given)), plain=True)


def resample(picture: Picture, given: Given) -> Picture:
    """Make it as large in inches as before, at another resolution; then blur it.

    The blur is that of ImageMagick's Gaussian filter, stretched ``blur`` times.
    """
    across, down = given.whole("xr"), given.whole("yr")
    own_across, own_down = resolution(picture) or (_SCREEN, _SCREEN)
    shares = across / own_across, down / own_down
    image = picture.image
    width, height = (round(side * share) for side, share in zip(image.size, shares, strict=True))
    resized = coloured(_sized(picture, max(1, width), max(1, height)))
    sigma_x, sigma_y = (_SIGMA * given.number("blur", 1.0) * max(1.0, share) for share in shares)
    blurred = _premultiplied(resized).filter(ImageFilter.GaussianBlur((sigma_x, sigma_y)))
    return made(picture, blurred.convert(resized.mode), {"dpi": (across, down)})


def triangulated(image: Image.Image, width: int, height: int) -> Image.Image:
    """Resize so that edges stay sharp.

    Each square of four neighbours is cut into two triangles along the diagonal whose ends
    are more alike, and within a triangle the colours run evenly from corner to corner.
    """
    ready = _premultiplied(image)
    pixels = np.asarray(ready)
    pixels = pixels.reshape(image.height, image.width, -1)
    result = np.empty((height, width, pixels.shape[2]), pixels.dtype)
    step = max(1, _BLOCK // width)
    for top in range(0, height, step):
        rows = np.arange(top, min(top + step, height))
        result[rows] = _block(pixels, width, height, rows)
    return Image.frombytes(ready.mode, (width, height), result.tobytes()).convert(image.mode)


def _block(
    pixels: NDArray[Any], width: int, height: int, rows: NDArray[np.intp]
) -> NDArray[np.float32]:
    top, low, fy = _between(rows, pixels.shape[0], height)
    left, right, fx = _between(np.arange(width), pixels.shape[1], width)
    fx, fy = fx[None, :, None], fy[:, None, None]
    a, b = _corner(pixels, top, left), _corner(pixels, top, right)
    c, d = _corner(pixels, low, left), _corner(pixels, low, right)
    falling = np.abs(a - d).sum(2, keepdims=True) <= np.abs(b - c).sum(2, keepdims=True)
    along_ad = np.where(fx >= fy, a + fx * (b - a) + fy * (d - b), a + fy * (c - a) + fx * (d - c))
    along_bc = np.where(
        fx + fy <= 1,
        a + fx * (b - a) + fy * (c - a),
        d + (1 - fx) * (c - d) + (1 - fy) * (b - d),
    )
    mixed = np.where(falling, along_ad, along_bc)
    return mixed if pixels.dtype.kind == "f" else np.rint(mixed)


def _between(
    places: NDArray[np.intp], old: int, new: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each new place the old pixels on either side, and how far it is from the first."""
    centres = np.clip((places + 0.5) * old / new - 0.5, 0, old - 1)
    first = np.floor(centres).astype(np.intp)
    return first, np.minimum(first + 1, old - 1), (centres - first).astype(np.float32)


def _corner(
    pixels: NDArray[Any], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float32]:
    return pixels[rows[:, None], columns[None, :]].astype(np.float32)


def _premultiplied(image: Image.Image) -> Image.Image:
    """The image so that what cannot be seen does not colour what can."""
    return image.convert(_PREMULTIPLIED[image.mode]) if image.mode in _PREMULTIPLIED else image


def _pillow(image: Image.Image, width: int, height: int) -> Image.Image:
    return image.resize((width, height), _LANCZOS)


def _sized(picture: Picture, width: int, height: int, resizer: Resizer = _pillow) -> Image.Image:
    check_size(width, height)
    return resizer(mixable(picture.image), width, height)


def _scaled(picture: Picture, factor: float) -> Image.Image:
    width, height = (max(1, round(side * factor)) for side in picture.image.size)
    return _sized(picture, width, height)


def _fixed(picture: Picture, given: Given, *, width: int, height: int) -> Picture:
    del given
    return thumbnail(picture, Given({"width": width, "height": height}))


MAKERS: dict[str, Maker] = {
    "adaptiveresize": adaptiveresize,
    "avatar": partial(_fixed, width=100, height=75),
    "emailfit": partial(_fixed, width=320, height=240),
    "magnify": magnify,
    "minify": minify,
    "msgfit": partial(_fixed, width=640, height=480),
    "resample": resample,
    "resize": resize,
    "scale": scale,
    "smartresize": smartresize,
    "thumbnail": thumbnail,
    "webfit": partial(_fixed, width=320, height=240),
}
