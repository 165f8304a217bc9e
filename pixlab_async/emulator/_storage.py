"""The endpoints of the store: keep a file, keep another's, remove one."""

from __future__ import annotations

import anyio.to_thread
from starlette.responses import Response

from . import _pictures
from ._given import Given
from ._incoming import Incoming
from ._media import id_of
from ._replies import Refused, answer
from ._service import Service
from ._work import Sources

_PDF = b"%PDF-"


async def store(service: Service, request: Incoming, given: Given, sources: Sources) -> Response:
    """Keep an uploaded picture, video or PDF."""
    del given
    content = sources.content("file")
    extension = await service.computing.run(_extension, content)
    return await anyio.to_thread.run_sync(service.keep, content, extension, request)


async def copy(service: Service, request: Incoming, given: Given, sources: Sources) -> Response:
    """Keep a picture, a video or a PDF from an address, or another copy of what is stored."""
    del given
    content = sources.content("img")
    extension = await service.computing.run(_extension, content)
    return await anyio.to_thread.run_sync(service.keep, content, extension, request)


async def delete(service: Service, request: Incoming, given: Given, sources: Sources) -> Response:
    """Remove what is stored for good."""
    del request, sources
    media_id = id_of(given.text("link"))
    if not await anyio.to_thread.run_sync(service.store.delete, media_id):
        raise Refused(404, f"nothing is stored under {media_id[:80]!r}")

    return answer(id=media_id, deleted=True)


def _extension(content: bytes) -> str:
    if content.startswith(_PDF):
        return "pdf"

    try:
        return _pictures.video_extension(content) or _pictures.decode(content).extension
    except _pictures.NoPicture as problem:
        raise Refused(415, str(problem)) from None
