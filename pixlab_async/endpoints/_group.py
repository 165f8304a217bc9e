"""What the groups of endpoints stand on: one way to make a call, and one per kind of result.

A group's methods are short: check the arguments, name the endpoint, name the result. The
picture groups are generic in what they return, so that the client (``Media``) and
``client.blob`` (``Blob``) share every method.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar, cast

from .._endpoint import ENDPOINTS, Endpoint
from .._protocol import Call, Parameter, Unlinked, uploads_in
from .._results import Answer, Blob, Media, last_part
from .._sources import Upload
from .._success import Success

T = TypeVar("T")
P = TypeVar("P", Media, Blob)


class Group(ABC):
    """A set of endpoints."""

    @abstractmethod
    async def send(self, call: Call[T]) -> T:
        """Make one call; the way that every method goes."""


class PictureGroup(Group, Generic[P]):
    """A set of endpoints that make a picture."""

    @abstractmethod
    async def _picture(self, name: str, params: Mapping[str, Unlinked]) -> P:
        """Have a picture made."""


def media(success: Success) -> Media:
    """The stored picture that a reply tells of."""
    link = success.text("link")
    return Media(link, id_in(success, link), success.beyond("link", "id"), success.meta)


def id_in(success: Success, link: str) -> str:
    """The id in the reply; else the link's last part, which it was in all that were seen."""
    given = success.fields.get("id")
    return given if isinstance(given, str) and given else last_part(link)


def blob(success: Success) -> Blob:
    """The picture that a reply is."""
    return Blob(success.content, success.media_type, success.meta)


def answer(success: Success) -> Answer:
    """Every field of a reply whose form is not documented."""
    return Answer(success.fields, success.meta)


def call_of(
    name: str,
    returns: Callable[[Success], T],
    params: Mapping[str, Unlinked],
    *,
    blob: bool = False,
    inline: bool = False,
    bare: bool = False,
) -> Call[T]:
    """The call of an endpoint by its name; see ``call_to``."""
    sent = {**params, "blob": True} if blob else params
    return call_to(ENDPOINTS[name], returns, sent, blob=blob, inline=inline, bare=bare)


def call_to(
    endpoint: Endpoint,
    returns: Callable[[Success], T],
    params: Mapping[str, Unlinked],
    *,
    blob: bool = False,
    inline: bool = False,
    bare: bool = False,
    method: str | None = None,
) -> Call[T]:
    """The call of an endpoint, whatever way its pictures have to take.

    Args:
        endpoint: The endpoint.
        returns: Makes the result.
        params: The parameters; pictures in them must be links or uploads. An upload that
            is ``img`` goes as the field ``file`` where the endpoint takes that; any other
            stands where a link must, and is stored first.
        blob: Whether the picture's bytes are to come instead of JSON.
        inline: Whether the reply may hold a picture within its JSON.
        bare: Whether the reply may have no ``status``.
        method: The HTTP method where the endpoint's preferred one is not wanted.
    """
    upload = params.get("img")
    if isinstance(upload, Upload) and endpoint.upload:
        params = {name: value for name, value in params.items() if name != "img"}
    else:
        upload = None
    settled: Mapping[str, Parameter] = {}
    unlinked: Mapping[str, Unlinked] | None = None
    if uploads_in(params.values()):
        unlinked = params
    else:
        settled = cast("Mapping[str, Parameter]", params)
    return Call(endpoint, returns, settled, upload, unlinked, blob, inline, bare, method)
