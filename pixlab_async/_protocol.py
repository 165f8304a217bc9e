"""The protocol, without I/O: a Call becomes a Request; ``_reply`` has the way back.

Every method of the client builds one ``Call``; retry, pacing and batches handle that one
value. ``build`` is a plain function. It knows neither httpx nor anyio.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from urllib.parse import quote_plus, urlsplit

from attrs import define, field

from ._endpoint import LLM, Endpoint
from ._errors import ConfigurationError
from ._key import HEADER, PARAMETER, APIKey
from ._multipart import Multipart
from ._sources import Upload
from ._success import Success
from ._version import VERSION
from .transports._seam import Content, Request

T = TypeVar("T")
Auth = Literal["query", "header"]
Parameter: TypeAlias = (
    str | int | float | bool | Sequence["Parameter"] | Mapping[str, "Parameter"] | None
)
# Parameters in which pictures that are here stand where links to them must.
Unlinked: TypeAlias = Parameter | Upload | Sequence["Unlinked"] | Mapping[str, "Unlinked"]

# Replies are small JSON objects; a megabyte is far beyond any that was seen.
JSON_LIMIT = 1024 * 1024
BLOB_LIMIT = 256 * 1024 * 1024
# A picture within JSON is in Base64, and parsed in one go.
INLINE_LIMIT = 64 * 1024 * 1024
# An answer may have 180,000 tokens, escaped as JSON.
ANSWER_LIMIT = 8 * 1024 * 1024
# Above this most servers refuse a request line. The parameters themselves are bounded
# lower; this is for calls with many of them.
TARGET_LIMIT = 32 * 1024

USER_AGENT = f"pixlab-async/{VERSION}"
# Shared by all requests, so that they are seen to be alike at a glance.
HEADERS: tuple[tuple[str, str], ...] = (
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip"),
    ("User-Agent", USER_AGENT),
)
_JSON = ("Content-Type", "application/json")
_LARGEST_BITS = 1024


@define(eq=False)
class Call(Generic[T]):
    """One call of an endpoint, as data.

    Attributes:
        endpoint: What is called.
        returns: Makes the result of a successful reply's fields (or of its bytes).
        params: Parameters that are sent; None means "not sent".
        upload: Bytes for the multipart field ``file``, or None.
        unlinked: The parameters where some are uploads that ``store`` has to make links of
            first; ``params`` is empty then. Else None.
        blob: Whether the reply is the picture's bytes instead of JSON.
        inline: Whether the reply may hold a whole picture within its JSON, or be one.
        bare: Whether a reply without ``status`` and ``error`` may be a success.
        method: The HTTP method where the endpoint's preferred one is not wanted.
    """

    endpoint: Endpoint
    returns: Callable[[Success], T] = field(repr=False)
    # Values may be links to private pictures: only names are shown.
    params: Mapping[str, Parameter] = field(
        factory=dict[str, Parameter], repr=lambda params: f"{sorted(params)}"
    )
    upload: Upload | None = None
    unlinked: Mapping[str, Unlinked] | None = field(default=None, repr=False)
    blob: bool = False
    inline: bool = False
    bare: bool = False
    method: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again when an earlier attempt may have worked."""
        return self.endpoint.repeatable or self.blob

    @property
    def replayable(self) -> bool:
        """Whether its body can be sent a second time."""
        return self.upload is None or self.upload.replayable


def uploads_in(values: Iterable[Unlinked]) -> list[Upload]:
    """Every upload in the parameters, in order.

    Raises:
        ConfigurationError: They are nested too deep, or hold themselves.
    """
    try:
        return _uploads_in(values)
    except RecursionError:
        problem = "The parameters are nested too deep, or one holds itself: pass plain lists."

    raise ConfigurationError(problem)


def _uploads_in(values: Iterable[Unlinked]) -> list[Upload]:
    found: list[Upload] = []
    for value in values:
        if isinstance(value, Upload):
            found.append(value)
        elif isinstance(value, Mapping):
            found += _uploads_in(value.values())
        elif isinstance(value, Sequence) and not isinstance(value, str):
            found += _uploads_in(value)
    return found


# --- Call to Request --------------------------------------------------------------------


def build(
    call: Call[Any],
    origin: str,
    *,
    key: APIKey | None,
    auth: Auth,
    timeout: float,
    form: Callable[[Sequence[tuple[str, str]]], Multipart] | None = None,
) -> Request:
    """The request that asks for what the call says.

    Args:
        call: The call.
        origin: Scheme, host and any path prefix, without a slash at the end.
        key: The key; None for an endpoint that takes none.
        auth: Where the key goes.
        timeout: Seconds of silence that are allowed on the wire.
        form: Makes the multipart body of its fields where the call uploads something.

    Raises:
        ConfigurationError: A parameter cannot be sent.
    """
    method = "POST" if form is not None else call.method or call.endpoint.methods[0]
    params = {name: value for name, value in call.params.items() if value is not None}
    headers = HEADERS
    url, target = _address(origin, call.endpoint.name)
    content: Content = b""
    # All that can fail comes first: an error's frames must not hold the key.
    pairs = [(_checked(name), text(value, name)) for name, value in params.items()]
    query = _query(pairs) if method == "GET" else ""
    if len(query) > TARGET_LIMIT:
        _check_length(query, call)
        method, query = "POST", ""
    as_json = method == "POST" and form is None
    dumped = _dumps(params, "parameters") if as_json else ""

    parameter = key if auth == "query" else None
    secret = [] if parameter is None else [(PARAMETER, parameter.reveal())]
    if key is not None and parameter is None:
        headers = (*headers, (HEADER, key.reveal()))
    if form is not None:
        body = form([*pairs, *secret])
        headers = (*headers, *body.headers)
        content = body
    elif as_json:
        headers = (*headers, _JSON)
        content = _and(dumped, secret).encode()
    elif parameter is not None:
        target = f"{target}?{query}{'&' if query else ''}{parameter.reveal_query()}"
    elif query:
        target = f"{target}?{query}"

    return Request(
        method,
        call.endpoint.name,
        url,
        target,
        headers,
        content,
        _limit(call),
        timeout,
    )


@lru_cache
def _address(origin: str, name: str) -> tuple[str, str]:
    """An endpoint's URL, and the path of it that goes on the wire."""
    return f"{origin}/{name}", f"{urlsplit(origin).path}/{name}"


@lru_cache
def _checked(name: str) -> str:
    """The name of a parameter, which a caller of ``call()`` makes up."""
    if not isinstance(name, str):
        raise ConfigurationError(f"The name of a parameter must be a str, not {name!r}.")

    return _encodable(name, name)


_quoted_name = lru_cache(quote_plus)
_QUOTED = {code: quote_plus(chr(code)) for code in range(128)}


def _query(pairs: Iterable[tuple[str, str]]) -> str:
    """What ``urlencode`` makes of them, in a third of the time."""
    return "&".join([f"{_quoted_name(name)}={_quoted(value)}" for name, value in pairs])


def _quoted(value: str) -> str:
    return value.translate(_QUOTED) if value.isascii() else quote_plus(value)


def text(value: Parameter, name: str) -> str:
    """The value as a query or form field carries it.

    Booleans become true or false, numbers plain decimals, lists and objects JSON.

    Raises:
        ConfigurationError: A number is not finite, or a text cannot be encoded.
    """
    if isinstance(value, bool):
        return "true" if value else "false"

    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigurationError(f"The parameter {name!r} is {value}: it must be finite.")

        # Not 1e-07: whether the service reads exponents is not known.
        return format(Decimal(repr(float(value))), "f")

    if isinstance(value, str):
        return _encodable(str.__str__(value), name)  # of an Enum's member, too

    # Of larger ones Python does not write the digits, and no parameter has so many.
    if isinstance(value, int) and value.bit_length() < _LARGEST_BITS:
        return str(value)

    return _dumps(value, name)


def _limit(call: Call[Any]) -> int:
    """Bytes of a reply to take at most."""
    if call.blob:
        return BLOB_LIMIT

    if call.inline:
        return INLINE_LIMIT

    return ANSWER_LIMIT if call.endpoint.host == LLM else JSON_LIMIT


def _check_length(query: str, call: Call[Any]) -> None:
    """See that what is too long for a query may go as a JSON object instead."""
    if call.method is None and "POST" in call.endpoint.methods:
        return

    raise ConfigurationError(
        f"The parameters make a query of {len(query):,} characters; a GET request carries "
        f"{TARGET_LIMIT:,} at most. Shorten them, or use method='POST' where that is taken."
    )


def _dumps(value: object, name: str) -> str:
    try:
        dumped = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        problem = (
            f"The parameter {name!r} cannot be written as JSON: pass finite numbers, texts, "
            f"booleans, lists and dictionaries."
        )
    else:
        return _encodable(dumped, name)

    raise ConfigurationError(problem)


def _and(dumped: str, secret: Sequence[tuple[str, str]]) -> str:
    """The JSON object with what is secret in it; nothing that can fail, see ``build``."""
    members = [dumped[1:-1], *(f"{json.dumps(name)}:{json.dumps(text)}" for name, text in secret)]
    return f"{{{','.join(filter(None, members))}}}"


def _encodable(value: str, name: str) -> str:
    try:
        if not value.isascii():
            value.encode()
    except UnicodeEncodeError:
        problem = f"The parameter {name!r} has half of a surrogate pair and is no valid text."
    else:
        return value

    value = ""
    raise ConfigurationError(problem)
