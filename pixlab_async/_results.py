"""What calls return: one frozen class per shape of reply, plain values only.

Fields that the service adds beyond the documented ones are kept in ``extra``. ``meta``
holds the facts of the call itself and takes no part in comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from attrs import field, frozen

from ._errors import PixLabError

JSON: TypeAlias = str | int | float | bool | list["JSON"] | dict[str, "JSON"] | None


@frozen
class Meta:
    """The facts of a call.

    Attributes:
        attempts: How many times it was sent or tried to be sent; 1 where nothing failed.
        elapsed: Seconds from the call's begin to its result, waiting included.
        http_status: The status of the HTTP reply.
        left_stored: Sources that were stored for the call, since its endpoint takes links
            alone, and whose deletion after it could not be confirmed: yours to delete.
            ``temporary`` does. Empty where all went well.
    """

    attempts: int = 1
    elapsed: float = 0.0
    http_status: int = 200
    left_stored: tuple[Media, ...] = ()


@frozen
class Media:
    """A picture or video that PixLab stores now, until somebody deletes it.

    Attributes:
        link: Its address. Whoever has it can see the picture.
        id: Its identifier, with which it can be deleted too. Some endpoints give none; it is
            the link's last part then, as in every reply that was seen.
        extra: Fields of the reply that are not documented, such as ``ssl_link``.
        meta: The facts of the call.
    """

    link: str
    id: str
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=Meta(), eq=False)


def last_part(link: str) -> str:
    """A link's last part, of the path alone: the query of a private bucket's is a signature."""
    path = link.partition("?")[0].partition("#")[0]
    return path.rpartition("/")[2] or path


@frozen
class Blob:
    """A picture's bytes, sent instead of a link: nothing is stored, nothing is to delete.

    Attributes:
        content: The bytes.
        media_type: The reply's content type, such as "image/png".
        meta: The facts of the call.
    """

    content: bytes = field(repr=lambda content: f"<{len(content)} bytes>")
    media_type: str
    meta: Meta = field(default=Meta(), eq=False)


class DeletionState(StrEnum):
    """What became of a stored picture that was to be deleted.

    The first three mean that it is gone.
    """

    DELETED = "deleted"
    """The service confirmed the deletion."""
    DELETED_UNCONFIRMED = "deleted_unconfirmed"
    """An earlier attempt's reply was lost, and now nothing is there: it was deleted."""
    ALREADY_GONE = "already_gone"
    """Nothing was there at the first attempt."""
    REJECTED = "rejected"
    """The service refused (400, 401, 405, 415 ...), or the link cannot be sent."""
    FAILED = "failed"
    """Every attempt met trouble on the way; running it again may help."""
    UNKNOWN = "unknown"
    """Cancelled after it was sent: the picture may or may not be gone."""
    NOT_SENT = "not_sent"
    """Cancelled or stopped before it was sent, or a dry run: the picture is untouched."""

    @property
    def gone(self) -> bool:
        """Whether nothing is stored there any more."""
        return self in _GONE


_GONE = frozenset(
    {DeletionState.DELETED, DeletionState.DELETED_UNCONFIRMED, DeletionState.ALREADY_GONE}
)


@frozen
class Deletion:
    """The outcome of a deletion that left nothing behind.

    Attributes:
        id: The identifier of what was deleted, or None where no reply confirmed one.
        deleted: Whether this call removed it; False where it was gone before.
        state: ``deleted``, ``deleted_unconfirmed`` or ``already_gone``.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    id: str | None
    deleted: bool
    state: DeletionState
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=Meta(), eq=False)


@frozen
class Outcome:
    """What became of one link of a batch.

    Attributes:
        index: The link's place in the input, counted from 0.
        link: The link as it was given.
        state: What became of it.
        error: Why it failed or was rejected, else None.
        attempts: How many times its deletion was sent.
        duplicate_of: The place of the same link earlier in the input, whose outcome this
            one shares; None where there is none or ``dedupe`` is off.
        elapsed: Seconds from the last attempt's send to its reply, or None without one.
        rate_limited: How many attempts were answered with 429.
        maybe_processed: Whether the service may have acted on an attempt without telling.
    """

    index: int
    link: str
    state: DeletionState
    error: PixLabError | None = None
    attempts: int = 0
    duplicate_of: int | None = None
    elapsed: float | None = None
    rate_limited: int = 0
    maybe_processed: bool = False


@frozen
class ServiceStatus:
    """What PixLab says of its own state: only ever returned when all is well.

    Attributes:
        payload: The service's message, or None.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    payload: str | None = None
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=Meta(), eq=False)


@frozen
class Answer:
    """The JSON object that ``pixlab.call()`` got, untyped.

    Attributes:
        fields: Every field of the reply.
        meta: The facts of the call.
    """

    fields: Mapping[str, JSON]
    meta: Meta = field(default=Meta(), eq=False)

    def __getitem__(self, name: str) -> JSON:
        return self.fields[name]
