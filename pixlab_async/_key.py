"""The API key: read from where it may stand, and never shown.

``APIKey`` is the only object that holds the key's text. It prints as a mask, refuses to
be pickled or copied, and gives the text out through ``reveal()`` and ``reveal_query()``
alone, which only the code that writes the wire request calls. Functions here let go of the
raw text before they raise, so that a traceback with local variables has nothing to show.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, NamedTuple, NoReturn, Protocol, TypeAlias
from urllib.parse import parse_qsl, quote
from weakref import WeakValueDictionary

from ._errors import ConfigurationError

ENVIRONMENT = "PIXLAB_API_KEY"
NO_KEY = (
    f"No API key: set {ENVIRONMENT}, or pass api_key= to AsyncPixLab. Keys are made in the "
    f"console at https://console.pixlab.io."
)
PARAMETER = "key"
# The vendor's pages name this response header as the request header that carries the key.
HEADER = "WWW-Authenticate"

_MASK, _MASK_BYTES = "***", b"***"
_HTML_NAMES = {"&": ("amp",), "<": ("lt",), ">": ("gt",), '"': ("quot",), "'": ("apos",)}
# The vendor's own PHP client refuses shorter ones.
SHORTEST_REAL_KEY = 15
# Far more than any key has; requests bring any, and each sign's spellings cost 0.3 ms to compile.
_LONGEST, _MOST_SIGNS = 4096, 40


class APIKey:
    """A PixLab API key that cannot be printed, pickled or copied by accident.

    Args:
        value: The key as the console shows it: printable ASCII, no white space.

    Raises:
        ConfigurationError: The value is empty or has characters no key can have.
    """

    __slots__ = ("__weakref__", "_query", "_spelt", "_spelt_bytes", "_value")

    def __init__(self, value: str) -> None:
        problem = _problem(value)
        if problem is not None:
            value = ""  # the frame of the error must not hold it
            raise ConfigurationError(problem)

        self._value = value
        self._query = f"{PARAMETER}={quote(value, safe='')}"
        # Most keys are spelt alike everywhere, and need no pattern.
        plain = quote(value, safe="") == value
        self._spelt = None if plain else re.compile(_spellings(value))
        self._spelt_bytes = None if plain else re.compile(_spellings(value).encode())
        _alive[id(self)] = self

    @classmethod
    def from_request(cls, request: HasScope | Mapping[str, Any]) -> APIKey:
        """Read the caller's key from an incoming ASGI request.

        Looks at the query parameter ``key`` first, then at the ``WWW-Authenticate``
        header: the two places where PixLab itself takes it.

        Args:
            request: A Starlette or FastAPI request, or a bare ASGI scope.

        Raises:
            ConfigurationError: The request carries no key, or a malformed one.
        """
        scope = request if isinstance(request, Mapping) else request.scope
        found = _in_scope(scope)
        del request, scope  # the frame of an error must not hold them
        if found is None:
            raise ConfigurationError(
                f"The request carries no PixLab key: it is read from the query parameter "
                f"{PARAMETER!r} or from the header {HEADER!r}."
            )

        return require(found)

    def reveal(self) -> str:
        """The key's text. For the wire only: whatever holds it can leak it."""
        return self._value

    def reveal_query(self) -> str:
        """The key as a parameter of a query. For the wire only, like ``reveal``."""
        return self._query

    def scrub(self, text: str) -> str:
        """The text with every spelling of the key masked."""
        if self._spelt is None:
            return text.replace(self._value, _MASK)

        return self._spelt.sub(_MASK, text)

    def scrub_bytes(self, body: bytes) -> bytes:
        """Like ``scrub``, for a reply's body; the same object where the key is not in it.

        A short key is left: "a", say, would be found in any JSON, and masking it would
        change what the reply says. Real keys are longer.
        """
        if len(self._value) < SHORTEST_REAL_KEY:
            return body

        if self._spelt_bytes is None:
            return body.replace(self._value.encode(), _MASK_BYTES)

        masked, found = self._spelt_bytes.subn(_MASK_BYTES, body)
        return masked if found else body

    def __repr__(self) -> str:
        return f"APIKey({_MASK})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, APIKey):
            return NotImplemented

        return hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash((APIKey, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "An APIKey is not pickled or copied, so that it cannot end up in a file or a queue: "
            f"let the other process read {ENVIRONMENT} itself."
        )

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


# Every key there is, by identity (two may be equal), and none longer than it is used.
_alive: WeakValueDictionary[int, APIKey] = WeakValueDictionary()


class HasScope(Protocol):
    """An incoming request of an ASGI framework."""

    @property
    def scope(self) -> Any: ...  # frameworks type it as MutableMapping, dict or TypedDict


KeyText: TypeAlias = str | APIKey
KeySource: TypeAlias = KeyText | Callable[[], KeyText | Awaitable[KeyText]]


class MalformedKey(NamedTuple):
    """What is left of a text that cannot be a key: the reason, not the text."""

    problem: str


Guarded: TypeAlias = APIKey | MalformedKey | Callable[[], KeyText | Awaitable[KeyText]]


def guard(source: KeySource) -> Guarded:
    """The source with any plain text in it wrapped; a callable stays one.

    Never raises, so that a caller can rebind the variable that held the text before
    anything can fail: see ``require``.
    """
    return source if callable(source) else guard_text(source)


def guard_text(value: KeyText) -> APIKey | MalformedKey:
    """The text as a key, or as the reason why it can be none."""
    if isinstance(value, APIKey):
        return value

    problem = _problem(value)
    return APIKey(value) if problem is None else MalformedKey(problem)


def require(key: APIKey | MalformedKey) -> APIKey:
    """The key.

    Raises:
        ConfigurationError: What was given cannot be a key.
    """
    if isinstance(key, MalformedKey):
        raise ConfigurationError(key.problem)

    return key


async def resolve(source: Guarded) -> APIKey:
    """The key to use now: a callable is asked anew for each call, so keys can rotate.

    Raises:
        ConfigurationError: What was given, or what the callable gave, cannot be a key.
    """
    if not callable(source):
        return require(source)

    return require(await _asked(source))


async def _asked(source: Callable[[], KeyText | Awaitable[KeyText]]) -> APIKey | MalformedKey:
    """What the callable gives; apart, since an error's frame must not hold the text."""
    given = source()
    return guard_text(await given if isawaitable(given) else given)


def scrub_all(text: str) -> str:
    """The text with every key masked that this process holds; for foreign log lines."""
    # The longest first: what is left of one that holds another could not be found any more.
    for key in sorted(_alive.values(), key=lambda key: len(key.reveal()), reverse=True):
        text = key.scrub(text)
    return text


def from_environment() -> APIKey | None:
    """The key in PIXLAB_API_KEY, or None where that is unset or empty."""
    return require(guard_text(os.environ[ENVIRONMENT])) if os.environ.get(ENVIRONMENT) else None


def from_query(query: str) -> tuple[APIKey | MalformedKey | None, bool]:
    """The key in a URL's query, and whether the query holds anything else."""
    pairs = parse_qsl(query, keep_blank_values=True)
    found = [guard_text(value) for name, value in pairs if name == PARAMETER]
    return (found[-1] if found else None), len(found) < len(pairs)


def _problem(value: object) -> str | None:
    """Why the value cannot be a key, without quoting it; None where it can."""
    if not isinstance(value, str):
        return f"The API key must be a str, not {type(value).__name__}."

    if not value:
        return f"The API key is empty: set {ENVIRONMENT} or pass api_key=."

    if not value.isascii() or not value.isprintable() or " " in value:
        return (
            "The API key has characters that no key has (white space, control or non-ASCII "
            "characters): copy it again from the PixLab console, without a line end."
        )

    if len(value) > _LONGEST or len(re.findall(r"[^\w.~-]", value)) > _MOST_SIGNS:
        return "The API key is longer than any, or has more signs: copy it from the console again."

    return None


def _spellings(value: str) -> str:
    """A pattern of all the ways in which a service may quote it: plain, in a URL, JSON, HTML.

    Each sign takes the backslashes before it along, and gives nothing of them back (``(?>``):
    they are not shared out in every possible way where a key or a text has many. The key as it
    is comes last: where it ends in a sign, another spelling of that may be longer.
    """
    parts = (_spellings_of(len(run), char) for run, char in re.findall(r"(\\*)([^\\]?)", value))
    return f"{''.join(parts)}|{re.escape(value)}"


def _spellings_of(run: int, char: str) -> str:
    """The ways to write so many backslashes, and a character behind them."""
    if not run and (not char or char.isalnum()):
        return char

    # PHP's json_encode writes a slash as "\/"; Python's repr doubles each backslash.
    last = _by_number(char) if char else ""
    ways = [f"{_by_number(chr(92))}{{{run}}}{last}", rf"(?<!\\)\\{{{run},}}+{last}"]
    if char:
        ways.append(rf"(?<!\\)\\{{{run + 1},}}+u00{ord(char):02x}")
    return f"(?>(?i:{'|'.join(ways)}))"


def _by_number(char: str) -> str:
    code = ord(char)
    ways = [
        rf"\\u00{code:02x}",
        f"%{code:02x}",
        f"&#0*{code};",
        f"&#x0*{code:x};",
        *(f"&{name};" for name in _HTML_NAMES.get(char, ())),
        re.escape(char),
    ]
    return f"(?:{'|'.join(ways[:-1] if char == chr(92) else ways)})"


def _in_scope(scope: Mapping[str, Any]) -> APIKey | MalformedKey | None:
    found, _ = from_query(scope.get("query_string", b"").decode("latin-1"))
    if found is not None:
        return found

    wanted = HEADER.lower().encode()
    for name, value in scope.get("headers", ()):
        if name.lower() == wanted:
            return guard_text(value.decode("latin-1").strip())

    return None
