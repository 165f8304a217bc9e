"""The base URL: checked, and freed of a key that stands in its query. Pure."""

from __future__ import annotations

import os
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from ._errors import ConfigurationError
from ._key import PARAMETER, APIKey, MalformedKey, from_query

DEFAULT = "https://api.pixlab.io"
ENVIRONMENT = "PIXLAB_BASE_URL"
LLM_ENVIRONMENT = "PIXLAB_LLM_URL"


@frozen(eq=False)
class BaseURL:
    """What a base URL says.

    Attributes:
        origin: Scheme, host, port and any path prefix, without a slash at the end.
        key: The key that stood in the query.
        problem: Why it cannot be used, without quoting it; None where it can.
    """

    origin: str
    key: APIKey | MalformedKey | None = None
    problem: str | None = None

    @classmethod
    def parse(cls, url: str) -> BaseURL:
        """Take the URL apart. Never raises: the text may hold a key, see ``_key.guard``."""
        try:
            parts = urlsplit(url)
            key, other = from_query(parts.query)
            origin = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
            problem = _problem(parts, other_query=other)
            # What cannot be used may hold a password: it is not kept.
            return cls("" if problem else origin, key, problem)
        except (TypeError, ValueError, AttributeError):
            return cls("", None, "it is no URL")

    def require(self) -> str:
        """The origin.

        Raises:
            ConfigurationError: The URL cannot be used.
        """
        if self.problem is not None:
            raise ConfigurationError(f"The base URL cannot be used: {self.problem}.")

        return self.origin


def from_environment() -> BaseURL:
    """The base URL in PIXLAB_BASE_URL, else the service's own."""
    return BaseURL.parse(os.environ.get(ENVIRONMENT) or DEFAULT)


def llm_from_environment() -> BaseURL | None:
    """The base URL in PIXLAB_LLM_URL, or None."""
    url = os.environ.get(LLM_ENVIRONMENT)
    return BaseURL.parse(url) if url else None


def is_private_to_host(scheme: str, host: str | None) -> bool:
    """Whether what is sent there is safe from listeners: https, or this machine."""
    return scheme == "https" or (scheme == "http" and is_loopback(host or ""))


def is_host(host: str) -> bool:
    """Whether resolvers take the name: labels of 1 to 63 characters, 253 in all."""
    if "xn--" in host:
        try:
            host.encode("ascii").decode("idna")
        except UnicodeError:
            return False

    labels = host.removesuffix(".").split(".")
    return len(host) <= 253 and " " not in host and all(0 < len(label) <= 63 for label in labels)


def host_of(link: str) -> str:
    """The host that a link names, in lower case; empty where it names none."""
    try:
        return urlsplit(link).hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether the host is this machine: localhost, 127.0.0.0/8 or ::1."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(parts: SplitResult, *, other_query: bool) -> str | None:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "it must look like https://host, with nothing but a path prefix behind it"

    if parts.username is not None or parts.password is not None:
        return "it holds a user name or password: pass the key as api_key= instead"

    if not is_private_to_host(parts.scheme, parts.hostname):
        return (
            "it is plain http, where anybody on the way reads the key: use https (plain http "
            "goes to localhost, 127.0.0.1 and [::1] only)"
        )

    if other_query or parts.fragment:
        return f"it has a query or fragment other than {PARAMETER}="

    if not f"{parts.netloc}{parts.path}".isascii():
        return "it has characters beyond ASCII: write the host in punycode, the path in %XX"

    if not is_host(parts.hostname):
        return "its host is no name that can be looked up"

    _ = parts.port  # a port that is no number raises here
    return None
