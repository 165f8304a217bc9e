"""TLS contexts: one per process for real hosts, one that trusts nobody for plain http."""

from __future__ import annotations

import ssl
from functools import cache
from threading import Lock

import anyio.to_thread
import httpx

from .._errors import ConfigurationError

_context_lock = Lock()


@cache
def _make_ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _locked_ssl_context() -> ssl.SSLContext:
    # Two threads that ask at once must not both spend 20 ms on loading certificates.
    with _context_lock:
        return _make_ssl_context()


async def ssl_context() -> ssl.SSLContext:
    """The process's one TLS context, made in a thread the first time (some 20 ms)."""
    if _make_ssl_context.cache_info().currsize:
        return _make_ssl_context()

    try:
        return await anyio.to_thread.run_sync(_locked_ssl_context)
    except OSError as error:
        raise ConfigurationError(
            f"The certificates to check hosts with cannot be read ({error.strerror or error}): "
            f"see the environment's SSL_CERT_FILE and SSL_CERT_DIR."
        ) from error


@cache
def plain_context() -> ssl.SSLContext:
    """For plain http to a loopback host: trusts no certificate, so TLS would fail safe."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
