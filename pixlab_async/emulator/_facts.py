"""The endpoints that answer with facts alone: on a picture, or on the service."""

from __future__ import annotations

from PIL import Image
from starlette.responses import Response

from . import _pictures
from ._given import Given
from ._incoming import Incoming
from ._replies import Refused, answer
from ._service import Service
from ._work import Sources

# Bits of a channel; the rest have 8.
_BITS = {"1": 1, "I": 32, "F": 32}


async def header(service: Service, request: Incoming, given: Given, sources: Sources) -> Response:
    """Say how large a picture is and what it is made of."""
    del request, given
    fields = await service.computing.run(facts, sources.content("img"))
    return answer(**fields)


async def extension(
    service: Service, request: Incoming, given: Given, sources: Sources
) -> Response:
    """List the formats that are written. Only the endpoint's name is known, not its reply."""
    del service, request, given, sources
    return answer(extensions=_pictures.formats())


async def about(service: Service, request: Incoming, given: Given, sources: Sources) -> Response:
    """Say who answers. Only the endpoint's name is known, not its reply."""
    del service, request, given, sources
    return answer(about="An emulator of PixLab, which is no part of the service itself")


async def status(service: Service, request: Incoming, given: Given, sources: Sources) -> Response:
    """Say that all is well."""
    del service, request, given, sources
    return answer(payload="All services are up and running")


def facts(content: bytes) -> dict[str, object]:
    """The documented facts on a picture.

    Raises:
        Refused: It is none.
    """
    try:
        image = _pictures.decode(content).image
    except _pictures.NoPicture as problem:
        raise Refused(415, str(problem)) from None

    with _pictures.opened(content) as opened:
        kind = opened.format or ""
    width, height = image.size
    # A palette's entries have three; what is transparent of them is one more.
    channels = len(image.getbands())
    if image.mode == "P":
        channels = 4 if image.has_transparency_data else 3
    return {
        "width": width,
        "height": height,
        "type": kind,
        "size": len(content),
        "mime": Image.MIME.get(kind, "application/octet-stream"),
        "channels": channels,
        "bits": 16 if image.mode.startswith("I;16") else _BITS.get(image.mode, 8),
        "html_attr": f'height="{height}" width="{width}"',
        "css_prop": f"height:{height}px;width:{width}px;",
    }
