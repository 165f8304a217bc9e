"""Cutting, turning and mirroring pictures."""

from __future__ import annotations

from .._arguments import filled, number, optional, sides, whole
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup


class Geometry(PictureGroup[P]):
    """Endpoints that cut, turn and mirror."""

    async def crop(
        self, source: Source, x: int, y: int, *, width: int | None = None, height: int | None = None
    ) -> P:
        """Cut a rectangle out of the picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            x: Pixels; its left edge.
            y: Pixels; its top edge.
            width: Pixels; where it is left out, the height's value, 1 or more.
            height: Pixels; where it is left out, the width's value, 1 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/crop
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
            **sides(width, height, 1),
        }
        return await self._picture("crop", params)

    async def smartcrop(
        self, source: Source, x: int, y: int, *, width: int | None = None, height: int | None = None
    ) -> P:
        """The former name of ``crop``, with which new programs do better.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            x: Pixels; the rectangle's left edge.
            y: Pixels; its top edge.
            width: Pixels; where it is left out, the height's value, 1 or more.
            height: Pixels; where it is left out, the width's value, 1 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/smartcrop
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
            **sides(width, height, 1),
        }
        return await self._picture("smartcrop", params)

    async def chop(
        self, source: Source, x: int, y: int, *, width: int | None = None, height: int | None = None
    ) -> P:
        """Take a rectangle out of the picture, and close the gap.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            x: Pixels; its left edge.
            y: Pixels; its top edge.
            width: Pixels; where it is left out, the available length, 1 or more.
            height: Pixels; where it is left out, the available length, 1 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/chop
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
            **sides(width, height, 1),
        }
        return await self._picture("chop", params)

    async def extent(
        self, source: Source, width: int, height: int, x: int, y: int, *, color: str | None = None
    ) -> P:
        """Set the size of the canvas, and where in the picture it begins.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            width: Pixels, 1 or more.
            height: Pixels, 1 or more.
            x: Pixels; where the new area begins in the picture.
            y: Pixels; where the new area begins in the picture.
            color: What fills the added area: a name or #hex.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/extent
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "width": whole(width, "width", 1),
            "height": whole(height, "height", 1),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
            "color": optional(filled, color, "color"),
        }
        return await self._picture("extent", params)

    async def rotate(self, source: Source, degree: float, *, color: str | None = None) -> P:
        """Turn the picture clockwise.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            degree: Degrees, clockwise.
            color: What fills the corners: a name or #hex. Default transparent.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/rotate
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "degree": number(degree, "degree"),
            "color": optional(filled, color, "color"),
        }
        return await self._picture("rotate", params)

    async def flip(self, source: Source) -> P:
        """Mirror the picture upside down.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/flip
        """
        return await self._picture("flip", {"img": as_source(source)})

    async def flop(self, source: Source) -> P:
        """Mirror the picture left to right.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/flop
        """
        return await self._picture("flop", {"img": as_source(source)})

    async def transpose(self, source: Source) -> P:
        """Mirror the picture upside down, and turn it by 90 degrees clockwise.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/transpose
        """
        return await self._picture("transpose", {"img": as_source(source)})

    async def transverse(self, source: Source) -> P:
        """Mirror the picture left to right, and turn it by 270 degrees counter-clockwise.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/transverse
        """
        return await self._picture("transverse", {"img": as_source(source)})

    async def roll(self, source: Source, x: int, y: int) -> P:
        """Shift the picture by an offset.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            x: Pixels.
            y: Pixels.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/roll
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
        }
        return await self._picture("roll", params)
