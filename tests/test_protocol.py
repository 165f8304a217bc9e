"""The pure parts: a call's text, a reply's meaning, when to try again."""

from __future__ import annotations

import pickle
from copy import copy
from enum import Enum
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixlab_async
from pixlab_async import (
    AuthenticationFailed,
    BadRequest,
    CleanupFailed,
    ConfigurationError,
    ConnectionFailed,
    Media,
    PixLabError,
    RateLimited,
    ReplyError,
    RetryPolicy,
    ServerFailed,
    TimedOut,
    UnreadableReply,
)
from pixlab_async._endpoint import ENDPOINTS, Endpoint
from pixlab_async._key import APIKey
from pixlab_async._protocol import TARGET_LIMIT, Call, build, text
from pixlab_async._reply import read
from pixlab_async._results import Meta
from pixlab_async._retry import RetryBudget, parse_retry_after
from pixlab_async.endpoints.storage import delete_call
from pixlab_async.transports import Reply, Request


class Mode(str, Enum):  # noqa: UP042 - the older way, which prints otherwise
    SOFT = "soft"


class Float64(float):
    """As numpy's prints."""

    def __repr__(self) -> str:
        return "np.float64(2.5)"


ORIGIN = "https://api.pixlab.io"
KEY = APIKey("0123456789abcdef")
NOW = 1_700_000_000.0


def request(call: Call[Any], **options: Any) -> Request:
    chosen: dict[str, Any] = {"key": KEY, "auth": "query", "timeout": 1.0}
    return build(call, ORIGIN, **{**chosen, **options})


def call(params: Any = None, method: str | None = None) -> Call[Any]:
    return Call(Endpoint("blur"), lambda success: success, params or {}, method=method)


# --- Requests -----------------------------------------------------------------------------


def test_a_request_shows_neither_key_nor_parameters() -> None:
    made = request(delete_call("https://media/secret.png"))

    assert repr(made) == "<Request GET https://api.pixlab.io/delete>"


def test_a_call_shows_the_names_of_its_parameters_only() -> None:
    assert "secret" not in repr(delete_call("https://media/secret.png"))


def test_a_request_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(request(delete_call("a.png")))


def test_none_means_not_sent() -> None:
    assert request(call({"a": None, "b": 1})).target == "/blur?b=1&key=0123456789abcdef"


def test_without_a_key_and_parameters_there_is_no_query() -> None:
    assert request(call(), key=None).target == "/blur"


def test_a_key_in_the_header_is_not_in_the_query() -> None:
    made = request(call({"a": 1}), auth="header")

    assert made.target == "/blur?a=1"
    assert ("WWW-Authenticate", "0123456789abcdef") in made.headers


def test_a_post_carries_json_with_the_key() -> None:
    made = request(call({"a": [1, {"b": "é"}]}, "POST"))

    assert made.content == '{"a":[1,{"b":"é"}],"key":"0123456789abcdef"}'.encode()
    assert made.target == "/blur"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (2.5, "2.5"),
        (1e-7, "0.0000001"),
        (1e20, "100000000000000000000"),
        (Float64(2.5), "2.5"),
        (Mode.SOFT, "soft"),
        ("a b&c", "a b&c"),
        ([1, 2], "[1,2]"),
        ({"a": [True, None]}, '{"a":[true,null]}'),
    ],
)
def test_a_value_is_sent_as(value: Any, sent: str) -> None:
    assert text(value, "name") == sent


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), [float("nan")], "\ud800", ["\ud800"], {"a": object()}, object()],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_value_that_cannot_be_sent_is_refused(value: Any, method: str) -> None:
    with pytest.raises(ConfigurationError, match="'name'|'parameters'"):
        request(call({"name": value}, method))


def test_a_query_has_a_limit() -> None:
    with pytest.raises(ConfigurationError, match="method='POST'"):
        request(call({"a": "é" * (TARGET_LIMIT // 5)}, "GET"))


def test_what_is_too_long_for_a_query_goes_as_json_where_that_is_taken() -> None:
    made = request(call({"a": "é" * (TARGET_LIMIT // 5)}))

    assert (made.method, made.target.partition("?")[2]) == ("POST", "")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_the_query(value: str) -> None:
    from urllib.parse import parse_qsl

    _, _, query = request(call({"a": value})).target.partition("?")

    assert parse_qsl(query, keep_blank_values=True)[0] == ("a", value)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.text(st.characters(exclude_categories=["Cs"])),
        min_size=1,
    )
)
def test_a_query_is_what_urlencode_makes_of_it(params: dict[str, str]) -> None:
    from urllib.parse import urlencode

    key = APIKey("k&y=+%/~")
    made = build(call(params), "https://a.example/x", key=key, auth="query", timeout=1)

    expected = urlencode([*params.items(), ("key", key.reveal())])
    assert made.target == f"/x/{made.endpoint}?{expected}"


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_json_is_read_in_any_coding_of_unicode(coding: str) -> None:
    body = '{"status":200,"deleted":true,"id":"é"}'.encode(coding)

    assert read(delete_call("a"), Reply(200, {}, body), Meta(), now=0).id == "é"


# --- Replies ------------------------------------------------------------------------------


@given(st.binary(max_size=200), st.integers(100, 999), st.booleans())
def test_any_reply_is_a_result_or_an_error_of_ours(body: bytes, status: int, as_json: bool) -> None:
    headers = {"content-type": "application/json" if as_json else "text/html"}
    try:
        read(delete_call("a.png"), Reply(status, headers, body), Meta(), now=NOW)
    except PixLabError as error:
        assert str(error)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from([200, 201, 302, 400, 404, 429, 500]),
)
def test_any_json_is_a_result_or_an_error_of_ours(value: Any, status: int) -> None:
    import json

    body = json.dumps({"status": value, "deleted": value, "error": value, "id": value}).encode()
    try:
        read(delete_call("a.png"), Reply(status, {}, body), Meta(), now=NOW)
    except PixLabError as error:
        assert str(error)


def test_a_2xx_other_than_200_is_fine() -> None:
    reply = Reply(201, {}, b'{"status":200,"deleted":true}')

    assert read(delete_call("a"), reply, Meta(), now=NOW).id is None


def test_a_field_that_decides_nothing_may_come_twice() -> None:
    reply = Reply(200, {}, b'{"status":200,"deleted":true,"x":1,"x":2}')

    assert read(delete_call("a"), reply, Meta(), now=NOW).extra == {"x": 2}


def test_a_status_may_be_a_whole_number_with_a_point() -> None:
    assert read(delete_call("a"), Reply(200, {}, b'{"status":200.0,"deleted":true}'), Meta(), now=0)


def test_a_redirect_to_a_broken_address_is_an_error_like_any_other() -> None:
    with pytest.raises(ReplyError, match="nowhere"):
        read(delete_call("a"), Reply(302, {"location": "http://[bad"}, b""), Meta(), now=0)


def test_the_field_that_is_missing_is_named() -> None:
    from pixlab_async.endpoints._group import media

    with pytest.raises(UnreadableReply, match="'link' should be a text, and is nothing") as caught:
        read(
            Call(ENDPOINTS["oilpaint"], media),
            Reply(200, {}, b'{"status":200,"id":"a"}'),
            Meta(),
            now=NOW,
        )

    assert caught.value.field == "link"


# --- Retry-After --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", "", 120.0),
        ("1.5", "", 1.5),
        ("0", "", 0.0),
        ("-3", "", 0.0),
        ("inf", "", None),
        ("nan", "", None),
        ("", "", None),
        ("soon", "", None),
        ("1, 2", "", None),
        ("Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:28:30 -0000", "Wed, 21 Oct 2015 07:28:00 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "", 0.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "garbage", 60.0),
        ("Wed, 99 Oct 2015 07:28:30 GMT", "", None),
    ],
)
def test_retry_after_is_read_as(value: str, date: str, seconds: float | None) -> None:
    assert parse_retry_after(value, date, NOW) == seconds


@given(st.text(), st.text())
def test_any_retry_after_is_a_bounded_wait_or_none(value: str, date: str) -> None:
    seconds = parse_retry_after(value, date, NOW)

    assert seconds is None or 0 <= seconds < float("inf")


# --- Policy -------------------------------------------------------------------------------

LOST = ConnectionFailed("lost", sent=True)


def wait(error: PixLabError, policy: RetryPolicy | None = None, **facts: Any) -> float | None:
    policy = policy or RetryPolicy()
    chosen: dict[str, Any] = {"attempt": 1, "repeatable": True, "replayable": True}
    chosen |= {"random": Random(1), **facts}
    return policy.wait(error, **chosen)


@pytest.mark.parametrize(
    ("error", "repeatable", "again"),
    [
        (ConnectionFailed("refused", sent=False), False, True),
        (ConnectionFailed("lost", sent=True), False, False),
        (ConnectionFailed("lost", sent=True), True, True),
        (ConnectionFailed("certificate", sent=False, permanent=True), True, False),
        (TimedOut("connect", phase="connect", sent=False), False, True),
        (TimedOut("read", phase="read", sent=True), False, False),
        (TimedOut("read", phase="read", sent=True), True, True),
        (TimedOut("deadline", phase="deadline", sent=True), True, False),
        (TimedOut("queue", phase="queue"), True, False),
        (ServerFailed("500", status=500), True, True),
        (ServerFailed("500", status=500), False, False),
        (UnreadableReply("cut"), True, True),
        (UnreadableReply("cut"), False, False),
        (RateLimited("429", status=429), False, True),
        (BadRequest("400", status=400), True, False),
        (AuthenticationFailed("401", status=401), True, False),
    ],
)
def test_what_is_tried_again(error: PixLabError, repeatable: bool, again: bool) -> None:
    assert (wait(error, repeatable=repeatable) is not None) == again


def test_what_cannot_be_sent_again_is_not() -> None:
    assert wait(ConnectionFailed("refused"), replayable=False) is None


@pytest.mark.parametrize("attempt", [1, 2, 3, 4, 5, 10])
def test_waits_are_spread_over_the_whole_of_a_doubling_interval(attempt: int) -> None:
    policy = RetryPolicy(attempts=99, base=0.5, cap=8.0)
    longest = min(8.0, 0.5 * 2 ** (attempt - 1))
    random = Random(4)

    waits = [wait(LOST, policy, attempt=attempt, random=random) or 0.0 for _ in range(4000)]

    assert 0 <= min(waits) < 0.01 * longest
    assert 0.99 * longest < max(waits) <= longest
    assert sum(waits) / len(waits) == pytest.approx(longest / 2, rel=0.05)


def test_a_wanted_wait_takes_the_place_of_the_jitter() -> None:
    assert wait(ServerFailed("503", status=503, retry_after=7.0)) == 7.0


def test_a_wanted_wait_beyond_the_bound_is_not_waited_for() -> None:
    assert wait(RateLimited("429", status=429, retry_after=61.0)) is None


@pytest.mark.parametrize(
    "numbers",
    [
        {"attempts": 0},
        {"limited_attempts": 0},
        {"base": -1},
        {"cap": float("inf")},
        {"max_wait": -1},
    ],
)
def test_a_policy_that_cannot_be_is_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="RetryPolicy"):
        RetryPolicy(**numbers)


def test_the_budget_starts_full_and_ends() -> None:
    budget = RetryBudget()

    assert [budget.spend(0.0) for _ in range(11)] == [True] * 10 + [False]


def test_ten_successes_earn_a_retry() -> None:
    budget = RetryBudget(burst=1.0)
    budget.spend(0.0)
    for _ in range(10):
        budget.earn()

    assert budget.spend(0.0)


def test_time_earns_retries_too() -> None:
    budget = RetryBudget(burst=1.0)
    budget.spend(0.0)

    assert not budget.spend(5.0)
    assert budget.spend(16.0)


@given(st.lists(st.booleans(), max_size=300))
def test_retries_never_exceed_a_tenth_and_the_burst(worked: list[bool]) -> None:
    budget = RetryBudget(per_second=0.0)
    spent = 0
    for success in worked:
        if success:
            budget.earn()
        else:
            spent += budget.spend(0.0)

    assert spent <= 10 + 0.1 * sum(worked) + 1e-6


# --- Errors -------------------------------------------------------------------------------


def through_pickle(error: PixLabError) -> Any:
    return pickle.loads(pickle.dumps(error))


def errors() -> list[PixLabError]:
    classes = [
        value
        for value in vars(pixlab_async).values()
        if isinstance(value, type) and issubclass(value, PixLabError)
    ]
    made = [cls("because", endpoint="blur") for cls in classes]
    for error in made:
        error.attempts, error.elapsed, error.history = 2, 1.5, ("first", "second")
    return made


@pytest.mark.parametrize("error", errors(), ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("through", [copy, through_pickle])
def test_every_error_survives_pickling_and_copying(error: PixLabError, through: Any) -> None:
    again = through(error)

    assert type(again) is type(error)
    assert (again.args, vars(again), str(again)) == (error.args, vars(error), str(error))


def test_an_error_tells_endpoint_message_attempts_and_time() -> None:
    error = ServerFailed("busy", endpoint="blur", status=500, http_status=200)
    error.attempts, error.elapsed = 2, 1.234

    assert str(error) == "blur: 500 (HTTP 200) busy (2 attempts, 1.23 s)"


def test_an_error_outside_a_call_is_its_message() -> None:
    assert str(ConfigurationError("no key")) == "no key"


def test_a_configuration_error_is_a_value_error() -> None:
    assert issubclass(ConfigurationError, ValueError)


def test_a_failed_clean_up_pickles_with_its_media() -> None:
    error = CleanupFailed("left", media=Media("https://m/a", "a"), error=ServerFailed("no"))

    again = pickle.loads(pickle.dumps(error))

    assert again.media == error.media
    assert isinstance(again.error, ServerFailed)


def test_a_deletion_is_repeatable_and_a_painting_is_not() -> None:
    assert (ENDPOINTS["delete"].repeatable, ENDPOINTS["oilpaint"].repeatable) == (True, False)
