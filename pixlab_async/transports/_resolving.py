"""How names become addresses: the operating system's way, or one of the caller's."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import anyio

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


async def looked_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the operating system knows them.

    Raises:
        OSError: It knows none.
    """
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
