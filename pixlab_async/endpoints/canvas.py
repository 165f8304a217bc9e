"""Pictures out of nothing, of web pages, and of the difference between two others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from .._arguments import filled, optional, sides, whole
from .._protocol import Unlinked
from .._results import Blob, Media
from .._sources import Source, as_source, check_link
from .._success import Success, number
from ._group import Group, P, PictureGroup, call_of, id_in, media

if TYPE_CHECKING:
    from .._shapes import Difference

D = TypeVar("D", bound="Difference | Blob")


class Canvas(PictureGroup[P]):
    """Endpoints that need no picture."""

    async def newimage(
        self,
        *,
        width: int | None = None,
        height: int | None = None,
        color: str | None = None,
        export: str | None = None,
    ) -> P:
        """Make a plain picture.

        Args:
            width: Pixels; where it is left out, the height's value, 1 or more.
            height: Pixels; where it is left out, the width's value, 1 or more.
            color: The background: a name or #hex; "tr" is transparent. Default gray.
            export: The format of the result. Default PNG.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/newimage
        """
        params: dict[str, Unlinked] = {
            **sides(width, height, 1),
            "color": optional(filled, color, "color"),
            "export": optional(filled, export, "export"),
        }
        return await self._picture("newimage", params)

    async def pixelgenerate(
        self,
        *,
        width: int | None = None,
        height: int | None = None,
        color: str | None = None,
        export: str | None = None,
    ) -> P:
        """Make a picture of random pixels.

        Args:
            width: Pixels; where it is left out, the height's value, 1 or more.
            height: Pixels; where it is left out, the width's value, 1 or more.
            color: The background: a name or #hex; "tr" is transparent. Default none.
            export: The format of the result. Default PNG.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/pixelgenerate
        """
        params: dict[str, Unlinked] = {
            **sides(width, height, 1),
            "color": optional(filled, color, "color"),
            "export": optional(filled, export, "export"),
        }
        return await self._picture("pixelgenerate", params)


class Comparison(Group, Generic[D]):
    """Endpoints that compare pictures."""

    @abstractmethod
    async def _difference(self, name: str, params: Mapping[str, Unlinked]) -> D:
        """Have a picture made of how two others differ."""

    async def imgdiff(self, src: Source, target: Source) -> D:
        """Measure how far two pictures of one size differ, and make a picture of it.

        Args:
            src: A picture: a URL, a stored ``Media``, or one that is here.
            target: Another one, of the same width and height.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/imgdiff
        """
        params = {"src": as_source(src), "target": as_source(target)}
        return await self._difference("imgdiff", params)


class Captures(Group):
    """Endpoints that take pictures of web pages."""

    async def screencapture(
        self,
        url: str,
        *,
        width: int | None = None,
        height: int | None = None,
        export: str | None = None,
    ) -> Media:
        """Take a picture of a web page. Known from sample programs alone.

        Args:
            url: The page's address.
            width: Pixels, 1 or more.
            height: Pixels, 1 or more.
            export: The picture's format. The parameter's name is not certain.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/cmd?id=screencapture
        """
        params = {
            "url": check_link(url, "url"),
            "width": optional(whole, width, "width", 1),
            "height": optional(whole, height, "height", 1),
            "export": optional(filled, export, "export"),
        }
        return await self.send(call_of("screencapture", media, params))


def difference(success: Success) -> Difference:
    """The stored picture of a difference that a reply tells of."""
    from .._shapes import Difference  # noqa: PLC0415 - many programs never need it

    link = success.text("link")
    return Difference(
        link,
        id_in(success, link),
        success.beyond("link", "id", "diff"),
        success.meta,
        diff=number(success.fields, "diff"),
    )
