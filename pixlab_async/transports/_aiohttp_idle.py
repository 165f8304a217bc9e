"""Whether an idle connection of aiohttp's is as its last reply left it.

aiohttp looks when a reply ends, and not when the connection is used again.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any


class Unasked(Exception):
    """What came over an idle connection would be taken for the reply to the next request."""


def look_over(protocol: Any) -> Callable[[], bool]:
    """What looks whether bytes, or the end, wait in the connection's socket.

    Made once for each connection, since that costs more than to look.
    """
    socket = protocol.transport.get_extra_info("socket")
    if not hasattr(select, "poll"):  # pragma: no cover - Windows
        return lambda: bool(select.select([socket], [], [], 0)[0])

    poll = select.poll()
    poll.register(socket.fileno(), select.POLLIN)
    return lambda: bool(poll.poll(0))
