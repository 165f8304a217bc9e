"""What a picture is, and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import filled, optional, truth
from .._sources import Source, as_source
from .._success import Success, number, rest, text, whole
from ._group import Group, call_of

if TYPE_CHECKING:
    from .._shapes import GeneratedText, Header, Score, Tags


class Vision(Group):
    """Endpoints that look at a picture. They leave nothing stored."""

    async def header(self, source: Source) -> Header:
        """Tell a picture's size, format and length.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/header
        """
        return await self.send(call_of("header", _header, {"img": as_source(source)}))

    async def nsfw(self, source: Source) -> Score:
        """Tell how likely a picture shows nudity or adult content: 1 is most likely.

        The service fixes no threshold; the vendor's sample programs take 0.5.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/nsfw
        """
        return await self.send(call_of("nsfw", _score, {"img": as_source(source)}))

    async def sfw(self, source: Source) -> Score:
        """Tell how likely a picture is free of adult content: 1 is most likely.

        The service fixes no threshold; the vendor's sample programs take 0.5.

        Args:
            source: The picture, a JPEG or PNG: a URL, a stored ``Media``, or what is to be
                uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/sfw
        """
        return await self.send(call_of("sfw", _score, {"img": as_source(source)}))

    async def tagimg(self, source: Source) -> Tags:
        """Label a picture in English, the surest label first.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/tagimg
        """
        return await self.send(call_of("tagimg", _tags, {"img": as_source(source)}))

    async def describe(
        self, source: Source, *, lang: str | None = None, short: bool | None = None
    ) -> GeneratedText:
        """Describe what a picture shows, in a language of your choice.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            lang: The language of the answer. Default english.
            short: Whether a brief caption is enough. Default false.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/describe
        """
        params = {
            "img": as_source(source),
            "lang": optional(filled, lang, "lang"),
            "short": optional(truth, short, "short"),
        }
        return await self.send(call_of("describe", _description, params))

    async def query(self, source: Source, query: str, *, lang: str | None = None) -> GeneratedText:
        """Answer a question about a picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            query: The question.
            lang: The language of the answer. Default english.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/query
        """
        params = {
            "img": as_source(source),
            "query": filled(query, "query"),
            "lang": optional(filled, lang, "lang"),
        }
        return await self.send(call_of("query", _response, params))

    async def seotag(
        self, source: Source, *, lang: str | None = None, short: bool | None = None
    ) -> GeneratedText:
        """Write the alternative text of a picture, in a language of your choice.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            lang: The language of the text. Default english.
            short: Whether a brief text is enough. Default false.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/seotag
        """
        params = {
            "img": as_source(source),
            "lang": optional(filled, lang, "lang"),
            "short": optional(truth, short, "short"),
        }
        return await self.send(call_of("seotag", _tag, params))


def _header(success: Success) -> Header:
    from .._shapes import Header  # noqa: PLC0415 - many programs never need it

    fields = success.fields
    names = ("width", "height", "type", "size", "mime", "channels", "bits", "html_attr", "css_prop")
    return Header(
        width=success.whole("width"),
        height=success.whole("height"),
        type=text(fields, "type"),
        size=whole(fields, "size"),
        mime=text(fields, "mime"),
        channels=whole(fields, "channels"),
        bits=whole(fields, "bits"),
        html_attr=text(fields, "html_attr"),
        css_prop=text(fields, "css_prop"),
        extra=success.beyond(*names),
        meta=success.meta,
    )


def _score(success: Success) -> Score:
    from .._shapes import Score  # noqa: PLC0415 - the same

    return Score(success.number("score"), success.beyond("score"), success.meta)


def _tags(success: Success) -> Tags:
    from .._shapes import Tag, Tags  # noqa: PLC0415 - the same

    tags = tuple(
        Tag(name, number(item, "confidence"), rest(item, "name", "confidence"))
        for item in success.objects("tags")
        if (name := text(item, "name")) is not None
    )
    return Tags(tags, success.beyond("tags"), success.meta)


def _generated(success: Success, name: str) -> GeneratedText:
    from .._shapes import GeneratedText  # noqa: PLC0415 - the same

    return GeneratedText(success.words(name), success.beyond(name), success.meta)


def _description(success: Success) -> GeneratedText:
    return _generated(success, "description")


def _response(success: Success) -> GeneratedText:
    return _generated(success, "response")


def _tag(success: Success) -> GeneratedText:
    return _generated(success, "tag")
