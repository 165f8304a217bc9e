"""What came of an attempt: the result or the error, and no key in either."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pixlab_async import (
    APIKey,
    AuthenticationFailed,
    BadRequest,
    ConnectionFailed,
    RateLimited,
    TimedOut,
    UnreadableReply,
)
from pixlab_async._core import Track
from pixlab_async._endpoint import Endpoint
from pixlab_async._judging import (
    Judged,
    conceal,
    of_deadline,
    of_fault,
    of_reply,
    scrubbed,
    tell,
)
from pixlab_async._protocol import Call
from pixlab_async.transports import Reply, TransportFault

TEXT = "0123456789abcdef"
KEY = APIKey(TEXT)
OK = b'{"status":200,"x":"0123456789abcdef"}'
PICTURE = {"content-type": "image/png"}


def call(**facts: Any) -> Call[Any]:
    return Call(Endpoint("blur"), lambda success: success, **facts)


def judged(reply: Reply, key: APIKey | None = KEY, **facts: Any) -> Any:
    return of_reply(call(**facts), reply, key, attempts=3, elapsed=1.5)


def fault(message: str = "lost", cause: BaseException | None = None, **facts: Any) -> Judged[Any]:
    chosen: dict[str, Any] = {"sent": True, **facts}
    made = TransportFault(message, **chosen)
    made.__cause__ = cause
    return of_fault(made, KEY)


# --- Replies ------------------------------------------------------------------------------


def test_a_result_has_the_facts_of_the_call() -> None:
    found = judged(Reply(201, {"content-type": "Application/JSON; x"}, b'{"status":200}'))

    assert (found.error, found.cause, found.stale) == (None, None, False)
    assert (found.result.meta.attempts, found.result.meta.elapsed) == (3, 1.5)
    assert found.result.meta.http_status == 201


@pytest.mark.parametrize("facts", [{}, {"inline": True}])
def test_a_key_that_is_echoed_is_masked_in_a_result(facts: dict[str, Any]) -> None:
    reply = Reply(201, {"content-type": "application/json"}, OK)
    result = judged(reply, **facts).result

    assert result.fields == {"status": 200, "x": "***"}
    assert result.meta.http_status == 201


def test_where_no_key_was_sent_nothing_is_masked() -> None:
    assert judged(Reply(200, {}, OK), None).result.fields["x"] == TEXT


@pytest.mark.parametrize("facts", [{"blob": True}, {"inline": True}])
def test_a_picture_is_left_as_it_is(facts: dict[str, Any]) -> None:
    body = b"\x89PNG" + TEXT.encode()

    assert judged(Reply(200, PICTURE, body), **facts).result.content is body


def test_where_a_picture_was_wanted_an_error_that_echoes_the_key_is_masked() -> None:
    reply = Reply(200, {}, b'{"status":401,"error":"bad key 0123456789abcdef"}')

    found = judged(reply, blob=True).error

    assert isinstance(found, AuthenticationFailed)
    assert found.message == "bad key ***"


# A key with signs that JSON may spell otherwise, a quote and a backslash among them.
SIGNS = """0123456789ab/&'\\\"c"""
REFUSED = json.dumps({"status": 401, "error": f"bad key {SIGNS}, \u00e9"}, ensure_ascii=False)


def escaped(signs: str) -> bytes:
    """The refusal with these signs spelt by their numbers."""
    text = REFUSED.replace('\\"c', "\\u0022c").replace("\\\\", "\\u005C")
    head, key, tail = text.partition("0123456789ab/&'")
    spelt = "".join(f"\\u{ord(char):04x}" if char in signs else char for char in key)
    return (head + spelt + tail).encode()


@pytest.mark.parametrize(
    "body",
    [
        REFUSED.encode(),
        REFUSED.encode("utf-8-sig"),
        REFUSED.encode("utf-16"),
        REFUSED.encode("utf-16-be"),
        REFUSED.encode("utf-32-le"),
        REFUSED.replace("\u00e9", "\ud800").encode("utf-16-le", "surrogatepass"),
        b" \r\n\t" + REFUSED.encode(),
        REFUSED.replace("/", "\\/").encode(),
        escaped("&'"),
        escaped("09/z"),
        escaped(""),
    ],
)
@pytest.mark.parametrize("facts", [{}, {"blob": True}, {"inline": True}])
def test_whatever_way_a_service_spells_the_key_it_is_masked(
    body: bytes, facts: dict[str, Any]
) -> None:
    types = ["image/png", "text/html", ""] if b"\0" not in body else []
    for media_type in ["application/json", *types]:
        reply = Reply(200, {"content-type": media_type}, body)

        found = judged(reply, APIKey(SIGNS), **facts).error

        assert isinstance(found, AuthenticationFailed)
        assert found.message[:12] == "bad key ***,"


@pytest.mark.parametrize("sign", ['"', "\\"])
def test_a_sign_that_json_has_to_escape_stays_so(sign: str) -> None:
    body = f'{{"status":200,"x":"{TEXT}\\u{ord(sign):04x}a"}}'.encode()

    assert judged(Reply(200, {}, body), APIKey(f"{TEXT}{sign}a")).result.fields["x"] == "***"
    assert judged(Reply(200, {}, body), APIKey("x" * 15)).result.fields == json.loads(body)


def test_escapes_that_mean_something_else_stay() -> None:
    body = rb'{"status":200,"x":"\u00e9 \u001f \u007f \\u0041 \n","link":"\u0041\u0058"}'

    assert judged(Reply(200, {}, body)).result.fields == json.loads(body)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (rb"\u0041" * 150_000, False),
        (rb"a\n\u005c" * 100_000, False),
        (rb"\u0041" * 90_000, True),
        (rb"\u00e9\/\\u0041" * 150_000, True),  # none of these is a printable ASCII character
    ],
)
def test_more_escapes_than_are_spelt_anew_in_time_are_no_reply(text: bytes, *, taken: bool) -> None:
    found = judged(Reply(200, {}, b'{"status":200,"x":"\\u003c%b"}' % text))

    assert (found.error is None) is taken
    if not taken:
        assert isinstance(found.error, UnreadableReply)
        assert found.error.http_status == 200
        assert found.error.message == (
            "the reply holds over 100,000 characters that are escaped by number"
        )


def test_a_text_where_json_was_wanted_is_masked_too() -> None:
    found = judged(Reply(200, {}, b'["0123456789abcdef"]')).error

    assert isinstance(found, UnreadableReply)
    assert found.http_status == 200


@pytest.mark.parametrize("body", [b"\0\0\0{\xff", b"\xff\xfe\0"])
def test_what_is_no_text_at_all_is_no_json(body: bytes) -> None:
    assert isinstance(judged(Reply(200, {}, body)).error, UnreadableReply)


def test_an_error_leaves_its_frames_behind() -> None:
    found = judged(Reply(500, {}, b""))

    assert found.result is None
    assert found.error is not None
    assert found.error.__traceback__ is None


def test_a_date_to_wait_for_counts_from_now_where_the_reply_has_none() -> None:
    past = {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}

    found = judged(Reply(429, past, b"")).error

    assert isinstance(found, RateLimited)
    assert found.retry_after == 0.0


# --- What an error tells ------------------------------------------------------------------

LINK = "https://media.example/p/24p5e3bd0b2ee8f9.jpg"
SIGNED = f"{LINK}?signature=abcdef"
HOLDING = f"https://a.example/search/all?abc={LINK}"
LONG = f"https://media.example/{'24p5' * 100}"


def concealed(said: str, endpoint: str = "blur", **params: Any) -> str:
    found = judged(Reply(400, {}, json.dumps({"status": 400, "error": said}).encode())).error
    conceal(found, Call(Endpoint(endpoint), lambda success: success, params=params))
    assert found.args == (found.message,)
    return str(found.message)


@pytest.mark.parametrize("links", [(LINK, SIGNED), (SIGNED, LINK), (LINK, HOLDING), (LONG, LONG)])
@pytest.mark.parametrize(
    "said",
    [
        "no {0} and {1}",
        f"no {'x' * 250} {{1}}",
        f"{'x' * 290} {{0}}",
        f"https://help.example/ {'x' * 250} {{1}}",
        f"{{1}}{'x' * 300}",
    ],
)
def test_no_part_of_a_link_stays_in_what_is_said(links: tuple[str, str], said: str) -> None:
    shown = concealed(said.format(*links), img=links[0], place=[{"img": links[1]}])

    assert not re.search(r"24p5e|24p524p524p5|abc|https://[ma]", shown)


@pytest.mark.parametrize(
    "quoted",
    [
        r"https:\/\/media.example\/p\/a picture.jpg",
        "https%3A//media.example/p/a%20picture.jpg",
        "https%3A%2F%2Fmedia.example%2Fp%2Fa%20picture.jpg",
    ],
)
def test_a_link_is_masked_however_a_service_quotes_it(quoted: str) -> None:
    shown = concealed(f"no {quoted}", img="https://media.example/p/a picture.jpg")

    assert shown == "no media.example/…ture.jpg"


def test_a_link_that_is_no_text_is_masked_too() -> None:
    assert concealed("no a?", img="https://a.example/\ud800") == "no a?"


@pytest.mark.parametrize("end", ["https://help.example/ for more", "as it is", "https:/"])
def test_the_end_of_a_long_message_stays_where_it_is_no_link(end: str) -> None:
    said = end.rjust(300) + "and more"

    assert concealed(said, img=LINK) == said[:300] + "…"


@pytest.mark.parametrize(
    ("endpoint", "target", "shown"),
    [
        ("delete", "24p5e3bd0b2ee8f9.jpg", "no …e8f9.jpg"),
        ("blur", "24p5e3bd0b2ee8f9.jpg", "no 24p5e3bd0b2ee8f9.jpg"),
        ("delete", "", "no "),
    ],
)
def test_an_id_is_a_link_where_it_is_deleted(endpoint: str, target: str, shown: str) -> None:
    assert concealed(f"no {target}", endpoint, link=target) == shown


# --- Faults -------------------------------------------------------------------------------


def test_a_fault_is_an_error_in_a_short_line_without_the_key() -> None:
    found = fault(f"bad\x00 line {TEXT}").error

    assert isinstance(found, ConnectionFailed)
    assert (found.message, found.sent) == ("bad  line ***", True)


@pytest.mark.parametrize("stale", [True, False])
def test_a_fault_keeps_its_cause_and_whether_the_connection_was_stale(stale: bool) -> None:
    cause = OSError("reset")

    found = fault("lost", cause, stale=stale)

    assert (found.result, found.cause, found.stale) == (None, cause, stale)


def test_a_fault_without_a_cause_has_none() -> None:
    assert fault().cause is None


@pytest.mark.parametrize("behind", ["cause", "context"])
def test_a_cause_that_quotes_the_key_stays_behind(behind: str) -> None:
    cause = OSError("broken")
    quoting = OSError(f"GET /?key={TEXT}")
    if behind == "cause":
        cause.__cause__ = quoting
    else:
        cause.__context__ = quoting

    assert fault("lost", quoting).cause is None
    assert fault("lost", cause).cause is None


def test_a_deadline_in_the_middle_leaves_open_whether_the_service_acted() -> None:
    found = of_deadline()

    assert isinstance(found.error, TimedOut)
    assert found.error.message == "no whole reply before the call's deadline"
    assert (found.error.phase, found.error.sent) == ("deadline", True)
    assert (found.result, found.cause, found.stale) == (None, None, False)


def test_a_text_is_freed_of_the_key_where_there_is_one() -> None:
    assert (scrubbed(TEXT, KEY), scrubbed(TEXT, None)) == ("***", TEXT)


# --- What an error is told ------------------------------------------------------------------


@pytest.mark.parametrize("maybe_processed", [False, True])
def test_an_error_has_the_facts_of_its_call_and_not_the_key(maybe_processed: bool) -> None:
    error = BadRequest(f"bad key {TEXT}")
    track = Track()
    track.attempts, track.maybe_processed = 3, maybe_processed
    track.history.append("slower")
    tell(error, call(), KEY, track, 1.5)

    assert (error.message, error.args) == ("bad key ***", ("bad key ***",))
    assert (error.endpoint, error.attempts, error.elapsed) == ("blur", 3, 1.5)
    assert (error.history, error.maybe_processed) == (("slower",), maybe_processed)


def told_of(message: str, endpoint: str = "blur", **params: Any) -> str:
    """The message of an error to a call with these parameters."""
    error = BadRequest(message)
    conceal(error, Call(Endpoint(endpoint), lambda success: success, params))
    assert error.args == (error.message,)
    return error.message


PRIVATE = "https://m.example/private/folder/picture.png"
SHORT = "m.example/…ture.png"


@pytest.mark.parametrize(
    "params",
    [
        {"img": PRIVATE},
        {"a": 1, "img": PRIVATE, "b": [2, "c", {"d": 3}]},
        {"a": {"b": [{"c": PRIVATE}, "d"], "e": "f"}, "g": ["h"]},
    ],
)
def test_a_link_of_the_call_is_masked_at_any_depth(params: dict[str, Any]) -> None:
    assert told_of(f"no <{PRIVATE}>, not {PRIVATE}", **params) == f"no <{SHORT}>, not {SHORT}"


def test_every_link_of_a_call_is_masked() -> None:
    told = told_of(f"{PRIVATE} https://n.example/x", a=[PRIVATE], b=["https://n.example/x"])

    assert told == f"{SHORT} n.example/…x"


def test_a_link_within_another_leaves_nothing_of_it() -> None:
    outer = f"https://a.example/shown?by={PRIVATE}"

    assert told_of(f"no {outer}", a=PRIVATE, b="https://m.example/", c=outer) == (
        "no a.example/…shown"
    )


@pytest.mark.parametrize(
    ("endpoint", "told"), [("delete", "no …0123.png"), ("blur", "no private-0123.png")]
)
def test_an_id_is_a_link_where_it_is_to_be_deleted(endpoint: str, told: str) -> None:
    assert told_of("no private-0123.png", endpoint, link="private-0123.png") == told


def test_what_is_no_link_of_the_call_is_told_as_it_is() -> None:
    assert told_of(f"no {PRIVATE}", "delete", link="") == f"no {PRIVATE}"
    assert told_of(f"no {PRIVATE}, key", a="key") == f"no {PRIVATE}, key"
