"""The log lines of the HTTP libraries and what lies under them, freed of keys.

httpcore logs reply headers and parse errors at DEBUG. A service or a proxy that echoes the
request, in a ``Location`` say, would so bring the key into the log. Levels and handlers of
other libraries are not ours to change; a filter only masks what is already on its way.
hpack prints each path and header of HTTP/2, and again as they go on the wire, compressed: of
its lines only the numbers are left.
"""

from __future__ import annotations

import logging
from functools import cache

from .._key import scrub_all

_LOGGERS = (
    *(f"httpcore.{name}" for name in ("connection", "http11", "http2", "proxy", "socks")),
    "httpx",  # prints the reply's reason phrase
    "aiohttp.client",  # prints cookies that it cannot read
)


_HPACK = ("hpack.hpack", "hpack.table")


class _Scrub(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        told = record.getMessage()
        scrubbed = scrub_all(told)
        if scrubbed != told:
            record.msg, record.args = scrubbed, ()
        return True


class _Numbers(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        given = record.args if isinstance(record.args, tuple) else (record.args,)
        record.args = tuple(arg if isinstance(arg, int) else "***" for arg in given)
        return True


@cache
def scrub_debug_log() -> None:
    """Mask keys in these log lines from now on; once per process."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_Scrub())
    for name in _HPACK:
        logging.getLogger(name).addFilter(_Numbers())
