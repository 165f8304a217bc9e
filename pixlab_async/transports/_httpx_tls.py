"""TLS contexts: one per process and way to speak for real hosts, one for plain http."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from functools import _lru_cache_wrapper, cache
from threading import Lock

import anyio.to_thread
import httpx

from .._errors import ConfigurationError

_context_lock = Lock()


def _renew_lock() -> None:  # pragma: no cover - in a child
    global _context_lock  # noqa: PLW0603 - the lock is the process's
    _context_lock = Lock()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    # The thread that holds it while the process forks is not there in the child.
    os.register_at_fork(after_in_child=_renew_lock)


@cache
def http_context() -> ssl.SSLContext:
    """For the default lane."""
    return httpx.create_ssl_context()


# Its own: httpx writes the protocols that it offers into the context, at each connection.
@cache
def http2_context() -> ssl.SSLContext:
    """For HTTP/2."""
    return httpx.create_ssl_context()


@cache
def http1_context() -> ssl.SSLContext:
    """For a lane that speaks HTTP/1.1 alone; httpx writes into its own what it speaks."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _locked(make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    # Two threads that ask at once must not both spend 20 ms on loading certificates.
    with _context_lock:
        return make()


async def ssl_context(
    make: _lru_cache_wrapper[ssl.SSLContext] = http_context,
) -> ssl.SSLContext:
    """The process's one TLS context of a lane, made in a thread the first time (some 20 ms)."""
    if make.cache_info().currsize:
        return make()

    try:
        return await anyio.to_thread.run_sync(_locked, make)
    except OSError as error:
        raise ConfigurationError(
            f"The certificates to check hosts with cannot be read ({error.strerror or error}): "
            f"see the environment's SSL_CERT_FILE and SSL_CERT_DIR."
        ) from error


@cache
def plain_context() -> ssl.SSLContext:
    """For plain http to a loopback host: trusts no certificate, so TLS would fail safe."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
