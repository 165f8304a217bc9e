"""Whether an idle connection of aiohttp's is as its last reply left it."""

from __future__ import annotations

import select
from typing import Any


class Unasked(Exception):
    """What came over an idle connection would be taken for the reply to the next request."""


def has_come_over(protocol: Any) -> bool:
    """Whether bytes, or the end, have come since: read already, or waiting in the socket.

    aiohttp looks when a reply ends, and not when the connection is used again.
    """
    if protocol.should_close:
        return True

    socket = protocol.transport.get_extra_info("socket")
    if not hasattr(select, "poll"):  # pragma: no cover - Windows
        return bool(select.select([socket], [], [], 0)[0])

    poll = select.poll()
    poll.register(socket.fileno(), select.POLLIN)
    return bool(poll.poll(0))
