"""The seam to the wire, and the transports that lie behind it.

``transports.httpx`` and ``transports.aiohttp`` are imported on first use only: `import
pixlab_async` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from .._errors import ConfigurationError
from ._seam import (
    Chunks,
    Content,
    Reply,
    Request,
    Resolving,
    Stream,
    Transport,
    TransportFault,
)

if TYPE_CHECKING:
    import httpx

__all__ = [
    "Chunks",
    "Content",
    "Reply",
    "Request",
    "Resolving",
    "Stream",
    "Transport",
    "TransportFault",
    "make_transport",
]

TransportChoice: TypeAlias = "Literal['httpx', 'fast'] | httpx.AsyncBaseTransport | Transport"


def make_transport(
    choice: TransportChoice, http_client: httpx.AsyncClient | None, *, http2: bool = False
) -> Transport:
    """The transport that the client's arguments ask for. No I/O.

    Raises:
        ConfigurationError: The choice is none of those that are documented.
    """
    if http2 and (http_client is not None or choice != "httpx"):
        raise ConfigurationError(
            "http2= is for the default transport: pass http2=True to the httpx transport or "
            "client that you bring."
        )

    if isinstance(choice, Transport):
        return choice

    if choice == "fast" and http_client is None:
        return _fast_lane()

    # Here and not above: importing httpx is what takes the time.
    from . import httpx as lane  # noqa: PLC0415

    if http_client is not None:
        return lane.ClientTransport(http_client)

    if choice == "httpx":
        return lane.HttpxTransport(http2=http2)

    if lane.is_httpx_transport(choice):
        return lane.ForeignTransport(choice)

    raise ConfigurationError(
        f"transport={choice!r} is not known: pass 'httpx', 'fast', an httpx.AsyncBaseTransport, "
        f"or an object with the methods of pixlab_async.transports.Transport."
    )


def _fast_lane() -> Transport:
    try:
        from .aiohttp import AiohttpTransport  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("pixlab_async"):
            raise  # a slip of ours, not a missing extra

        raise ConfigurationError(
            f"transport='fast' needs an extra, and {missing.name!r} is not installed: "
            f"in the checkout run pip install '.[fast]'."
        ) from missing

    return AiohttpTransport()
