"""Pictures freed of what should not be on them, and given what they lack."""

from __future__ import annotations

import base64
import binascii
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from .._arguments import filled
from .._errors import ConfigurationError
from .._protocol import Unlinked
from .._results import Media
from .._sources import Source, as_source
from .._success import Success, text
from ._group import Group, call_of, media

if TYPE_CHECKING:
    from .._results import Blob
    from .._shapes import InlinePicture

C = TypeVar("C", bound="InlinePicture | Blob")


class Cutouts(Group, Generic[C]):
    """Endpoints that cut a subject out."""

    @abstractmethod
    async def _cutout(self, name: str, params: Mapping[str, Unlinked]) -> C:
        """Have a picture made that comes within the reply."""

    async def bgremove(self, source: Source) -> C:
        """Cut the subject out of a picture: its background becomes transparent.

        Without a storage bucket of your own nothing is stored: the picture is in the result.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/background-remove-api
        """
        return await self._cutout("bgremove", {"img": as_source(source)})


class Restoration(Group):
    """Endpoints that take text off pictures, translate it, and colorize."""

    async def txtremove(self, source: Source) -> InlinePicture:
        """Take text and watermarks off a picture. The result holds it; nothing is stored.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/text-watermark-remove-api
        """
        return await self.send(
            call_of("txtremove", inline, {"img": as_source(source)}, inline=True)
        )

    async def imgtranslate(
        self, source: Source, source_lang: str, target_lang: str
    ) -> InlinePicture:
        """Translate the text that is on a picture, and draw it in its place.

        What the reply holds is not documented: a picture in it is taken out where one of the
        known forms is seen, and everything is in ``extra``. Whether something is left stored
        is not known either.

        Args:
            source: The picture. It must be uploaded: a link is not taken.
            source_lang: The text's language, by name or code, such as "en"; "auto" finds out.
            target_lang: The language to translate into, by name or code.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/image-text-translate
        """
        if isinstance(as_source(source), str):
            raise ConfigurationError(
                "imgtranslate takes what is uploaded and no link: fetch the bytes first."
            )

        params = {
            "img": as_source(source),
            "source_lang": filled(source_lang, "source_lang"),
            "target_lang": filled(target_lang, "target_lang"),
        }
        call = call_of("imgtranslate", _translated, params, inline=True)
        return await self.send(call)

    async def removebg(self, source: Source) -> Media:
        """Cut the subject out: known from one page alone, probably a draft of ``bgremove``.

        Args:
            source: The picture: a URL, a stored ``Media``, or one that is here.

        Raises:
            PixLabError: As for every call; see the error tree.
        """
        return await self.send(call_of("removebg", media, {"img": as_source(source)}))

    async def colorize(self, source: Source) -> Media:
        """Give a black and white photograph its colors. Known from sample programs alone.

        Args:
            source: The picture: a URL, a stored ``Media``, or one that is here.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/cmd?id=colorize
        """
        return await self.send(call_of("colorize", media, {"img": as_source(source)}))


def inline(success: Success) -> InlinePicture:
    """The picture within the reply, or the link to it where the account has a bucket."""
    picture = _read(success)
    if picture.content is None and picture.link is None:
        success.lacks("imgData", "a picture in Base64")

    return picture


def _translated(success: Success) -> InlinePicture:
    return _read(success)


def _read(success: Success) -> InlinePicture:
    from .._shapes import InlinePicture  # noqa: PLC0415 - many programs never need it

    if success.content:
        return InlinePicture(success.content, success.media_type, meta=success.meta)

    fields = success.fields
    encoded = text(fields, "imgData")
    content = decoded(encoded) if encoded else None
    if encoded and content is None and text(fields, "link") is None:
        success.lacks("imgData", "a picture in Base64")

    return InlinePicture(
        content,
        text(fields, "mimeType"),
        text(fields, "extension"),
        text(fields, "link"),
        success.beyond("imgData", "mimeType", "extension", "link"),
        success.meta,
    )


def decoded(encoded: str) -> bytes | None:
    """The bytes of a Base64 text, with or without the head of a data URL."""
    plain = encoded.partition("base64,")[2] if encoded.startswith("data:") else encoded
    try:
        return base64.b64decode("".join(plain.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None
