"""What is recorded of a call, whatever comes of it: over a writer that notes what it is given."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from pixlab_async import (
    BadRequest,
    ConfigurationError,
    ConnectionFailed,
    Meta,
    NotFound,
    RecordingFailed,
)
from pixlab_async._core import Track
from pixlab_async._endpoint import ENDPOINTS
from pixlab_async._protocol import Call
from pixlab_async._success import Success
from pixlab_async._temporary import TEMPORARY
from pixlab_async.ledger._recording import record_deleting, record_storing
from pixlab_async.ledger._rows import Gone, Intent, Kept, Row, Void

LINK = "https://m/path/a.png?x=1"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # nothing here waits


class Told:
    """A writer that notes what it is given."""

    def __init__(
        self, *, takes_back: bool = True, failing: tuple[Exception | None, ...] = ()
    ) -> None:
        self.rows: list[tuple[Row, bool]] = []
        self.taken_back: list[Row] = []
        self.flushes = 0
        self._takes_back, self._failing = takes_back, list(failing)

    def put(self, row: Row, *, full: bool = False) -> None:
        self.rows.append((row, full))

    def withdraw(self, row: Row) -> bool:
        self.taken_back.append(row)
        return self._takes_back

    async def flush(self) -> None:
        self.flushes += 1
        failure = self._failing.pop(0) if self._failing else None
        if failure is not None:
            raise failure


def call(name: str = "flip", returns: Callable[[Success], Any] | None = None, **params: Any) -> Any:
    return Call(ENDPOINTS[name], returns or (lambda success: success.fields), params)


async def store(
    writer: Any, wanted: Any, reply: Any, track: Track | None = None, tag: str = "t"
) -> Any:
    """Make a call that stores; the reply is its fields, or what it ends with."""

    async def make(given: Call[Any]) -> Any:
        if isinstance(reply, BaseException):
            raise reply

        return given.returns(Success(reply, b"", "", Meta()))

    return await record_storing(writer, wanted, make, tag=tag, track=track or Track())


def intent_of(writer: Told) -> Intent:
    intent, full = writer.rows[0]
    assert isinstance(intent, Intent)
    assert full
    return intent


# --- Calls that store ---------------------------------------------------------------------


@pytest.mark.parametrize("temporary", [False, True])
async def test_an_intent_says_what_is_to_be_made(temporary: bool) -> None:
    writer = Told()
    token = TEMPORARY.set(temporary)
    await store(writer, call(), {"link": LINK})
    TEMPORARY.reset(token)

    intent = intent_of(writer)
    assert (intent.endpoint, intent.tag, intent.temporary) == ("flip", "t", temporary)
    assert (intent.kept, writer.flushes) == (True, 2)


@pytest.mark.parametrize(
    ("endpoint", "fields", "link", "name", "secure"),
    [
        ("flip", {"link": LINK, "id": "b", "ssl_link": "https://s"}, LINK, "b", "https://s"),
        ("flip", {"link": LINK}, LINK, "a.png", None),
        ("flip", {"link": LINK, "id": "", "ssl_link": ""}, LINK, "a.png", None),
        ("flip", {"link": LINK, "id": 7, "ssl_link": 7}, LINK, "a.png", None),
        ("flip", {"ssl_link": "https://s/c.png"}, "https://s/c.png", "c.png", "https://s/c.png"),
        ("template", {"url": LINK, "link": "other"}, LINK, "a.png", None),
    ],
)
async def test_the_link_of_a_reply_is_put_for_good(
    endpoint: str, fields: dict[str, Any], link: str, name: str, secure: str | None
) -> None:
    writer = Told()
    assert await store(writer, call(endpoint), fields) == fields

    (_, (kept, full)) = writer.rows
    assert isinstance(kept, Kept)
    assert full
    assert kept.intent is intent_of(writer)
    assert (kept.link, kept.id, kept.ssl_link) == (link, name, secure)
    assert writer.taken_back == []


@pytest.mark.parametrize("fields", [{}, {"link": ""}, {"link": 7}, {"link": None, "ssl_link": ""}])
@pytest.mark.parametrize("takes_back", [True, False])
async def test_a_reply_without_a_link_takes_the_intent_back(
    fields: dict[str, Any], takes_back: bool
) -> None:
    writer = Told(takes_back=takes_back)
    await store(writer, call(), fields)

    intent = intent_of(writer)
    voids = [row.intent for row, _ in writer.rows if isinstance(row, Void)]
    assert writer.taken_back == [intent]
    assert voids == ([] if takes_back else [intent])


async def test_a_picture_is_put_although_its_reply_is_no_result() -> None:
    def returns(_: Success) -> Any:
        raise BadRequest("odd")

    writer = Told()
    with pytest.raises(BadRequest):
        await store(writer, call(returns=returns), {"link": LINK})

    assert [type(row) for row, _ in writer.rows] == [Intent, Kept]
    assert writer.taken_back == []


@pytest.mark.parametrize(
    ("error", "attempts", "maybe_processed", "taken_back"),
    [
        (BadRequest("no"), 1, False, True),
        (ConnectionFailed("lost"), 1, True, False),
        (KeyboardInterrupt(), 1, True, False),
        (KeyboardInterrupt(), 0, False, True),
        (ConfigurationError("unreadable"), 0, True, True),
        (ConfigurationError("unreadable"), 1, True, True),
        (ConfigurationError("unreadable"), 2, True, False),
        (ConfigurationError("unreadable"), 2, False, True),
    ],
)
async def test_an_intent_stays_where_a_picture_may_be_stored(
    error: BaseException, attempts: int, maybe_processed: bool, taken_back: bool
) -> None:
    writer = Told()
    track = Track()
    track.attempts, track.maybe_processed = attempts, maybe_processed
    with pytest.raises(type(error)):
        await store(writer, call(), error, track)

    assert writer.taken_back == ([intent_of(writer)] if taken_back else [])
    assert len(writer.rows) == 1


async def test_an_attempt_whose_reply_was_lost_has_an_intent_of_its_own() -> None:
    writer = Told()
    track = Track()
    track.maybe_processed = True

    def returns(_: Success) -> None:
        intent_of(writer).begun -= 1000  # as if the reply had taken a second

    await store(writer, call(returns=returns), {"link": LINK}, track)

    (first, _), (kept, _), (lost, full) = writer.rows
    assert isinstance(first, Intent)
    assert isinstance(kept, Kept)
    assert isinstance(lost, Intent)
    assert full
    assert (lost.endpoint, lost.tag, lost.temporary, lost.begun) == (
        first.endpoint,
        first.tag,
        first.temporary,
        first.begun,
    )
    assert lost is not first


async def test_an_intent_that_cannot_be_written_ends_the_call_before_it_is_sent() -> None:
    writer = Told(failing=(RecordingFailed("full"),))
    with pytest.raises(RecordingFailed):
        await store(writer, call(), AssertionError("sent"))

    assert writer.taken_back == [intent_of(writer)]


async def test_a_link_that_cannot_be_written_yet_is_given_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = Told(failing=(None, RecordingFailed("full")))
    with caplog.at_level(logging.ERROR, "pixlab_async"):
        assert await store(writer, call(), {"link": LINK}) == {"link": LINK}

    assert caplog.messages == ["A picture's link is not in the ledger yet: full"]


# --- Calls that delete --------------------------------------------------------------------


async def delete(writer: Any, wanted: Any, reply: Any) -> Any:
    seen: list[Call[Any]] = []

    async def make(given: Call[Any]) -> Any:
        seen.append(given)
        if isinstance(reply, BaseException):
            raise reply

        return given.returns(Success(reply, b"", "", Meta()))

    try:
        return await record_deleting(writer, wanted, make)
    finally:
        assert seen[0].params == wanted.params


def gone(writer: Told) -> list[tuple[str, str, bool]]:
    return [(row.name, row.ending, full) for row, full in writer.rows if isinstance(row, Gone)]


@pytest.mark.parametrize(
    ("fields", "recorded"),
    [
        ({"deleted": True}, [(LINK, "deleted", False)]),
        ({"deleted": False}, []),
        ({"deleted": 1}, []),
        ({}, []),
    ],
)
async def test_a_deletion_is_recorded_where_it_is_confirmed(
    fields: dict[str, Any], recorded: list[Any]
) -> None:
    writer = Told()

    assert await delete(writer, call("delete", link=LINK), fields) == fields
    assert gone(writer) == recorded


@pytest.mark.parametrize(
    ("maybe_processed", "ending"), [(False, "already_gone"), (True, "deleted_unconfirmed")]
)
async def test_what_is_not_there_is_recorded_as_gone(maybe_processed: bool, ending: str) -> None:
    writer = Told()
    error = NotFound("no such picture", status=404)
    error.maybe_processed = maybe_processed
    with pytest.raises(NotFound):
        await delete(writer, call("delete", link=LINK), error)

    assert gone(writer) == [(LINK, ending, False)]


@pytest.mark.parametrize("params", [{}, {"link": 7}])
async def test_a_deletion_without_a_link_records_nothing(params: dict[str, Any]) -> None:
    writer = Told()

    assert await delete(writer, call("delete", **params), {"deleted": True}) == {"deleted": True}
    with pytest.raises(NotFound):
        await delete(writer, call("delete", **params), NotFound("no"))
    assert writer.rows == []
