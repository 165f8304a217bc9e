"""aiohttp's errors, told in the seam's terms.

aiohttp puts the whole URL, and with it the key and private links, into many messages, and
the request into some errors. So no message of its own goes up: what went wrong is said in
our words, and the cause is the error of the operating system or of TLS below, if any.
"""

from __future__ import annotations

import ssl
from socket import gaierror

import aiohttp

from .._errors import Phase
from ._seam import UNKNOWN_HOST, TransportFault

# What aiohttp raises where the wire fails.
FAILURES = (aiohttp.ClientError, OSError, ValueError)
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ServerDisconnectedError, "the host closed the connection before its reply was whole"),
    (aiohttp.ClientPayloadError, "the reply's body broke off"),
    (aiohttp.ClientResponseError, "what came is no HTTP reply, or its header is too long"),
)


def fault_of(
    error: Exception, *, sent: bool, reused: bool = False, http_status: int = 0
) -> TransportFault:
    """What an error of aiohttp's means to the layers above.

    Args:
        error: What aiohttp raised.
        sent: Whether the request may have left: a connection was there to write it to.
        reused: Whether that connection had served before.
        http_status: The reply's status, where it had begun.
    """
    _take_frames_off(error)
    late = isinstance(error, TimeoutError)
    phase: Phase | None = ("read" if sent else "connect") if late else None
    beneath = _beneath(error)
    fault = TransportFault(
        f"nothing came in time ({phase})" if late else _sentence(error, beneath),
        sent=sent,
        phase=phase,
        stale=sent and reused and not late and not http_status,
        permanent=isinstance(beneath, ssl.SSLCertVerificationError),
        http_status=http_status,
    )
    fault.__cause__ = beneath
    return fault


def _take_frames_off(error: BaseException) -> None:
    """aiohttp's reader and parser keep the error, and so they would keep frames of ours."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__


def _sentence(error: Exception, beneath: Exception | None) -> str:
    if isinstance(beneath, gaierror):
        return UNKNOWN_HOST

    if beneath is not None:
        return f"{type(beneath).__name__}: {beneath}"

    return next(
        (sentence for kind, sentence in _SENTENCES if isinstance(error, kind)),
        f"the connection broke ({type(error).__name__})",
    )


def _beneath(error: BaseException) -> Exception | None:
    """The first error on the way down that is not aiohttp's, without frames or causes."""
    link: BaseException | None = error
    while isinstance(link, aiohttp.ClientError):
        link = _told_apart(link) or link.__cause__ or link.__context__
    if not isinstance(link, OSError | UnicodeError) or isinstance(link, TimeoutError):
        return None

    link.__traceback__ = link.__cause__ = link.__context__ = None
    return link


def _told_apart(error: aiohttp.ClientError) -> BaseException | None:
    """What aiohttp itself names as the cause."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error

    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error

    return None
