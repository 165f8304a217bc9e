"""What may differ between clients that share their connections. Values, and their checks."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from attrs import frozen

from ._errors import ConfigurationError
from ._key import Guarded, MalformedKey
from ._origin import BaseURL
from ._protocol import Auth
from ._retry import RetryPolicy

if TYPE_CHECKING:
    import httpx

SHOWN = (
    "With http_client=, the key in the query would show in httpx's own log lines. Pass "
    "auth='header'; or pass what the client is for as transport= (such as "
    "httpx.AsyncHTTPTransport(proxy=...)); or leave http_client out."
)


@frozen(eq=False)
class Options:
    """What may differ between clients that share their connections."""

    key: Guarded | None
    auth: Auth
    timeout: float
    deadline: float | None
    retry: RetryPolicy
    # What a ledger's rows are labelled with.
    tag: str = ""


def checked(options: Options, *, hides_query: bool) -> Options:
    """The options, where they can be used."""
    if isinstance(options.key, MalformedKey):
        raise ConfigurationError(options.key.problem)

    if options.auth not in ("query", "header"):
        raise ConfigurationError(f"auth must be 'query' or 'header', not {options.auth!r}.")

    if options.auth == "query" and not hides_query:
        raise ConfigurationError(SHOWN)

    if not (_is_positive(options.timeout) and isfinite(options.timeout)):
        raise ConfigurationError(f"timeout is in seconds, above 0; got {options.timeout!r}.")

    if options.deadline is not None and not _is_positive(options.deadline):
        raise ConfigurationError(f"deadline is in seconds, above 0; got {options.deadline!r}.")

    if not isinstance(options.retry, RetryPolicy):
        raise ConfigurationError(f"retry must be a RetryPolicy, not {options.retry!r}.")

    checked_tag(options.tag)
    return options


def checked_tag(tag: object) -> None:
    """See that a ledger's rows can have the label."""
    if not isinstance(tag, str) or not tag.isprintable():
        raise ConfigurationError(f"tag must be a str of printable characters, not {tag!r}.")


def carried_by(http_client: httpx.AsyncClient, auth: Auth, transport: object) -> BaseURL:
    """Base URL and key of the caller's httpx client; the key is taken off it."""
    if transport != "httpx":
        raise ConfigurationError(
            "Pass transport= or http_client=, not both: an httpx client has its own transport."
        )

    if auth == "query":
        raise ConfigurationError(SHOWN)

    from .transports.httpx import carried_by  # noqa: PLC0415 - httpx is imported late

    return carried_by(http_client)


def _is_positive(seconds: object) -> bool:
    return isinstance(seconds, int | float) and seconds > 0
