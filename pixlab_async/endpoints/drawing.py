"""Drawing on pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._arguments import filled, number, optional, whole
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup

if TYPE_CHECKING:
    from .._values import LineLike, PointLike, RectangleLike


class Drawing(PictureGroup[P]):
    """Endpoints that draw lines, points and rectangles."""

    async def drawline(
        self,
        source: Source,
        startx: int,
        starty: int,
        endx: int,
        endy: int,
        *,
        color: str | None = None,
        strokewidth: float | None = None,
        strokeopacity: float | None = None,
    ) -> P:
        """Draw a straight line; the vendor advises ``drawlines``.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            startx: Pixels; X of the start.
            starty: Pixels; Y of the start.
            endx: Pixels; X of the end.
            endy: Pixels; Y of the end.
            color: Of the line: a name or #hex. Default white.
            strokewidth: Pixels, 0 or more. Default 2.
            strokeopacity: Opacity of the stroke, 0 or more. Default 0.9.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/drawline
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "startx": whole(startx, "startx"),
            "starty": whole(starty, "starty"),
            "endx": whole(endx, "endx"),
            "endy": whole(endy, "endy"),
            "color": optional(filled, color, "color"),
            "strokewidth": optional(number, strokewidth, "strokewidth", 0),
            "strokeopacity": optional(number, strokeopacity, "strokeopacity", 0),
        }
        return await self._picture("drawline", params)

    async def drawlines(
        self,
        source: Source,
        lines: Iterable[LineLike],
        *,
        color: str | None = None,
        strokewidth: float | None = None,
        strokeopacity: float | None = None,
    ) -> P:
        """Draw straight lines, any number of them.

        Args:
            source: The picture: a URL, a stored ``Media``, or one that is here.
            lines: Each a ``Line``, or a dictionary with startx, starty, endx, endy and, if you
                like, color.
            color: Of all that have none: a name or #hex. Default white.
            strokewidth: Pixels, 0 or more. Default 2.
            strokeopacity: Opacity of the stroke, 0 or more. Default 0.9.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/drawlines
        """
        from .. import _values  # noqa: PLC0415 - many programs never need it

        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "lines": _values.lines(lines),
            "color": optional(filled, color, "color"),
            "strokewidth": optional(number, strokewidth, "strokewidth", 0),
            "strokeopacity": optional(number, strokeopacity, "strokeopacity", 0),
        }
        return await self._picture("drawlines", params)

    async def drawpoints(
        self, source: Source, points: Iterable[PointLike], *, color: str | None = None
    ) -> P:
        """Draw points, any number of them.

        Args:
            source: The picture: a URL, a stored ``Media``, or one that is here.
            points: Each a ``Point``, or a dictionary with x, y and, if you like, color.
            color: Of all that have none: a name or #hex. Default white.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/drawpoints
        """
        from .. import _values  # noqa: PLC0415 - many programs never need it

        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "points": _values.points(points),
            "color": optional(filled, color, "color"),
        }
        return await self._picture("drawpoints", params)

    async def drawrectangle(
        self,
        source: Source,
        x: int,
        y: int,
        width: int,
        height: int,
        *,
        color: str | None = None,
        fillcolor: str | None = None,
        strokewidth: float | None = None,
        strokeopacity: float | None = None,
    ) -> P:
        """Draw a rectangle.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            x: Pixels; its left edge.
            y: Pixels; its top edge.
            width: Pixels, 1 or more.
            height: Pixels, 1 or more.
            color: Of the border: a name or #hex. Default white.
            fillcolor: What fills it. Default none.
            strokewidth: Pixels; of the border, 0 or more. Default 1.2.
            strokeopacity: Opacity of the stroke, 0 or more. Default 0.9.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/drawrectangle
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
            "width": whole(width, "width", 1),
            "height": whole(height, "height", 1),
            "color": optional(filled, color, "color"),
            "fillcolor": optional(filled, fillcolor, "fillcolor"),
            "strokewidth": optional(number, strokewidth, "strokewidth", 0),
            "strokeopacity": optional(number, strokeopacity, "strokeopacity", 0),
        }
        return await self._picture("drawrectangle", params)

    async def drawrectangles(
        self,
        source: Source,
        cord: Iterable[RectangleLike],
        *,
        color: str | None = None,
        fillcolor: str | None = None,
        strokewidth: float | None = None,
        strokeopacity: float | None = None,
    ) -> P:
        """Draw rectangles, any number of them.

        Args:
            source: The picture: a URL, a stored ``Media``, or one that is here.
            cord: Each a ``Rectangle``, a ``Face``, or a dictionary with x, y, width, height
                and, if you like, color.
            color: Of the borders that have none: a name or #hex. Default white.
            fillcolor: What fills them. Default none.
            strokewidth: Pixels; of the borders, 0 or more. Default 1.2.
            strokeopacity: Opacity of the stroke, 0 or more. Default 0.9.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/drawrectangles
        """
        from .. import _values  # noqa: PLC0415 - many programs never need it

        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "cord": _values.drawn(cord),
            "color": optional(filled, color, "color"),
            "fillcolor": optional(filled, fillcolor, "fillcolor"),
            "strokewidth": optional(number, strokewidth, "strokewidth", 0),
            "strokeopacity": optional(number, strokeopacity, "strokeopacity", 0),
        }
        return await self._picture("drawrectangles", params)
