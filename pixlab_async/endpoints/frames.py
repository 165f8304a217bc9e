"""Borders, shadows and what is put around a picture or upon it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._arguments import filled, number, optional, sides, whole
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup

if TYPE_CHECKING:
    from .._values import OverlayLike, RectangleLike


class Frames(PictureGroup[P]):
    """Endpoints that put something around a picture, or pictures together."""

    async def border(
        self,
        source: Source,
        *,
        width: int | None = None,
        height: int | None = None,
        color: str | None = None,
    ) -> P:
        """Put a border around the picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            width: Pixels; where it is left out, the height's value, 0 to 300.
            height: Pixels; where it is left out, the width's value, 0 to 300.
            color: A name or #hex. Default gray.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/border
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            **sides(width, height, 0, 300),
            "color": optional(filled, color, "color"),
        }
        return await self._picture("border", params)

    async def shadow(self, source: Source, opacity: float, sigma: float, x: int, y: int) -> P:
        """Let the picture throw a shadow.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            opacity: Of the shadow; its scale is not documented.
            sigma: Pixels; how soft it is, 0 or more.
            x: Pixels; where the shadow falls.
            y: Pixels; where the shadow falls.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/shadow
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "opacity": number(opacity, "opacity"),
            "sigma": number(sigma, "sigma", 0),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
        }
        return await self._picture("shadow", params)

    async def polaroid(self, source: Source, angle: float) -> P:
        """Make the picture look like a polaroid.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            angle: Degrees; how far it is turned, 360 at most.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/polaroid
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "angle": number(angle, "angle", None, 360),
        }
        return await self._picture("polaroid", params)

    async def reflect(self, source: Source, *, size: int | None = None) -> P:
        """Mirror the picture below itself, as on water.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            size: Pixels; of the reflection, 1 or more. Default 1024.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/reflect
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "size": optional(whole, size, "size", 1),
        }
        return await self._picture("reflect", params)

    async def flatten(self, source: Source, *, export: str | None = None) -> P:
        """Merge the layers or frames of a file into one picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            export: The format of the result. Default PNG.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/flatten
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "export": optional(filled, export, "export"),
        }
        return await self._picture("flatten", params)

    async def favicon(self, source: Source) -> P:
        """Make a favicon of 128 x 128, 64 x 64 and 32 x 32 pixels.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/favicon
        """
        return await self._picture("favicon", {"img": as_source(source)})

    async def mogrify(
        self,
        source: Source,
        cord: Iterable[RectangleLike],
        *,
        radius: float | None = None,
        sigma: float | None = None,
    ) -> P:
        """Blur rectangles of the picture, such as faces.

        The faces that ``facedetect`` finds can be passed as they are.

        Args:
            source: The picture: a URL, a stored ``Media``, or one that is here.
            cord: Each a ``Rectangle``, a ``Face`` or other face, or a dictionary with left or
                x, top or y, width and height.
            radius: Pixels, 0 or more. Default 30.
            sigma: Pixels; the standard deviation, 0 to 30.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/mogrify
        """
        from .. import _values  # noqa: PLC0415 - many programs never need it

        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "cord": _values.blurred(cord),
            "radius": optional(number, radius, "radius", 0),
            "sigma": optional(number, sigma, "sigma", 0, 30),
        }
        return await self._picture("mogrify", params)

    async def merge(self, src: Source, cord: Iterable[OverlayLike]) -> P:
        """Place pictures on another.

        Args:
            src: The picture below: a URL, a stored ``Media``, or one that is here.
            cord: Each an ``Overlay``, or a dictionary with img, x, y and, if you like, center
                and center_y.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/merge
        """
        from .. import _values  # noqa: PLC0415 - many programs never need it

        params: dict[str, Unlinked] = {
            "src": as_source(src),
            "cord": _values.overlays(cord),
        }
        return await self._picture("merge", params)
