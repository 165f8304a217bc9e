"""Whether more than the reply has been read off a connection of httpx's.

Bytes that nobody asked for, behind a reply, would be read as the reply to whoever uses the
connection next: perhaps another tenant. httpx sees those that wait in the socket, but not
those that lie above it already: in the parser, in TLS, in anyio's queue. It shows them
nobody either, so this module, and no other, looks at what is not public. Where a version
keeps them elsewhere it sees nothing, and the tests over real sockets fail.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import httpx


def holds_more(response: httpx.Response) -> bool:
    """Whether bytes lie behind a reply whose body has been read to its end.

    HTTP/2 says of each frame which request it answers, and needs no such care.
    """
    parser = _parser(response)
    if parser is None:
        return False

    if parser.trailing_data[0]:
        return True

    stream = getattr(response.extensions.get("network_stream"), "_stream", None)
    below = getattr(stream, "transport_stream", None)
    if below is not None:  # TLS, of anyio or of trio
        records = getattr(stream, "_read_bio", None) or getattr(stream, "_incoming", None)
        if getattr(records, "pending", 0) or _decrypted(response):
            return True

        stream = below
    return bool(getattr(getattr(stream, "_protocol", None), "read_queue", ()))


def hang_up(response: httpx.Response) -> None:
    """End the connection below a reply; httpx finds that it ended before it uses it again.

    The socket is not closed: httpx does that, and under trio trips over one that is.
    """
    found = response.extensions["network_stream"].get_extra_info("socket")
    with suppress(OSError), socket.fromfd(found.fileno(), found.family, found.type) as twin:
        twin.shutdown(socket.SHUT_RDWR)


def _parser(response: httpx.Response) -> Any:
    """h11's connection, below the streams that httpx and httpcore put one in the other."""
    stream: Any = response.stream
    while stream is not None and not hasattr(stream, "_connection"):
        stream = getattr(stream, "_stream", None) or getattr(stream, "_httpcore_stream", None)
    return getattr(getattr(stream, "_connection", None), "_h11_state", None)


def _decrypted(response: httpx.Response) -> int:
    tls: Any = response.extensions["network_stream"].get_extra_info("ssl_object")
    return 0 if tls is None else int(tls.pending())
