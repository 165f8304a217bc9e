"""How a client ends: in the event loop and the process that its connections belong to.

Where nobody ends it, a ``ResourceWarning`` says so; in development mode (``-X dev``) it says
too where the client was made.
"""

from __future__ import annotations

import math
import sys
import warnings
from functools import partial
from types import FrameType

from ._bridge import surely
from ._core import Core
from ._errors import ConfigurationError
from ._recording import settle


async def close(core: Core) -> None:
    """Turn away who waits, write what was recorded, close the connections. Twice is fine.

    Raises:
        ConfigurationError: They belong to another event loop, which goes on.
    """
    if core.closed:
        return

    if core.foreign:  # not even a wait: each byte and each epoll call would reach the parent's
        core.closed = True
        return

    elsewhere = core.used and not core.here
    if elsewhere and _goes_on(core):
        raise ConfigurationError(
            "The client belongs to another event loop, which goes on: close it there."
        )

    core.closed = True
    if not elsewhere:  # where it is, who waited is gone with its event loop
        for gate in (*(lane.gate for lane in core.lanes), core.downloads):
            gate.close()
    # Twice would do nothing, so a cancellation must not end it. A flush is bounded, and to close
    # a connection.
    await surely(partial(_let_go, core, elsewhere=elsewhere), math.inf)


async def _let_go(core: Core, *, elsewhere: bool) -> None:
    if core.recorder is not None:
        await settle(core.recorder)
    if not elsewhere:
        await core.transport.aclose()


def _goes_on(core: Core) -> bool:
    """Whether the event loop that the connections belong to is open still."""
    from ._notice import post  # noqa: PLC0415 - hardly anybody closes a client elsewhere

    return core.loop is not None and post(core.loop, lambda: None)


def made_at(client: object) -> str:
    """Where a client whose ``__init__`` calls this is made, in development mode; else ''."""
    return _place(client) if sys.flags.dev_mode else ""


def _place(client: object) -> str:  # pragma: no cover - tests see it in processes of their own
    # Of classes that are derived from ours, too. Not by their variables: to look at a frame's
    # keeps them alive.
    own = [getattr(vars(kind).get("__init__"), "__code__", None) for kind in type(client).__mro__]
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - what inspect uses; it costs more
    while frame is not None and frame.f_code in own:
        frame = frame.f_back
    return "" if frame is None else f" made at {frame.f_code.co_filename}:{frame.f_lineno}"


def warn_if_open(client: object, core: Core, made_at: str) -> None:
    """Say of a client that nobody holds any more that it was never closed."""
    if core.used and not core.closed and not core.foreign:
        warnings.warn(
            f"An AsyncPixLab{made_at} was never closed: use `async with`, or await its aclose().",
            ResourceWarning,
            source=client,
            stacklevel=2,
        )
