"""What each error holds, what it holds where nothing is said, and how it reads."""

from __future__ import annotations

from typing import Any

import pytest

from pixlab_async import (
    AuthenticationFailed,
    BadRequest,
    BatchIncomplete,
    BatchStopped,
    CleanupFailed,
    ConfigurationError,
    ConnectionFailed,
    Media,
    MethodNotAllowed,
    NotFound,
    PixLabError,
    RateLimited,
    RecordingFailed,
    ReplyError,
    ServerFailed,
    TimedOut,
    UnreadableReply,
    UnsupportedMedia,
)
from pixlab_async._errors import error_class, was_sent

COMMON: dict[str, Any] = {
    "message": "",
    "endpoint": None,
    "attempts": 0,
    "elapsed": 0.0,
    "history": (),
    "maybe_processed": False,
    "batch": None,
}
OF_A_REPLY: dict[str, Any] = {"status": 0, "http_status": 0, "retry_after": None}
# What each class has besides, where nothing is said.
OWN: dict[type[PixLabError], dict[str, Any]] = {
    PixLabError: {},
    ConfigurationError: {},
    ConnectionFailed: {"sent": False, "permanent": False},
    TimedOut: {"phase": "deadline", "sent": False},
    ReplyError: OF_A_REPLY,
    RateLimited: OF_A_REPLY,
    UnreadableReply: {"http_status": 0, "field": None},
    CleanupFailed: {"media": None, "error": None},
    BatchStopped: {"endpoint": "delete", "reason": "failures"},
    BatchIncomplete: {},
    RecordingFailed: {},
}
MEDIA = Media("https://m/a", "a")
CAUSE = ServerFailed("no")


@pytest.mark.parametrize("kind", OWN)
def test_an_error_of_which_nothing_is_said_holds(kind: type[PixLabError]) -> None:
    error = kind()

    assert vars(error) == {**COMMON, **OWN[kind]}
    assert error.args == ("",)


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (PixLabError, {}),
        (ConnectionFailed, {"sent": True, "permanent": True}),
        (TimedOut, {"phase": "read", "sent": True}),
        (ReplyError, {"status": 418, "http_status": 200, "retry_after": 3.0}),
        (UnreadableReply, {"http_status": 502, "field": "link"}),
        (CleanupFailed, {"media": MEDIA, "error": CAUSE}),
        (BatchStopped, {"reason": "deadline"}),
    ],
)
def test_an_error_holds_what_is_said_of_it(kind: type[PixLabError], facts: dict[str, Any]) -> None:
    error = kind("because", endpoint="blur", **facts)

    assert vars(error) == {
        **COMMON,
        **OWN[kind],
        "message": "because",
        "endpoint": "blur",
        **facts,
    }
    assert error.args == ("because",)


@pytest.mark.parametrize(
    ("attempts", "told"),
    [
        (0, "blur: 400 no"),
        (1, "blur: 400 no (1 attempt, 0.50 s)"),
        (2, "blur: 400 no (2 attempts, 0.50 s)"),
    ],
)
def test_attempts_are_told_once_there_were_any(attempts: int, told: str) -> None:
    error = BadRequest("no", endpoint="blur", status=400, http_status=400)
    error.attempts, error.elapsed = attempts, 0.5

    assert str(error) == told


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, AuthenticationFailed),
        (404, NotFound),
        (405, MethodNotAllowed),
        (415, UnsupportedMedia),
        (429, RateLimited),
        (403, ReplyError),
        (499, ReplyError),
        (500, ServerFailed),
        (501, ServerFailed),
        (999, ServerFailed),
    ],
)
def test_a_status_stands_for_a_class(status: int, kind: type[ReplyError]) -> None:
    assert error_class(status) is kind


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (ConnectionFailed(sent=True), True),
        (ConnectionFailed(sent=False), False),
        (TimedOut(sent=True), True),
        (TimedOut(sent=False), False),
        (ServerFailed(), True),
        (UnreadableReply(), True),
        (BadRequest(), False),
        (RateLimited(), False),
        (ConfigurationError(), False),
    ],
)
def test_whether_the_service_may_have_acted(error: PixLabError, sent: bool) -> None:
    assert was_sent(error) is sent
