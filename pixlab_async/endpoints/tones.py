"""Fewer colors: thresholds, posters, palettes."""

from __future__ import annotations

from typing import Literal

from .._arguments import filled, number, optional, truth, whole
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup


class Tones(PictureGroup[P]):
    """Endpoints that reduce a picture to fewer colors."""

    async def threshold(self, source: Source, th: float) -> P:
        """Set each pixel by comparing its intensity with a threshold.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            th: The threshold; its scale is not documented.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/threshold
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "th": number(th, "th"),
        }
        return await self._picture("threshold", params)

    async def blackthreshold(self, source: Source, color: str) -> P:
        """Turn black what is darker than a color.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            color: The threshold: a name or #hex.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/blackthreshold
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "color": filled(color, "color"),
        }
        return await self._picture("blackthreshold", params)

    async def randomthreshold(
        self, source: Source, low: float, high: float, *, channel: int | None = None
    ) -> P:
        """Make a picture of two colors, with thresholds drawn between two points.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            low: The low point; its scale is not documented.
            high: The high point; the same.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/randomthreshold
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "low": number(low, "low"),
            "high": number(high, "high"),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("randomthreshold", params)

    async def posterize(self, source: Source, level: int, dither: bool) -> P:
        """Cut the picture down to some levels of color.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            level: Levels of color, 1 to 256.
            dither: Whether to dither.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/posterize
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "level": whole(level, "level", 1, 256),
            "dither": truth(dither, "dither"),
        }
        return await self._picture("posterize", params)

    async def orderedposterize(self, source: Source, type: str, *, channel: int | None = None) -> P:
        """Dither with a named map of thresholds.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            type: The map's name; the names are not documented, ImageMagick has "o8x8" and
                others.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/orderedposterize
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "type": filled(type, "type"),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("orderedposterize", params)

    async def quantize(
        self, source: Source, nc: int, cs: int, td: int, *, dither: bool | None = None
    ) -> P:
        """Cut the picture down to a number of colors.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            nc: Colors, 1 to 256.
            cs: The color space's number; the list is not documented, 1 to 22.
            td: Depth of the tree, 1 to 255.
            dither: Whether to dither.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/quantize
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "nc": whole(nc, "nc", 1, 256),
            "cs": whole(cs, "cs", 1, 22),
            "td": whole(td, "td", 1, 255),
            "dither": optional(truth, dither, "dither"),
        }
        return await self._picture("quantize", params)

    async def remap(self, source: Source, dither: Literal[1, 2, 3]) -> P:
        """Map the colors to others; which, is not documented.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            dither: How to dither, by a constant that is not documented, 1 to 3.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/remap
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "dither": whole(dither, "dither", 1, 3),
        }
        return await self._picture("remap", params)

    async def segment(self, source: Source, ct: float, cs: int, st: float) -> P:
        """Part the picture into areas of like colors.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            ct: Percent; the least share of pixels in a cluster.
            cs: The color space's number; the list is not documented, 1 to 22.
            st: The threshold for smoothing, 1 to 255.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/segment
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "ct": number(ct, "ct"),
            "cs": whole(cs, "cs", 1, 22),
            "st": number(st, "st", 1, 255),
        }
        return await self._picture("segment", params)

    async def separate(self, source: Source, *, channel: int | None = None) -> P:
        """Take one channel out, as a gray picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            channel: ``Channel`` bit of which one. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/separate
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("separate", params)
