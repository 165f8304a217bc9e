"""The seam to the wire, and the transports that lie behind it.

``transports.httpx`` is imported on first use only: `import pixlab_async` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from .._errors import ConfigurationError
from ._seam import Chunks, Content, Reply, Request, Stream, Transport, TransportFault

if TYPE_CHECKING:
    import httpx

__all__ = [
    "Chunks",
    "Content",
    "Reply",
    "Request",
    "Stream",
    "Transport",
    "TransportFault",
    "make_transport",
]

TransportChoice: TypeAlias = "Literal['httpx'] | httpx.AsyncBaseTransport | Transport"


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

    # Here and not above: importing httpx is what takes the time.
    from . import httpx as lane  # noqa: PLC0415

    if http_client is not None:
        return lane.ClientTransport(http_client)

    if choice == "httpx":
        return lane.HttpxTransport(http2=http2)

    if lane.is_httpx_transport(choice):
        return lane.ForeignTransport(choice)

    raise ConfigurationError(
        f"transport={choice!r} is not known: pass 'httpx', an httpx.AsyncBaseTransport, "
        f"or an object with the methods of pixlab_async.transports.Transport."
    )
