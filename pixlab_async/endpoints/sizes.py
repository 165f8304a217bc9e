"""Making pictures larger or smaller."""

from __future__ import annotations

from .._arguments import optional, sides, truth, whole
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup


class Sizes(PictureGroup[P]):
    """Endpoints that change a picture's size."""

    async def resize(
        self, source: Source, *, width: int | None = None, height: int | None = None
    ) -> P:
        """Bring the picture to a size, whatever its proportions.

        To keep the proportions, use ``smartresize``.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            width: Pixels; where it is left out, the height's value, 1 or more.
            height: Pixels; where it is left out, the width's value, 1 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/resize
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            **sides(width, height, 1),
        }
        return await self._picture("resize", params)

    async def adaptiveresize(
        self,
        source: Source,
        *,
        width: int | None = None,
        height: int | None = None,
        bestfit: bool | None = None,
    ) -> P:
        """Resize and keep the edges of colors sharp; meant for a little smaller.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            width: Pixels; where it is left out, the height's value, 1 or more.
            height: Pixels; where it is left out, the width's value, 1 or more.
            bestfit: Whether to fit the picture into the box of width and height.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/adaptiveresize
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            **sides(width, height, 1),
            "bestfit": optional(truth, bestfit, "bestfit"),
        }
        return await self._picture("adaptiveresize", params)

    async def smartresize(
        self, source: Source, *, width: int | None = None, height: int | None = None
    ) -> P:
        """Resize in proportion, towards a width and a height.

        A side that is left out takes the other's value. The exact box is not promised.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            width: Pixels; 0 lets the service choose, 0 or more.
            height: Pixels; 0 lets the service choose, 0 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/smartresize
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            **sides(width, height, 0),
        }
        return await self._picture("smartresize", params)

    async def scale(self, source: Source, scale: int) -> P:
        """Resize in proportion, by a percentage.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            scale: Percent; 50 is half the size, 1 to 500.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/scale
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "scale": whole(scale, "scale", 1, 500),
        }
        return await self._picture("scale", params)

    async def magnify(self, source: Source) -> P:
        """Double the picture's size.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/magnify
        """
        return await self._picture("magnify", {"img": as_source(source)})

    async def minify(self, source: Source) -> P:
        """Halve the picture's size.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/minify
        """
        return await self._picture("minify", {"img": as_source(source)})

    async def thumbnail(self, source: Source, width: int, height: int) -> P:
        """Make a small picture for the web, without profiles and metadata.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            width: Pixels, 1 or more.
            height: Pixels, 1 or more.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/thumbnail
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "width": whole(width, "width", 1),
            "height": whole(height, "height", 1),
        }
        return await self._picture("thumbnail", params)

    async def avatar(self, source: Source) -> P:
        """Make a thumbnail of 100 x 75 pixels.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/avatar
        """
        return await self._picture("avatar", {"img": as_source(source)})

    async def emailfit(self, source: Source) -> P:
        """Make a thumbnail of 320 x 240 pixels, for e-mail.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/emailfit
        """
        return await self._picture("emailfit", {"img": as_source(source)})

    async def webfit(self, source: Source) -> P:
        """Make a thumbnail of 320 x 240 pixels, for web pages.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/webfit
        """
        return await self._picture("webfit", {"img": as_source(source)})

    async def msgfit(self, source: Source) -> P:
        """Make a thumbnail of 640 x 480 pixels, for presentations.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/msgfit
        """
        return await self._picture("msgfit", {"img": as_source(source)})

    async def resample(self, source: Source, xr: int, yr: int, blur: int) -> P:
        """Resample the picture to a resolution.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            xr: Horizontal resolution, presumably in dots per inch, 16 to 300.
            yr: Vertical resolution, the same, 16 to 300.
            blur: How much to blur, 16 to 30.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/resample
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "xr": whole(xr, "xr", 16, 300),
            "yr": whole(yr, "yr", 16, 300),
            "blur": whole(blur, "blur", 16, 30),
        }
        return await self._picture("resample", params)
