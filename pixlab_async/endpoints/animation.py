"""Animated GIFs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._arguments import optional, sides, whole
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup

if TYPE_CHECKING:
    from .._values import FrameLike


class Animation(PictureGroup[P]):
    """Endpoints that make and change animated GIFs."""

    async def makegif(self, frames: Iterable[FrameLike], *, delay: int | None = None) -> P:
        """Make an animated GIF of pictures.

        Args:
            frames: Each a picture, a ``Frame``, or a dictionary with img; in the order in which
                they are shown.
            delay: Milliseconds between two of them, 0 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/makegif
        """
        from .. import _values  # noqa: PLC0415 - many programs never need it

        params: dict[str, Unlinked] = {
            "frames": _values.frames(frames),
            "delay": optional(whole, delay, "delay", 0),
        }
        return await self._picture("makegif", params)

    async def cropgif(
        self, source: Source, x: int, y: int, *, width: int | None = None, height: int | None = None
    ) -> P:
        """Cut the same rectangle out of every frame of a GIF.

        Documented to need the plan Prod or a higher one.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            x: Pixels; its left edge.
            y: Pixels; its top edge.
            width: Pixels; where it is left out, the height's value, 1 or more.
            height: Pixels; where it is left out, the width's value, 1 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/cropgif
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
            **sides(width, height, 1),
        }
        return await self._picture("cropgif", params)

    async def resizegif(
        self, source: Source, *, width: int | None = None, height: int | None = None
    ) -> P:
        """Resize a GIF.

        Documented to need the plan Prod or a higher one. For a side that is left out, one
        version of the documentation speaks of the other side's value, the other of keeping the
        proportions.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            width: Pixels; where it is left out, the height's value, 1 or more.
            height: Pixels; where it is left out, the width's value, 1 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/resizegif
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            **sides(width, height, 1),
        }
        return await self._picture("resizegif", params)

    async def gifcomposite(
        self, source: Source, composite: Source, x: int, y: int, *, frame: int | None = None
    ) -> P:
        """Put a picture on the frames of a GIF.

        Documented to need the plan Prod or a higher one.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            composite: The picture to be put on it: a URL, a stored ``Media``, or one that is here.
            x: Pixels; from the left.
            y: Pixels; from the top.
            frame: The frame to begin with; whether they count from 0 or 1 is not documented, 0
                or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/gifcomposite
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "composite": as_source(composite),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
            "frame": optional(whole, frame, "frame", 0),
        }
        return await self._picture("gifcomposite", params)
