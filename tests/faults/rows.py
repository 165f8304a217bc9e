"""The fault matrix as data: what goes wrong, and what must come of it.

One ``Row`` is one fault and one call. ``doubtful`` makes the three that belong to a reply
which was lost or cannot be believed: a deletion is asked for again and a 404 then confirms
it; it has failed when it never gets through; and a call that stores something is not sent
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from pixlab_async import DeletionState, PixLabError, RetryPolicy

from ..scripted import JSON_OK, Answer, http
from .server import Behaviour

Ask = Literal["delete", "batch", "paint"]
Facts: TypeAlias = dict[str, Any]

GONE = http(b'{"status":404,"error":"nothing there"}', 404)


@frozen
class Row:
    """One fault, one call, and what must come of it.

    Attributes:
        number: Of the matrix.
        what: The fault in words.
        answers: What the server does with the first request, the second, ...
        ask: "delete" (one call), "batch" (one link of ``delete_many``) or "paint" (a call
            that stores a picture).
        state: What became of the deletion, where no error is raised.
        error: The class of the error that is raised, or in the batch's outcome.
        on_fast: The same on the fast lane, where the library below takes it otherwise.
        facts: What the error must say; of a deletion its attempts.
        requests: How many reached the server.
        options: The client's, beyond those of all rows.
        next_host: Where the next call of the same client goes: "llm" where the first host
            cannot be reached, or asks everybody to wait.
        reused: Whether the connection has served another call before.
        address: A way to be no server at all, in ``test_matrix``.
    """

    number: int
    what: str
    answers: tuple[Answer | Behaviour, ...] = ()
    ask: Ask = "delete"
    state: DeletionState | None = None
    error: type[PixLabError] | None = None
    on_fast: type[PixLabError] | None = None
    facts: Mapping[str, Any] = field(factory=dict[str, Any])
    requests: int = 0
    options: Mapping[str, Any] = field(factory=dict[str, Any])
    next_host: Literal["api", "llm"] = "api"
    reused: bool = False
    address: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.what}, {self.ask}{' again' if self.reused else ''}"


def deleted(
    number: int, what: str, *answers: Answer | Behaviour, attempts: int = 1, **options: Any
) -> Row:
    """The fault is none, or is got over: the picture is deleted."""
    return Row(
        number,
        what,
        answers,
        state=DeletionState.DELETED,
        facts={"attempts": attempts},
        requests=attempts,
        options=options,
    )


def refused(
    number: int,
    what: str,
    answer: Answer | Behaviour,
    error: type[PixLabError],
    *,
    options: Mapping[str, Any] | None = None,
    next_host: Literal["api", "llm"] = "api",
    **facts: Any,
) -> Row:
    """A clear no: asked once, whatever the call."""
    return Row(
        number,
        what,
        (answer,),
        error=error,
        facts={"attempts": 1, **facts},
        requests=1,
        options=options or {},
        next_host=next_host,
    )


def doubtful(
    number: int,
    what: str,
    answer: Answer | Behaviour,
    error: type[PixLabError],
    *,
    on_fast: type[PixLabError] | None = None,
    options: Mapping[str, Any] | None = None,
    **facts: Any,
) -> list[Row]:
    """The service may have acted, and cannot be asked."""
    given = options or {}
    told = {"maybe_processed": True, **facts}
    return [
        Row(
            number,
            what,
            (answer, GONE),
            state=DeletionState.DELETED_UNCONFIRMED,
            facts={"attempts": 2},
            requests=2,
            options=given,
        ),
        Row(
            number,
            what,
            (answer,),
            ask="batch",
            state=DeletionState.FAILED,
            error=error,
            on_fast=on_fast,
            facts={"attempts": 3, **told},
            requests=3,
            options=given,
        ),
        Row(
            number,
            what,
            (answer,),
            ask="paint",
            error=error,
            on_fast=on_fast,
            facts={"attempts": 1, **told},
            requests=1,
            options=given,
        ),
    ]


def page(status: int, *headers: str, body: bytes = b"<html>sorry</html>") -> bytes:
    """A page, as proxies and portals answer with."""
    return http(body, status, ["Content-Type: text/html", *headers])


def json(fields: str, status: int = 200, *headers: str) -> bytes:
    """A reply of the service's."""
    return http(fields.encode(), status, ["Content-Type: application/json", *headers])


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """A reply whose length is not told beforehand."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return head + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks) + end


OK = http(JSON_OK)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

# Silence is the fault: a tenth of a second of it is enough.
SILENT: Facts = {"timeout": 0.1}
DRIPPING: Facts = {"deadline": 0.2}
ONCE: Facts = {"retry": RetryPolicy(attempts=1, limited_attempts=1)}
