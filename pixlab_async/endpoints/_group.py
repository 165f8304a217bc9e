"""What the groups of endpoints stand on: one way to make a call, and one per kind of result.

A group's methods are short: check the arguments, name the endpoint, name the result. The
picture groups are generic in what they return, so that the client (``Media``) and
``client.blob`` (``Blob``) share every method.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from .._catalogue import Endpoint
from .._errors import ConfigurationError
from .._protocol import Call, Parameter, Success
from .._results import Blob, Media
from .._sources import Source, as_source

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
    def _picture_call(
        self, endpoint: Endpoint, source: Source, params: dict[str, Parameter]
    ) -> Call[P]:
        """The call that makes a picture of the source."""


def media(success: Success) -> Media:
    """The stored picture that a reply tells of."""
    return Media(
        success.text("link"), success.text("id"), success.beyond("link", "id"), success.meta
    )


def blob(success: Success) -> Blob:
    """The picture that a reply is."""
    return Blob(success.content, success.media_type, success.meta)


def media_call(endpoint: Endpoint, source: Source, params: dict[str, Parameter]) -> Call[Media]:
    """A call that makes a picture of the source and stores it."""
    link_or_upload = as_source(source)
    if isinstance(link_or_upload, str):
        return Call(endpoint, media, {"img": link_or_upload, **params})

    return Call(endpoint, media, params, link_or_upload)


def blob_call(endpoint: Endpoint, source: Source, params: dict[str, Parameter]) -> Call[Blob]:
    """A call that makes a picture of the source and sends it back."""
    link_or_upload = as_source(source)
    if isinstance(link_or_upload, str):
        return Call(endpoint, blob, {"img": link_or_upload, **params, "blob": True}, blob=True)

    return Call(endpoint, blob, {**params, "blob": True}, link_or_upload, blob=True)


def number(
    value: float, name: str, *, minimum: float | None = None, maximum: float | None = None
) -> float:
    """The number, where it is one and in its documented range.

    Raises:
        ConfigurationError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigurationError(f"{name} must be a finite number, not {value!r}.")

    if minimum is not None and value < minimum:
        raise ConfigurationError(f"{name} is {value}; it must be {minimum} or more.")

    if maximum is not None and value > maximum:
        raise ConfigurationError(f"{name} is {value}; the documented maximum is {maximum}.")

    return value
