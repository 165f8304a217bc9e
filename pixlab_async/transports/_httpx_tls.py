"""TLS contexts: one per process and protocol for real hosts, one for plain http."""

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


# Its own: httpx writes the protocols that it offers into the context, at each connection.
@cache
def _make_http2_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


async def ssl_context(*, http2: bool = False) -> ssl.SSLContext:
    """The process's one TLS context, made in a thread the first time (some 20 ms)."""
    make = _make_http2_context if http2 else _make_ssl_context
    if make.cache_info().currsize:
        return make()

    def locked() -> ssl.SSLContext:
        # Two threads that ask at once must not both spend 20 ms on loading certificates.
        with _context_lock:
            return make()

    try:
        return await anyio.to_thread.run_sync(locked)
    except OSError as error:
        raise ConfigurationError(
            f"The certificates to check hosts with cannot be read ({error.strerror or error}): "
            f"see the environment's SSL_CERT_FILE and SSL_CERT_DIR."
        ) from error


@cache
def plain_context() -> ssl.SSLContext:
    """For plain http to a loopback host: trusts no certificate, so TLS would fail safe."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
