"""Everything that a probe asks, as one table: with what the sources say, and where none does.

What the catalogue knows of single endpoints is taken from there; the rest are facts of the
service as a whole, gathered from the same pages and programs. Pure.
"""

from __future__ import annotations

from itertools import combinations

from .._results import JSON
from ..catalogue import catalogue
from ._values import Basis, Question

ACCEPTED, REFUSED = "accepted", "refused"

_KEY = "The vendor's pages let the key be a parameter or the header WWW-Authenticate."
_CODES = (
    "Standard HTTP codes come with every reply, and the endpoints' pages use the same numbers "
    "in the body."
)
# Fields that real replies had, and no page has.
_SEEN_BESIDE = ("id", "ssl_link")


def outcome(http: int, status: int | None, *, json: bool = True) -> dict[str, JSON]:
    """How a reply is told in short."""
    return {"http": http, "status": status, "json": json}


def deletion(http: int, *, deleted: bool | None) -> dict[str, JSON]:
    """How the reply to a deletion is told in short."""
    return {**outcome(http, http), "deleted": deleted}


def _code(name: str, asks: str, status: int, says: str = _CODES) -> Question:
    return Question(name, asks, says, "documented", (outcome(status, status),))


def _key(name: str, asks: str, says: str = _KEY) -> Question:
    return Question(name, asks, says, "documented", (ACCEPTED,))


def _fields(name: str, endpoint: str) -> Question:
    """Whether a reply has the fields of its page."""
    entry = catalogue()[endpoint]
    wanted = [each.name for each in entry.reply or () if each.name != "error"]
    more = [each for each in _SEEN_BESIDE if each not in wanted] if entry.stores else []
    extras = [list(some) for many in range(len(more) + 1) for some in combinations(more, many)]
    says = f"The page names {', '.join(wanted)}."
    if more:
        says += f" Real replies of 2022 had {' and '.join(more)} too."
    expected: tuple[JSON, ...] = tuple({"missing": [], "beyond": [*names]} for names in extras)
    return Question(
        name,
        f"Has the reply of {endpoint} the fields that are known?",
        says,
        "documented",
        expected,
    )


def _assumed(name: str, asks: str, says: str, *expected: JSON) -> Question:
    basis: Basis = "assumed"
    return Question(name, asks, says, basis, expected)


_SERVICE = (
    _code(
        "status-endpoint", "How does `status` answer without a key?", 200, "Its page lists no key."
    ),
    Question(
        "json-content-type",
        "Which Content-Type does a JSON reply have?",
        "application/json, always; the vendor's PHP client takes nothing else, such as a charset.",
        "documented",
        ("application/json",),
    ),
    Question("http-headers", "Which header fields does a JSON reply have?"),
    Question("cors", "Does a reply allow a page of any origin to read it?", "Sources conflict."),
    Question(
        "http2",
        "Is HTTP/2 agreed on where it is offered?",
        "Older pages name HTTP 1.1 and 2.",
        "documented",
        (True,),
    ),
    Question(
        "tls",
        "Which version of TLS is agreed on?",
        "1.2 or 1.3 by older pages, 1.3 by newer ones.",
        "documented",
        ("TLSv1.3", "TLSv1.2"),
    ),
    Question("latency", "How long do replies take, in milliseconds?", figure=True),
    Question(
        "rate-limit",
        "Does a refusal for too many requests say how long to wait?",
        "No such header is documented. It is never provoked.",
    ),
)

_KEYS = (
    _key("key-form", "Is the key taken as a field of a multipart form?"),
    _key("key-query-upload", "Is the key taken in the query of an upload?"),
    _key("key-header-upload", "Is the key taken in the header WWW-Authenticate of an upload?"),
    _key("key-query", "Is the key taken in the query of a GET request?"),
    _key("key-header", "Is the key taken in the header WWW-Authenticate of a GET request?"),
    _key("key-json", "Is the key taken as a member of a JSON object?"),
    Question(
        "key-urlencoded",
        "Is the key taken as a field of a URL-encoded form?",
        "No page says so; one program sends it.",
    ),
    _code("wrong-key", "How is a key refused that is not valid?", 401),
)

_ERRORS = (
    _code("missing-parameter", "How is a request refused that lacks a parameter?", 400),
    _code("wrong-method", "How is a method refused that an endpoint does not take?", 405),
    _code("not-a-picture", "How is an upload refused that is no picture?", 415),
    _code("missing-picture", "How is a link refused where nothing is?", 404),
    _code(
        "blob-error",
        "How is an error told where blob=true was asked for?",
        400,
        "Errors stay JSON even with blob=true.",
    ),
    Question(
        "error-fields",
        "Which fields does an error have?",
        "status and error, by every page. No real one was ever found.",
        "documented",
        (["error", "status"],),
    ),
    Question("unknown-endpoint", "How is an endpoint refused that does not exist?"),
    Question("unknown-parameter", "Is a parameter refused that does not exist?"),
    Question("out-of-range", "Is a value refused that is beyond its documented maximum?"),
)

_STORAGE = (
    _fields("store-reply", "store"),
    _fields("made-reply", "grayscale"),
    _fields("header-reply", "header"),
    Question(
        "link-host",
        "Where do links lead?",
        "pixlab.xyz in 2017, media.pixlab.xyz in 2020, s3.amazonaws.com in 2022.",
    ),
    _assumed(
        "link-form",
        "How are links and ids made?",
        "In real replies the id was the link's last part: a prefix, 13 hexadecimal digits, and "
        "the extension.",
        {"id_is_last_part": True, "known_shape": True},
    ),
    _assumed(
        "link-reachable",
        "Can a link be fetched without a key, and is it what was stored?",
        "Samples do so. Whether a picture is kept byte for byte is not known.",
        {"http": 200, "same_bytes": True},
        {"http": 200, "same_bytes": False},
    ),
    Question(
        "delete",
        "How is a deletion confirmed?",
        "With status 200 and deleted true.",
        "documented",
        (deletion(200, deleted=True),),
    ),
    Question(
        "delete-by-id",
        "Is the id taken in the place of a link?",
        "The page of delete says so.",
        "documented",
        (deletion(200, deleted=True),),
    ),
    _assumed("link-gone", "Is the link dead after the deletion?", "The page says: removed.", True),
    _assumed(
        "delete-again",
        "What does a second deletion answer?",
        "Not documented. This package takes 404 for: nothing is there.",
        deletion(404, deleted=None),
        deletion(404, deleted=False),
    ),
    _assumed(
        "delete-never",
        "What does the deletion of a link answer that never was?",
        "Not documented. This package takes 404 for: nothing is there.",
        deletion(404, deleted=None),
        deletion(404, deleted=False),
    ),
)

_ENCODING = (
    _code("json-post", "Is a JSON object with the parameters taken?", 200, "Pages say so."),
    Question(
        "blob",
        "Is blob=true answered with the picture itself?",
        "With the raw bytes, of which nothing is stored.",
        "documented",
        ({"http": 200, "picture": True},),
    ),
    _assumed(
        "encoding-plus",
        'What is a "+" in a query read as?',
        "Not documented. This package sends spaces so, and refuses them in links.",
        "a space",
    ),
    _assumed(
        "encoding-percent-plus",
        'What is "%2B" in a query read as?',
        "Not documented. This package sends a plus so.",
        "a plus",
    ),
    _assumed(
        "encoding-slash",
        'How often is a query decoded, as "%252F" shows?',
        "Not documented. This package encodes once.",
        "once",
    ),
    _assumed(
        "encoding-utf8",
        "Is text beyond ASCII in a query read as UTF-8, and %20 as a space?",
        "Not documented. This package sends UTF-8.",
        True,
    ),
)

QUESTIONS = {
    question.name: question for question in (*_SERVICE, *_KEYS, *_ERRORS, *_STORAGE, *_ENCODING)
}
