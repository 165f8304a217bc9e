"""A call's request to the last byte: method, address, headers, body and limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from pixlab_async import APIKey, ConfigurationError
from pixlab_async._endpoint import LLM, Endpoint
from pixlab_async._multipart import Multipart
from pixlab_async._protocol import (
    ANSWER_LIMIT,
    BLOB_LIMIT,
    HEADERS,
    INLINE_LIMIT,
    JSON_LIMIT,
    TARGET_LIMIT,
    Auth,
    Call,
    build,
    text,
    uploads_in,
)
from pixlab_async._sources import Opened, Upload
from pixlab_async._version import VERSION
from pixlab_async.transports import Request

KEY = APIKey("k/y")
AUTH = ("WWW-Authenticate", "k/y")
JSON = ("Content-Type", "application/json")
ONE, TWO, THREE = (Upload(name.encode(), filename=name) for name in ("1", "2", "3"))


async def _nothing() -> object:
    raise AssertionError("unreachable")


def call(params: Any = None, endpoint: Endpoint | None = None, **facts: Any) -> Call[Any]:
    return Call(endpoint or Endpoint("blur"), lambda success: success, params or {}, **facts)


def made(
    wanted: Call[Any], *, key: APIKey | None = KEY, auth: Auth = "query", **facts: Any
) -> Request:
    return build(wanted, "https://a.example/x", key=key, auth=auth, timeout=2.5, **facts)


def fields_of(request: Request) -> tuple[str, str, tuple[tuple[str, str], ...], object]:
    return (request.method, request.target, request.headers, request.content)


# --- Where the key and the parameters go --------------------------------------------------


def test_every_request_says_who_asks_and_what_is_taken() -> None:
    assert (
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip"),
        ("User-Agent", f"pixlab-async/{VERSION}"),
    ) == HEADERS


def test_a_request_has_its_address_and_its_limits() -> None:
    request = made(call({"a": "b c"}))

    assert (request.endpoint, request.url) == ("blur", "https://a.example/x/blur")
    assert (request.limit, request.timeout, request.deadline) == (JSON_LIMIT, 2.5, math.inf)


@pytest.mark.parametrize(
    ("params", "key", "auth", "target", "headers"),
    [
        ({}, None, "query", "/x/blur", HEADERS),
        ({}, KEY, "query", "/x/blur?key=k%2Fy", HEADERS),
        ({"a": 1}, None, "header", "/x/blur?a=1", HEADERS),
        ({"a": 1, "b": "é"}, KEY, "query", "/x/blur?a=1&b=%C3%A9&key=k%2Fy", HEADERS),
        ({"a": 1}, KEY, "header", "/x/blur?a=1", (*HEADERS, AUTH)),
        ({}, KEY, "header", "/x/blur", (*HEADERS, AUTH)),
    ],
)
def test_a_get_has_all_in_its_target(
    params: Any, key: APIKey | None, auth: Auth, target: str, headers: Any
) -> None:
    request = made(call(params), key=key, auth=auth)

    assert fields_of(request) == ("GET", target, headers, b"")


@pytest.mark.parametrize(
    ("key", "auth", "headers", "content"),
    [
        (KEY, "query", (*HEADERS, JSON), '{"a":1,"b":"é","key":"k/y"}'),
        (KEY, "header", (*HEADERS, AUTH, JSON), '{"a":1,"b":"é"}'),
        (None, "query", (*HEADERS, JSON), '{"a":1,"b":"é"}'),
    ],
)
def test_a_post_has_all_in_its_body(
    key: APIKey | None, auth: Auth, headers: Any, content: str
) -> None:
    request = made(call({"a": 1, "no": None, "b": "é"}, method="POST"), key=key, auth=auth)

    assert fields_of(request) == ("POST", "/x/blur", headers, content.encode())


@pytest.mark.parametrize(
    ("key", "auth", "headers", "sent"),
    [
        (KEY, "query", HEADERS, [("a", "1"), ("b", "true"), ("key", "k/y")]),
        (KEY, "header", (*HEADERS, AUTH), [("a", "1"), ("b", "true")]),
    ],
)
def test_an_upload_has_all_in_its_form(
    key: APIKey | None, auth: Auth, headers: Any, sent: list[tuple[str, str]]
) -> None:
    given: list[Sequence[tuple[str, str]]] = []
    bodies: list[Multipart] = []

    def form(pairs: Sequence[tuple[str, str]]) -> Multipart:
        given.append(pairs)
        bodies.append(Multipart(pairs, ONE, Opened(_nothing, 1)))
        return bodies[0]

    request = made(call({"a": 1, "b": True}, method="GET"), key=key, auth=auth, form=form)

    assert given == [sent]
    assert fields_of(request) == ("POST", "/x/blur", (*headers, *bodies[0].headers), bodies[0])


def test_the_endpoints_own_method_is_taken_first() -> None:
    assert made(call(endpoint=Endpoint("x", ("POST", "GET")))).method == "POST"
    assert made(call(endpoint=Endpoint("x", ("POST", "GET")), method="GET")).method == "GET"


# --- Limits -------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "method"), [(TARGET_LIMIT, "GET"), (TARGET_LIMIT + 1, "POST")])
def test_a_query_may_be_as_long_as_its_limit(length: int, method: str) -> None:
    request = made(call({"a": "b" * (length - 2)}))

    assert request.method == method
    assert request.target.startswith("/x/blur?a=b") is (method == "GET")


@pytest.mark.parametrize(
    "wanted",
    [
        call({"a": "b" * TARGET_LIMIT}, method="GET"),
        call({"a": "b" * TARGET_LIMIT}, Endpoint("x", ("GET",))),
    ],
)
def test_what_is_longer_says_so_where_it_may_not_be_a_post(wanted: Call[Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        made(wanted)

    assert str(caught.value) == (
        "The parameters make a query of 32,770 characters; a GET request carries 32,768 at most. "
        "Shorten them, or use method='POST' where that is taken."
    )


@pytest.mark.parametrize(
    ("wanted", "limit"),
    [
        (call(), JSON_LIMIT),
        (call(blob=True), BLOB_LIMIT),
        (call(inline=True), INLINE_LIMIT),
        (call(blob=True, inline=True), BLOB_LIMIT),
        (call(endpoint=Endpoint("answer", host=LLM)), ANSWER_LIMIT),
        (call(endpoint=Endpoint("answer", host=LLM), blob=True), BLOB_LIMIT),
    ],
)
def test_a_reply_is_taken_up_to_a_limit(wanted: Call[Any], limit: int) -> None:
    assert made(wanted).limit == limit


# --- Values -------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -math.inf])
def test_a_number_that_is_not_finite_is_told_with_its_name(value: float) -> None:
    with pytest.raises(ConfigurationError) as caught:
        text(value, "radius")

    assert str(caught.value) == f"The parameter 'radius' is {value}: it must be finite."


@pytest.mark.parametrize("value", [{"a": object()}, [math.nan], {1, 2}])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_json_cannot_say_is_told_with_its_name(value: Any, method: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        made(call({"radius": value}, method=method))

    assert "'radius'" in str(caught.value)
    assert str(caught.value).endswith(
        " cannot be written as JSON: pass finite numbers, texts, booleans, lists and dictionaries."
    )


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def in_itself() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [10**5000, -(10**5000), [10**5000], nested(200_000), in_itself()],
    ids=["digits", "negative", "listed", "deep", "in itself"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.usefixtures("uncollected")
def test_what_has_no_end_is_refused_like_all_that_cannot_be_sent(value: Any, method: str) -> None:
    with pytest.raises(ConfigurationError, match="'radius' cannot be written as JSON"):
        made(call({"radius": value}, method=method))


@pytest.mark.parametrize("value", [nested(200_000), in_itself()], ids=["deep", "in itself"])
@pytest.mark.usefixtures("uncollected")
def test_no_upload_is_looked_for_without_end(value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        uploads_in([value])

    assert str(caught.value) == (
        "The parameters are nested too deep, or one holds itself: pass plain lists."
    )


@pytest.mark.parametrize("value", [2**1023, -(2**1023), 2**1024, 2**1025])
def test_a_large_number_is_sent_to_the_last_digit(value: int) -> None:
    assert text(value, "radius") == str(value)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (1, "The name of a parameter must be a str, not 1."),
        ("\ud800", "The parameter '\\ud800' has half of a surrogate pair and is no valid text."),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_is_none_is_refused(name: Any, problem: str, method: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        made(call({name: 1}, method=method))

    assert str(caught.value) == problem


def test_a_post_may_be_of_any_length() -> None:
    assert len(made(call({"a": "b" * TARGET_LIMIT}, method="POST")).content) > TARGET_LIMIT  # type: ignore[arg-type]  # bytes


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"]])
def test_half_a_surrogate_pair_is_told_with_its_name(value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        text(value, "text")

    assert str(caught.value) == (
        "The parameter 'text' has half of a surrogate pair and is no valid text."
    )


@pytest.mark.parametrize("value", ["\x00\x1f !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\x7f", "é ~/"])
def test_a_text_is_quoted_as_a_form_is(value: str) -> None:
    from urllib.parse import urlencode

    assert made(call({"é &": value}), key=None).target == f"/x/blur?{urlencode({'é &': value})}"


def test_uploads_are_found_in_order_wherever_they_stand() -> None:
    values: list[Any] = ["text", ONE, {"a": [TWO, "b", {"c": THREE}], "d": 1}, [ONE, None], (TWO,)]

    assert uploads_in(values) == [ONE, TWO, THREE, ONE, TWO]
    assert uploads_in([{"a": "b"}, "cd", 1, None]) == []


@pytest.mark.parametrize("blob", [True, False])
def test_a_call_for_bytes_may_be_repeated(blob: bool) -> None:
    assert call(blob=blob).repeatable is blob
    assert call(endpoint=Endpoint("x", repeatable=True)).repeatable
