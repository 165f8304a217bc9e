"""What every request goes through, driven by the catalogue.

known, method, key, computable, parameters, files, in this order; then the answer that was
told, or what is computed. Apart from the catalogue it shares nothing with the client, so
that a slip in one of the two readings shows when they meet.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

import anyio.to_thread
from starlette.responses import JSONResponse, Response

from pixlab_async.catalogue import Entry, catalogue

from . import _facts, _storage
from ._bounds import TooLarge
from ._checks import check
from ._given import Given
from ._incoming import Incoming
from ._pictures import NoPicture, Unusable
from ._replies import Refused
from ._service import Service
from ._sources import gather
from ._work import Sources, Work

_ANY_METHOD = ("GET", "POST")


async def serve(service: Service, request: Incoming) -> Response:
    """The reply to a request.

    Raises:
        Refused: It is answered with an error.
    """
    entry = _entry(request)
    methods = entry.methods or _ANY_METHOD
    if request.method not in methods:
        raise Refused(405, f"{request.method} is not taken here, but {' and '.join(methods)}")

    if not entry.keyless and request.key not in service.keys:
        raise Refused(401, "the API key is missing or not valid")

    told = service.answers.get(entry.name)
    handler = _HANDLERS.get(entry.name)
    work = None
    if told is None and handler is None:
        work = await anyio.to_thread.run_sync(_work, entry)
    given = check(entry, request)
    sources = await gather(service, entry, request, given)
    if told is not None:
        return _told(entry, given, told)

    if handler is not None:
        return await handler(service, request, given, sources)

    assert work is not None
    return await service.computing.run(_compute, service, request, work, sources, given)


def _entry(request: Incoming) -> Entry:
    entry = catalogue().get(request.endpoint)
    if entry is None:
        shown = request.endpoint[:60]
        raise Refused(501, f"this emulator does not compute {shown!r}: it knows no such endpoint")

    return entry


def _work(entry: Entry) -> Work:
    from .pixels import works  # noqa: PLC0415 - brings numpy along: on the first need only

    work = works().get(entry.name)
    if work is not None:
        return work

    reason = "cannot do it honestly"
    if entry.parameters is None:
        reason = "knows nothing of it but its name"
    raise Refused(
        501,
        f"this emulator does not compute {entry.name!r}, as it {reason}: "
        f"tell it what to answer with emulator.when({entry.name!r}, ...)",
    )


def _told(entry: Entry, given: Given, fields: dict[str, Any]) -> Response:
    """The answer that was told; of one with Base64 the bytes, where these are asked for."""
    data = fields.get("imgData")
    if entry.blob and given.truth("blob") and isinstance(data, str):
        try:
            content = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise Refused(400, "the 'imgData' that was told is no Base64") from None

        return Response(content, media_type=str(fields.get("mimeType", "image/png")))

    return JSONResponse({"status": 200, **fields})


def _compute(
    service: Service, request: Incoming, work: Work, sources: Sources, given: Given
) -> Response:
    try:
        made = work(sources, given)
    except NoPicture as problem:
        raise Refused(415, str(problem)) from None
    except (TooLarge, Unusable) as problem:
        raise Refused(400, str(problem)) from None

    if given.truth("blob"):
        return Response(made.content, media_type=made.media_type)

    return service.keep(made.content, made.extension, request, **made.fields)


Handler = Callable[[Service, Incoming, Given, Sources], Awaitable[Response]]

# Endpoints that are about the service and its store, or whose reply holds no picture.
_HANDLERS: dict[str, Handler] = {
    "about": _facts.about,
    "copy": _storage.copy,
    "delete": _storage.delete,
    "extension": _facts.extension,
    "header": _facts.header,
    "status": _facts.status,
    "store": _storage.store,
}
