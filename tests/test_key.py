"""The key's own rules: what can be one, where it is read from, which spellings are masked."""

from __future__ import annotations

import pickle
from typing import Any, NamedTuple

import pytest

from pixlab_async import APIKey, ConfigurationError
from pixlab_async._key import (
    NO_KEY,
    KeyText,
    MalformedKey,
    from_environment,
    from_query,
    guard,
    guard_text,
    require,
    resolve,
    scrub_all,
)

TEXT = 'ab/c"d\\e+0123456789'
ODD = (
    "The API key has characters that no key has (white space, control or non-ASCII "
    "characters): copy it again from the PixLab console, without a line end."
)
EMPTY = "The API key is empty: set PIXLAB_API_KEY or pass api_key=."
NOT_SENT = (
    "The request carries no PixLab key: it is read from the query parameter 'key' or from the "
    "header 'WWW-Authenticate'."
)


class Incoming(NamedTuple):
    """A request of a framework."""

    scope: Any


def told(value: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        APIKey(value)
    return str(caught.value)


# --- What can be a key --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (7, "The API key must be a str, not int."),
        ("", EMPTY),
        ("a b", ODD),
        ("a\n", ODD),
        ("\x7f", ODD),
        ("é", ODD),
    ],
)
def test_what_can_be_no_key_is_refused_with_the_reason(value: Any, problem: str) -> None:
    assert told(value) == problem
    assert guard_text(value) == MalformedKey(problem)


def test_a_key_gives_its_text_and_its_parameter() -> None:
    assert (APIKey("a/b&=").reveal(), APIKey("a/b&=").reveal_query()) == (
        "a/b&=",
        "key=a%2Fb%26%3D",
    )


def test_where_there_is_no_key_it_says_where_to_get_one() -> None:
    assert NO_KEY == (
        "No API key: set PIXLAB_API_KEY, or pass api_key= to AsyncPixLab. Keys are made in the "
        "console at https://console.pixlab.io."
    )


def test_keys_are_equal_by_their_text() -> None:
    assert APIKey("a") == APIKey("a")
    assert APIKey("a") != APIKey("b")
    assert APIKey("a") != "a"
    assert len({APIKey("a"), APIKey("a"), APIKey("b")}) == 2
    assert len({hash(APIKey("a")), hash(APIKey("b")), hash("a")}) == 3


def test_a_pickled_key_is_told_what_to_do_instead() -> None:
    with pytest.raises(TypeError) as caught:
        pickle.dumps(APIKey("a"))

    assert str(caught.value) == (
        "An APIKey is not pickled or copied, so that it cannot end up in a file or a queue: let "
        "the other process read PIXLAB_API_KEY itself."
    )


# --- Masking ------------------------------------------------------------------------------

SPELLINGS = [
    TEXT,
    "ab/c%22d%5Ce%2B0123456789",
    "ab%2Fc%22d%5Ce%2B0123456789",
    'ab/c\\"d\\\\e+0123456789',
    'ab\\/c\\"d\\\\e+0123456789',
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_masked_in_texts_and_in_bodies(spelling: str) -> None:
    key = APIKey(TEXT)

    assert key.scrub(f"<{spelling}|{spelling}>") == "<***|***>"
    assert key.scrub_bytes(f"<{spelling}|{spelling}>".encode()) == b"<***|***>"
    assert scrub_all(f"<{spelling}>") == "<***>"


@pytest.mark.parametrize(
    "spelt", ["abc%2Fdef0123456789", "abc%2fdef0123456789", "abc\\/def0123456789"]
)
def test_a_key_with_a_slash_alone_is_masked_however_that_is_spelt(spelt: str) -> None:
    assert APIKey("abc/def0123456789").scrub(spelt) == "***"


@pytest.mark.parametrize(
    "spelt", ["abc&amp;d", "abc&#38;d", "abc&#x26;d", "abc\\u0026d", "abc%26d"]
)
def test_a_sign_may_be_spelt_as_in_html(spelt: str) -> None:
    assert APIKey("abc&d").scrub(spelt) == "***"


@pytest.mark.parametrize(
    "spelt",
    [
        "a\\\\&b\\c",
        "a\\\\\\\\&b\\\\c",
        "a\\\\\\\\\\u0026b\\\\c",
        "a%5C%5c%26b%5Cc",
        "a&#92;&#x5C;&amp;b&#092;c",
        "a\\u005c\\u005C\\u0026b\\u005cc",
        "a&#92;&#92;&b%5cc",
        "a\\\\&amp;b\\c",
    ],
)
def test_backslashes_may_be_spelt_in_any_way(spelt: str) -> None:
    assert APIKey("a\\\\&b\\c").scrub(f"<{spelt}>") == "<***>"
    assert APIKey("a\\\\").scrub("<a\\\\>, <a%5C%5C>") == "<***>, <***>"


def test_a_sign_by_its_number_takes_all_its_backslashes_along_and_needs_them() -> None:
    key = APIKey("a\\&b")

    assert key.scrub("<a\\\\u0026b>") == "<***>"
    assert key.scrub("<au0026b>") == "<au0026b>"


@pytest.mark.parametrize("part", ["\\", "\\&", "&\\"])
def test_a_key_of_many_backslashes_is_looked_for_without_trying_every_way(part: str) -> None:
    """An incoming request may bring any: an exponential search would not end here."""
    count = 40 // len(part)
    key = APIKey(part * count)
    text = f"{part * (count - 1)}x" + "\\" * (count - 1)

    assert key.scrub(text) == text
    assert key.scrub_bytes(text.encode()) == text.encode()
    assert key.scrub(part * count) == "***"
    assert APIKey(f"{part}0123456789abcdef").scrub_bytes(b"\\" * 500_000) == b"\\" * 500_000


def test_backslashes_before_a_sign_by_its_number_are_masked_with_it() -> None:
    key = APIKey("\\&")

    assert key.scrub("<\\\\u0026>, <\\\\\\u0026>") == "<***>, <***>"
    assert key.scrub("u0026, \\u0026") == "u0026, \\u0026"


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("0123456789abcde\\", b'{"key":"0123456789abcde\\\\"}'),
        ("0123456789abcde&", b'{"key":"0123456789abcde&amp;"}'),
    ],
)
def test_of_a_sign_at_the_end_of_a_key_nothing_is_left(text: str, reply: bytes) -> None:
    assert APIKey(text).scrub_bytes(reply) == b'{"key":"***"}'


@pytest.mark.parametrize(
    ("most", "more"), [("a" * 4096, "a"), ("&" * 40, "&"), ("~" * 400 + "%" * 40, "/")]
)
def test_a_key_that_would_take_long_to_be_looked_for_is_refused(most: str, more: str) -> None:
    """An incoming request may bring one: a pattern of 8,000 signs took seconds to be made."""
    assert APIKey(most).reveal() == most

    with pytest.raises(ConfigurationError) as caught:
        APIKey(most + more)

    assert str(caught.value) == (
        "The API key is longer than any, or has more signs: copy it from the console again."
    )


def test_a_key_that_looks_like_html_is_masked_as_it_is() -> None:
    assert APIKey("a&amp;b&#38;c").scrub("a&amp;b&#38;c") == "***"
    assert APIKey("0123456789&amp;ab").scrub_bytes(b"0123456789&amp;ab") == b"***"


def test_a_key_of_what_masks_are_made_of_is_masked_once() -> None:
    assert APIKey("*").scrub("*") == "***"


def test_letters_of_the_other_case_are_another_text() -> None:
    assert APIKey("abc&d").scrub("ABC&D abc&D") == "ABC&D abc&D"


def test_a_key_that_holds_another_one_is_masked_as_a_whole() -> None:
    keys = [APIKey("middle"), APIKey("begin-middle-end"), APIKey("mid")]

    assert scrub_all("middle, begin-middle-end, mid") == "***, ***, ***"
    assert len(keys) == 3


def test_a_body_without_the_key_stays_the_same_object() -> None:
    body = b'{"status":200}'

    assert APIKey(TEXT).scrub_bytes(body) is body


@pytest.mark.parametrize(("length", "masked"), [(14, False), (15, True)])
def test_a_short_key_is_left_in_bodies(length: int, masked: bool) -> None:
    text = "0123456789abcdef"[:length]

    assert (APIKey(text).scrub_bytes(text.encode()) == b"***") == masked
    assert APIKey(text).scrub(text) == "***"


# --- Incoming requests --------------------------------------------------------------------


@pytest.mark.parametrize(
    "scope",
    [
        {"query_string": b"key=abc"},
        {"query_string": b"a=1&key=old&key=abc"},
        {"query_string": b"key=abc", "headers": [(b"www-authenticate", b"other")]},
        {"headers": [(b"host", b"x"), (b"WWW-Authenticate", b" abc\t")]},
        {"query_string": b"a=1", "headers": [(b"www-authenticate", b"abc")]},
    ],
)
def test_a_key_is_read_from_the_query_and_else_from_the_header(scope: dict[str, Any]) -> None:
    assert APIKey.from_request(scope) == APIKey("abc")
    assert APIKey.from_request(Incoming(scope)) == APIKey("abc")


@pytest.mark.parametrize(
    "scope", [{}, {"query_string": b"kay=abc", "headers": [(b"authorization", b"abc")]}]
)
def test_a_request_without_a_key_is_told_where_it_belongs(scope: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        APIKey.from_request(scope)

    assert str(caught.value) == NOT_SENT


@pytest.mark.parametrize(
    ("scope", "problem"),
    [
        ({"query_string": b"key=", "headers": [(b"www-authenticate", b"abc")]}, EMPTY),
        ({"query_string": b"key=\xe9"}, ODD),
        ({"headers": [(b"www-authenticate", b"\xe9")]}, ODD),
    ],
)
def test_a_request_with_what_can_be_no_key_is_refused(scope: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        APIKey.from_request(scope)

    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("query", "found", "more"),
    [
        ("", None, False),
        ("a=1", None, True),
        ("a=", None, True),
        ("key=abc", APIKey("abc"), False),
        ("key=a%2Fb", APIKey("a/b"), False),
        ("key=", MalformedKey(EMPTY), False),
        ("key=old&key=abc", APIKey("abc"), False),
        ("key=abc&a=", APIKey("abc"), True),
    ],
)
def test_a_query_gives_its_key_and_whether_there_is_more(
    query: str, found: object, more: bool
) -> None:
    assert from_query(query) == (found, more)


# --- Sources ------------------------------------------------------------------------------


def test_a_key_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_environment() is None

    monkeypatch.setenv("PIXLAB_API_KEY", "")
    assert from_environment() is None

    monkeypatch.setenv("PIXLAB_API_KEY", "abc")
    assert from_environment() == APIKey("abc")

    monkeypatch.setenv("PIXLAB_API_KEY", "a b")
    with pytest.raises(ConfigurationError):
        from_environment()


def test_a_key_that_is_one_stays_the_same_object() -> None:
    key = APIKey("abc")

    assert guard(key) is key
    assert require(key) is key


async def _soon() -> KeyText:
    return "abc"


@pytest.mark.parametrize("source", ["abc", APIKey("abc"), lambda: "abc", _soon])
async def test_a_source_gives_its_key(source: Any) -> None:
    assert await resolve(guard(source)) == APIKey("abc")


@pytest.mark.parametrize("source", ["", lambda: ""])
async def test_a_source_that_gives_no_key_is_refused_when_it_is_asked(source: Any) -> None:
    guarded = guard(source)

    with pytest.raises(ConfigurationError, match="empty"):
        await resolve(guarded)
