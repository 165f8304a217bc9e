"""Replies to the last word: which are results, and what the errors of the others say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pixlab_async import (
    AuthenticationFailed,
    BadRequest,
    ConnectionFailed,
    NotFound,
    PixLabError,
    RateLimited,
    ReplyError,
    ServerFailed,
    TimedOut,
    UnreadableReply,
)
from pixlab_async._endpoint import Endpoint
from pixlab_async._protocol import Call
from pixlab_async._reply import brings_bytes, clean, error_from, read, told_by
from pixlab_async._results import Meta
from pixlab_async._success import (
    Success,
    finite,
    mapping,
    number,
    rest,
    text,
    whole,
)
from pixlab_async.transports import Reply, TransportFault

META = Meta(2, 0.5, 201)
NOW = 1_445_412_480.0  # Wed, 21 Oct 2015 07:28:00 GMT
JSON = "application/json"
PNG = b"\x89PNG\r\n"


def call(**facts: Any) -> Call[Success]:
    return Call(Endpoint("blur"), lambda success: success, **facts)


def reply(body: object, status: int = 200, kind: str | None = JSON, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind is not None:
        named["content-type"] = kind
    return Reply(status, named, body if isinstance(body, bytes) else json.dumps(body).encode())


def told(given: Reply, **facts: Any) -> Any:
    """The error that the reply is."""
    with pytest.raises(PixLabError) as caught:
        read(call(**facts), given, META, now=NOW)
    return caught.value


# --- Results ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 299])
@pytest.mark.parametrize("stated", [200, "200", 200.0])
def test_a_reply_that_says_200_is_a_result(status: int, stated: object) -> None:
    given = reply({"status": stated, "a": [1]}, status)

    success = read(call(), given, META, now=NOW)

    assert success.fields == {"status": stated, "a": [1]}
    assert (success.content, success.media_type, success.meta) == (b"", "", META)


@pytest.mark.parametrize("kind", ["image/png", "Image/PNG ; q=1; x", "application/pdf", ""])
def test_where_bytes_were_asked_for_they_are_the_result(kind: str) -> None:
    success = read(call(blob=True), reply(PNG, kind=kind), META, now=NOW)

    expected = kind.partition(";")[0].strip().lower() or "application/octet-stream"
    assert (success.fields, success.content, success.meta) == ({}, PNG, META)
    assert success.media_type == expected


def test_bytes_without_a_content_type_are_bytes() -> None:
    success = read(call(blob=True), reply(PNG, kind=None), META, now=NOW)

    assert success.media_type == "application/octet-stream"


def test_where_a_picture_may_come_or_json_both_are_results() -> None:
    picture = read(call(inline=True), reply(PNG, kind="image/png"), META, now=NOW)
    fields = read(call(inline=True), reply({"status": 200}), META, now=NOW)

    assert (picture.content, fields.fields) == (PNG, {"status": 200})


@pytest.mark.parametrize("body", [{"choices": []}, {"choices": [], "x": {"status": 1}}])
def test_a_bare_reply_may_leave_its_status_to_http(body: object) -> None:
    assert read(call(bare=True), reply(body), META, now=NOW).fields == body


@pytest.mark.parametrize("body", [{"error": "no"}, {"status": "odd"}, {"status": 401}])
def test_a_bare_reply_with_status_or_error_is_judged_by_them(body: object) -> None:
    assert told(reply(body), bare=True)


def test_a_bare_reply_without_success_in_http_is_none() -> None:
    assert told(reply({"choices": []}, 500), bare=True).status == 500


@pytest.mark.parametrize(
    ("facts", "given", "expected"),
    [
        ({}, reply(PNG, kind="image/png"), False),
        ({"blob": True}, reply(PNG, kind="image/png"), True),
        ({"blob": True}, reply(PNG, 400, kind="image/png"), False),
        ({"blob": True}, reply(PNG, kind=JSON), False),
        ({"blob": True}, reply(b"{", kind="image/png"), False),
        ({"blob": True}, reply(b"\xef\xbb\xbf \t\r\n{", kind="image/png"), False),
        ({"blob": True}, reply(b" " * 63 + b"{", kind="image/png"), False),
        ({"blob": True}, reply(b" " * 64 + b"{", kind="image/png"), True),
        ({"blob": True}, reply(PNG + b"{", kind="image/png"), True),
        ({"inline": True}, reply(PNG, kind="image/png"), True),
        ({"inline": True}, reply(PNG, kind="application/pdf"), False),
        ({"inline": True}, reply(PNG, kind=None), False),
        ({"inline": True}, reply(PNG, 302, kind="image/png"), False),
    ],
)
def test_whether_a_body_is_bytes(facts: dict[str, Any], given: Reply, expected: bool) -> None:
    assert brings_bytes(call(**facts), given) is expected


# --- What cannot be read ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the reply is empty"),
        (b"<html>", "the reply is no JSON, or broken off"),
        (b'{"status":200', "the reply is no JSON, or broken off"),
        (b'{"status":200} {', "the reply is no JSON, or broken off"),
        (b'{"status":200}x', "the reply is no JSON, or broken off"),
        (b'{"\xff":200}', "the reply is no JSON, or broken off"),
        (b"[" * 100_000, "the reply is JSON nested too deep"),
        (b'{"a":' * 100_000, "the reply is JSON nested too deep"),
        (b"[]", "the reply is a JSON list and not an object"),
        (b"null", "the reply is a JSON NoneType and not an object"),
        (b'"ok"', "the reply is a JSON str and not an object"),
        (b'{"status":200,"a":NaN}', "the reply holds NaN, which is no JSON"),
        (b'{ "a":-Infinity}', "the reply holds -Infinity, which is no JSON"),
        (b'{"status":500,"status":200}', "the reply states 'status' more than once"),
        (b'{ "status":500,"status":200}', "the reply states 'status' more than once"),
        (b'{"link":1,"id":1,"link":1,"id":1}', "the reply states 'id' more than once"),
        (b'{"deleted":1,"deleted":1}', "the reply states 'deleted' more than once"),
        (b'{"error":1,"error":1}', "the reply states 'error' more than once"),
    ],
)
@pytest.mark.usefixtures("uncollected")
def test_what_cannot_be_read_is_told(body: bytes, problem: str) -> None:
    error = told(reply(body, 202))

    assert isinstance(error, UnreadableReply)
    assert error.message == f"{problem} (HTTP 202, application/json)"
    assert (error.http_status, error.field) == (202, None)


def listed(values: int, *, fill: int = 0, first: bytes = b"1") -> bytes:
    """An object with a list of so many values, and a text of so many characters."""
    numbers = b",".join([first] * values)
    return b'{"status":200,"n":[' + numbers + b'],"x":"' + b"x" * fill + b'"}'


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        # The commas between the fields, too, and both brackets.
        (listed(99_998), "the reply holds 100,001 values, where 100,000 are far too many"),
        (listed(1, fill=65_536, first=b"1" * 101), "the reply holds a number of 101 digits"),
    ],
    ids=["values", "digits"],
)
def test_a_large_reply_that_would_take_long_is_not_parsed(body: bytes, problem: str) -> None:
    assert told(reply(body, 202)).message == f"{problem} (HTTP 202, application/json)"


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "body", [listed(99_997), listed(1, fill=65_536, first=b"1" * 100)], ids=["values", "digits"]
)
def test_a_large_reply_is_parsed_like_others(body: bytes, coding: str) -> None:
    success = read(call(), reply(body.decode().encode(coding)), META, now=NOW)

    assert success.fields == json.loads(body)


def test_a_large_reply_is_looked_at_as_closely_as_others() -> None:
    fill = b"x" * 65_536

    for body in (b'{"status":1,"status":2,"x":"' + fill + b'"}', b'{"x":"' + fill + b'","y":NaN}'):
        assert type(told(reply(body))) is UnreadableReply


def test_half_a_surrogate_pair_in_a_large_reply_is_taken() -> None:
    body = b'{"status":200,"a":"\xed\xa0\x80","x":"' + b"x" * 65_536 + b'"}'

    assert read(call(), reply(body), META, now=NOW).fields["a"] == "\ud800"


@pytest.mark.parametrize(("length", "looked_for"), [(65_536, False), (65_537, True)])
def test_a_number_of_many_digits_is_looked_for_in_large_replies_alone(
    length: int, looked_for: bool
) -> None:
    short = listed(1, first=b"1" * 101)
    given = reply(listed(1, first=b"1" * 101, fill=length - len(short)))

    assert len(given.body) == length
    if looked_for:
        assert "101 digits" in told(given).message
    else:
        assert read(call(), given, META, now=NOW)


@pytest.mark.parametrize(
    "body", [b' {"status":200}', b'{"status":200}\n', b'{ "status":200 } \r\n']
)
def test_white_space_round_json_is_json(body: bytes) -> None:
    assert read(call(), reply(body), META, now=NOW).fields == {"status": 200}


@pytest.mark.parametrize(
    "body", [b'{"status":200,"x":"\xed\xa0\x80"}', b'{"status":200,"x":"\\ud800"}']
)
def test_half_a_surrogate_pair_in_a_reply_is_taken_in_either_spelling(body: bytes) -> None:
    assert read(call(), reply(body), META, now=NOW).fields["x"] == "\ud800"


@pytest.mark.parametrize("status", [101, 199, 299, 600, 999])
def test_what_is_no_failure_in_http_says_nothing_without_json(status: int) -> None:
    error = told(reply(b"<html>", status, "text/html"))

    assert isinstance(error, UnreadableReply)
    assert error.message == f"the reply is no JSON, or broken off (HTTP {status}, text/html)"


def test_without_json_a_404_is_not_the_services_word() -> None:
    error = told(reply(b"<html>", 404, "Text/HTML; charset=x"))

    assert isinstance(error, UnreadableReply)
    assert error.message == "the reply is no JSON, or broken off (HTTP 404, text/html)"
    assert error.http_status == 404


def test_a_reply_without_a_content_type_says_so() -> None:
    assert told(reply(b"", 200, None)).message == ("the reply is empty (HTTP 200, no content type)")
    assert told(reply(b"", 500, None)).message == "no JSON, but no content type"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, AuthenticationFailed),
        (429, RateLimited),
        (502, ServerFailed),
        (599, ServerFailed),
    ],
)
def test_without_json_http_says_what_happened(status: int, kind: type[ReplyError]) -> None:
    error = told(reply(b"<html>", status, "text/html", retry_after="7"))

    assert type(error) is kind
    assert error.message == "no JSON, but text/html"
    assert (error.status, error.http_status, error.retry_after) == (status, status, 7.0)


@pytest.mark.parametrize("status", [300, 307, 399])
@pytest.mark.parametrize("body", [b"", b'{"a":1}'])
@pytest.mark.parametrize(
    ("headers", "where"),
    [
        ({"location": "https://other.example/?key=secret"}, "other.example"),
        ({"location": "/here"}, "nowhere"),
        ({"location": "http://[bad"}, "nowhere"),
        ({}, "nowhere"),
    ],
)
def test_a_redirect_says_where_to_and_no_more(
    status: int, body: bytes, headers: dict[str, str], where: str
) -> None:
    error = told(reply(body, status, "text/html", **headers))

    assert type(error) is ReplyError
    assert error.message == f"a redirect to {where}, which is not followed"
    assert (error.status, error.http_status) == (status, status)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (reply(b"", kind="image/png"), "the reply is empty"),
        (reply(b"<p>", kind="text/html"), "the reply is text/html where a picture was asked for"),
        (
            reply({"status": 200}),
            "the reply is JSON where a picture's bytes were asked for",
        ),
    ],
)
def test_what_is_no_picture_is_told(given: Reply, problem: str) -> None:
    error = told(given, blob=True)

    assert isinstance(error, UnreadableReply)
    assert (error.message, error.http_status) == (problem, 200)


# --- Refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stated", [None, True, "ok", "٢٠٠", "2000", "99", 99, 1000, 200.5, 1e300, [], {}]
)
def test_a_success_that_states_no_status_is_none(stated: object) -> None:
    error = told(reply({"status": stated}, 203))

    assert isinstance(error, UnreadableReply)
    assert error.message == "the reply's field 'status' is missing or no number"
    assert (error.http_status, error.field) == (203, "status")


@pytest.mark.parametrize(
    ("http", "stated", "counts"),
    [
        (200, 404, 404),
        (200, "404", 404),
        (200, 404.0, 404),
        (500, 404, 404),
        (404, 404, 404),
        (200, 100, 100),
        (200, 999, 999),
        (429, 200, 429),
        (401, None, 401),
        (400, "odd", 400),
    ],
)
def test_the_bodys_status_counts_unless_only_http_reports_a_failure(
    http: int, stated: object, counts: int
) -> None:
    error = told(reply({"status": stated, "error": "no"}, http, retry_after="7"))

    assert isinstance(error, ReplyError)
    assert (error.status, error.http_status, error.message) == (counts, http, "no")
    assert error.retry_after == 7.0


@pytest.mark.parametrize("why", [None, "", 7, ["no"]])
def test_a_refusal_without_a_reason_says_so(why: object) -> None:
    assert told(reply({"status": 404, "error": why})).message == "the service gave no reason"


def test_where_bytes_were_asked_for_a_refusal_is_one() -> None:
    assert type(told(reply({"status": 404, "error": "no"}), blob=True)) is NotFound
    assert type(told(reply({"status": 200, "error": "no"}, 500), blob=True)) is ServerFailed


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:30 GMT"}, 30.0),
        (
            {
                "retry_after": "Wed, 21 Oct 2015 07:28:30 GMT",
                "date": "Wed, 21 Oct 2015 07:28:20 GMT",
            },
            10.0,
        ),
    ],
)
@pytest.mark.parametrize("body", [b"", b'{"status":429}'])
def test_a_date_to_wait_for_counts_from_the_replys_own(
    headers: dict[str, str], seconds: float | None, body: bytes
) -> None:
    assert told(reply(body, 429, **headers)).retry_after == seconds


def test_a_foreign_text_is_short_and_in_one_line() -> None:
    assert clean("a\n\x00b\x1b") == "a  b "
    assert clean("a" * 300) == "a" * 300
    assert clean("b" * 301) == "b" * 300 + "…"


# --- Faults of the wire -------------------------------------------------------------------


def test_a_fault_of_a_reply_is_an_unreadable_one() -> None:
    fault = TransportFault("x", sent=True, unreadable=True, http_status=502)
    error = error_from(fault, "too long")

    assert isinstance(error, UnreadableReply)
    assert (error.message, error.http_status) == ("too long", 502)


@pytest.mark.parametrize("sent", [True, False])
def test_a_fault_in_time_is_a_time_out(sent: bool) -> None:
    error = error_from(TransportFault("x", sent=sent, phase="read"), "slow")

    assert isinstance(error, TimedOut)
    assert (error.message, error.phase, error.sent) == ("slow", "read", sent)


@pytest.mark.parametrize(("sent", "permanent"), [(True, False), (False, True)])
def test_any_other_fault_is_a_failed_connection(sent: bool, permanent: bool) -> None:
    error = error_from(TransportFault("x", sent=sent, permanent=permanent), "lost")

    assert isinstance(error, ConnectionFailed)
    assert (error.message, error.sent, error.permanent) == ("lost", sent, permanent)


def test_what_an_error_would_print_is_that_of_all_behind_it() -> None:
    error = OSError("a")
    error.__context__ = OSError("hidden")
    error.__cause__ = OSError("b")
    error.__cause__.__context__ = OSError("c")

    assert told_by(error) == "OSError('a')OSError('b')OSError('c')"


# --- Fields -------------------------------------------------------------------------------

FIELDS: dict[str, Any] = {
    "status": 200,
    "text": "abc",
    "empty": "",
    "whole": 7,
    "half": 2.5,
    "spelt": "2.5",
    "most": 7.6,
    "true": True,
    "list": [1],
    "objects": [{"a": 1}, {}],
    "object": {"a": 1},
    "mixed": [{}, 1],
    "endless": float("inf"),
    "huge": 10**400,
    "none": None,
}
READ = Success(FIELDS, b"", "", META)


@pytest.mark.parametrize(
    ("method", "name", "value"),
    [
        ("text", "text", "abc"),
        ("words", "text", "abc"),
        ("words", "empty", ""),
        ("number", "whole", 7),
        ("number", "half", 2.5),
        ("number", "spelt", 2.5),
        ("whole", "whole", 7),
        ("whole", "most", 8),
        ("truth", "true", True),
        ("items", "list", [1]),
        ("objects", "objects", [{"a": 1}, {}]),
    ],
)
def test_a_field_that_must_be_there_is_read(method: str, name: str, value: object) -> None:
    assert getattr(READ, method)(name) == value


@pytest.mark.parametrize(
    ("method", "promised", "others"),
    [
        ("text", "a text", ["empty", "whole", "none", "list", "gone"]),
        ("words", "a text", ["whole", "none", "list", "gone"]),
        ("number", "a number", ["text", "true", "list", "endless", "huge", "none", "gone"]),
        ("whole", "a whole number", ["text", "true", "list", "endless", "none", "gone"]),
        ("truth", "true or false", ["whole", "text", "none", "gone"]),
        ("items", "a list", ["text", "object", "none", "gone"]),
        ("objects", "a list of objects", ["list", "mixed"]),
        ("objects", "a list", ["object", "gone"]),
    ],
)
def test_a_field_that_is_not_as_promised_is_told(
    method: str, promised: str, others: list[str]
) -> None:
    for name in others:
        with pytest.raises(UnreadableReply) as caught:
            getattr(READ, method)(name)

        got = type(FIELDS[name]).__name__ if name in FIELDS else "nothing"
        assert caught.value.message == (
            f"the reply's field {name!r} should be {promised}, and is {got}"
        )
        assert (caught.value.field, caught.value.http_status) == (name, 201)


def test_what_is_not_documented_is_kept() -> None:
    assert Success({"status": 1, "a": 2, "b": 3}, b"", "", META).beyond("a") == {"b": 3}
    assert rest({"status": 1, "a": 2}, "a") == {"status": 1}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (7, 7.0),
        ("7", 7.0),
        ("1e400", None),
        (10**400, None),
        ("nan", None),
        ("x", None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_a_number_is_finite_or_none(value: Any, found: float | None) -> None:
    assert finite(value) == found
    assert number({"n": value}, "n") == found
    assert whole({"n": value}, "n") == found


def test_what_may_be_there_and_is_odd_reads_as_nothing() -> None:
    assert (text(FIELDS, "text"), text(FIELDS, "whole"), text(FIELDS, "gone")) == (
        "abc",
        None,
        None,
    )
    assert (mapping(FIELDS, "object"), mapping(FIELDS, "list")) == ({"a": 1}, {})
    assert mapping(FIELDS, "gone") == {}
    assert (whole(FIELDS, "most"), number(FIELDS, "gone")) == (8, None)
