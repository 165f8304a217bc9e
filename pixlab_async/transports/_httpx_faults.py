"""httpx's errors, told in the seam's terms, and freed of whatever holds the wire request."""

from __future__ import annotations

import ssl
from socket import gaierror

import httpx

from .._errors import Phase
from ._seam import UNKNOWN_HOST, TransportFault

# Raised before a byte of the request went out.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_PHASES: dict[type[httpx.TimeoutException], Phase] = {
    httpx.ConnectTimeout: "connect",
    httpx.PoolTimeout: "connect",
    httpx.WriteTimeout: "write",
    httpx.ReadTimeout: "read",
}


def fault_of(
    error: httpx.RequestError, *, stale: bool = False, http_status: int = 0
) -> TransportFault:
    """What an httpx error means to the layers above.

    Args:
        error: What httpx raised.
        stale: Whether the connection had served before and no reply had begun.
        http_status: The reply's status, where it had begun.
    """
    phase = _PHASES.get(type(error)) if isinstance(error, httpx.TimeoutException) else None
    fault = TransportFault(
        _sentence(error, phase),
        sent=not isinstance(error, _NEVER_SENT),
        phase=phase,
        stale=stale and phase is None and not isinstance(error, _NEVER_SENT),
        permanent=_certificate_error(error) is not None,
        http_status=http_status,
    )
    fault.__cause__ = bare(error)
    return fault


def _sentence(error: httpx.RequestError, phase: Phase | None) -> str:
    if phase is not None:
        return f"nothing came in time ({phase})"

    if any(isinstance(link, gaierror) for link in _chain(error)):
        return UNKNOWN_HOST

    # httpx leaves some messages empty, and hides a certificate's fault behind another.
    inner = _certificate_error(error) or error.__cause__ or error.__context__
    text = str(error) or str(inner or "") or "the connection broke"
    return f"{type(error).__name__}: {text}"


def _certificate_error(error: BaseException) -> BaseException | None:
    return next(
        (link for link in _chain(error) if isinstance(link, ssl.SSLCertVerificationError)), None
    )


def broken(error: Exception) -> TransportFault:
    """An error from under httpx, which lets it through: something broke on the way."""
    fault = TransportFault(f"{type(error).__name__}: {error}", sent=True)
    fault.__cause__ = bare(error)
    return fault


def bare(error: Exception) -> Exception:
    """The error and what led to it, without frames and requests that hold what is secret."""
    for link in _chain(error):
        link.__traceback__ = None
        if isinstance(link, httpx.RequestError):
            link.request = httpx.Request("GET", "https://masked.invalid")
    return error


def _chain(error: BaseException) -> list[BaseException]:
    """The error and every error behind it."""
    found: list[BaseException] = []
    ahead: list[BaseException | None] = [error]
    while ahead:
        link = ahead.pop()
        if link is not None and link not in found:
            found.append(link)
            ahead += [link.__cause__, link.__context__]
    return found
