"""Writing on pictures."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._arguments import filled, number, one_of, optional, truth, whole, words
from .._protocol import Unlinked
from .._results import Media
from .._sources import Source, as_source
from ._group import Group, P, PictureGroup, call_of, media

Font: TypeAlias = Literal[
    "impact",
    "college",
    "bold",
    "square",
    "arial",
    "mario",
    "vera",
    "owl",
    "wolf",
    "gym",
    "dotty",
    "meth",
    "puppy",
]


class Text(PictureGroup[P]):
    """Endpoints that write on a picture."""

    async def drawtext(
        self,
        source: Source,
        *,
        top: str | None = None,
        center: str | None = None,
        bottom: str | None = None,
        font: Font | str | None = None,
        cap: bool | None = None,
        size: int | None = None,
        color: str | None = None,
        strokecolor: str | None = None,
        strokewidth: float | None = None,
        strokeopacity: float | None = None,
    ) -> P:
        """Write at the top, in the middle and at the bottom of the picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            top: The text at the top.
            center: The text in the middle.
            bottom: The text at the bottom.
            font: impact, college, bold, square, arial, mario, vera, owl, wolf, gym, dotty,
                meth, puppy, or one that you registered. Default impact.
            cap: Whether to write in capitals.
            size: Points, 1 or more.
            color: Of the text: a name or #hex. Default white.
            strokecolor: Of the outline; left out, there is none.
            strokewidth: Of the outline, 0 or more. Default 2.
            strokeopacity: Of the outline, 0 or more. Default 0.9.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/drawtext
        """
        one_of(top=top, center=center, bottom=bottom)
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "top": optional(words, top, "top"),
            "center": optional(words, center, "center"),
            "bottom": optional(words, bottom, "bottom"),
            "font": optional(filled, font, "font"),
            "cap": optional(truth, cap, "cap"),
            "size": optional(whole, size, "size", 1),
            "color": optional(filled, color, "color"),
            "strokecolor": optional(filled, strokecolor, "strokecolor"),
            "strokewidth": optional(number, strokewidth, "strokewidth", 0),
            "strokeopacity": optional(number, strokeopacity, "strokeopacity", 0),
        }
        return await self._picture("drawtext", params)

    async def drawtextat(
        self,
        source: Source,
        x: int,
        y: int,
        text: str,
        *,
        font: Font | str | None = None,
        cap: bool | None = None,
        size: int | None = None,
        color: str | None = None,
        strokecolor: str | None = None,
        strokewidth: float | None = None,
        strokeopacity: float | None = None,
    ) -> P:
        """Write at a place in the picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            x: Pixels; the text's left edge.
            y: Pixels; the line that the text stands on.
            text: The text.
            font: impact, college, bold, square, arial, mario, vera, owl, wolf, gym, dotty,
                meth, puppy, or one that you registered. Default impact.
            cap: Whether to write in capitals.
            size: Points, 1 or more.
            color: Of the text: a name or #hex. Default white.
            strokecolor: Of the outline; left out, there is none.
            strokewidth: Of the outline, 0 or more. Default 2.
            strokeopacity: Of the outline, 0 or more. Default 0.9.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/drawtextat
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "x": whole(x, "x"),
            "y": whole(y, "y"),
            "text": words(text, "text"),
            "font": optional(filled, font, "font"),
            "cap": optional(truth, cap, "cap"),
            "size": optional(whole, size, "size", 1),
            "color": optional(filled, color, "color"),
            "strokecolor": optional(filled, strokecolor, "strokecolor"),
            "strokewidth": optional(number, strokewidth, "strokewidth", 0),
            "strokeopacity": optional(number, strokeopacity, "strokeopacity", 0),
        }
        return await self._picture("drawtextat", params)


class Memes(Group):
    """Endpoints for memes."""

    async def meme(
        self,
        source: Source,
        *,
        bottom: str | None = None,
        cap: bool | None = None,
        strokecolor: str | None = None,
    ) -> Media:
        """Write a meme: known from one program alone, which calls it as ``drawtext``.

        Args:
            source: The picture: a URL, a stored ``Media``, or one that is here.
            bottom: The text at the bottom.
            cap: Whether to write in capitals.
            strokecolor: Of the outline: a name or #hex.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.
        """
        params = {
            "img": as_source(source),
            "bottom": optional(words, bottom, "bottom"),
            "cap": optional(truth, cap, "cap"),
            "strokecolor": optional(filled, strokecolor, "strokecolor"),
        }
        return await self.send(call_of("meme", media, params))
