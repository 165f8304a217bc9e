"""What each endpoint does: a table of functions from request to reply.

Written from the documentation alone, apart from the client, so that a slip in one of the
two readings shows when they meet.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from functools import partial

import anyio.to_thread
import httpx
from attrs import field, frozen
from starlette.responses import JSONResponse, Response

from . import _pictures
from ._incoming import Incoming
from ._media import BUCKET, MediaStore, id_of

FETCH_TIMEOUT = 20.0
FETCH_LIMIT = 64 * 1024 * 1024


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@frozen
class Service:
    """What the endpoints work with.

    Attributes:
        store: The stored media.
        base_url: Under which links are made.
        keys: The keys that are valid, and the prefix of each account's media.
    """

    store: MediaStore
    base_url: str
    keys: dict[str, str] = field(repr=False)

    def keep(self, content: bytes, extension: str, request: Incoming) -> JSONResponse:
        """Store the bytes and answer as the service does."""
        media_id = self.store.save(content, extension, self.keys[request.key or ""])
        link = self.link(media_id)
        # ssl_link is on no page, but in every real reply that was seen.
        return answer(ssl_link=link, link=link, id=media_id)

    def link(self, media_id: str) -> str:
        """The address of what is stored under the id."""
        return f"{self.base_url}/{BUCKET}/{media_id}"


def answer(**fields: object) -> JSONResponse:
    """A reply of success."""
    return JSONResponse({**fields, "status": 200})


def refusal(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A reply of failure, the same status in HTTP and in the body."""
    return JSONResponse({"status": status, "error": message}, status, headers)


async def store(service: Service, request: Incoming) -> Response:
    """Keep an uploaded picture or video."""
    if request.file is None:
        raise Refused(400, "the multipart field 'file' is missing")

    extension = await anyio.to_thread.run_sync(_extension, request.file)
    return await anyio.to_thread.run_sync(service.keep, request.file, extension, request)


async def oilpaint(service: Service, request: Incoming) -> Response:
    """Paint a picture in oil."""
    radius = _number(request, "radius", maximum=10.0)
    content = await _source(service, request)
    paint = partial(_pictures.oilpaint, radius=radius)
    return await anyio.to_thread.run_sync(_painted, service, request, content, paint)


async def delete(service: Service, request: Incoming) -> Response:
    """Remove a stored picture for good."""
    media_id = id_of(_text(request, "link"))
    if not await anyio.to_thread.run_sync(service.store.delete, media_id):
        raise Refused(404, f"nothing is stored under {media_id[:80]!r}")

    return answer(id=media_id, deleted=True)


async def status(service: Service, request: Incoming) -> Response:
    """Say that all is well."""
    del service, request
    return answer(payload="All services are up and running")


@frozen
class Route:
    """An endpoint: what it does, the methods it takes, whether it needs a key."""

    serve: Callable[[Service, Incoming], Awaitable[Response]]
    methods: tuple[str, ...] = ("GET", "POST")
    keyless: bool = False


ROUTES = {
    "store": Route(store, methods=("POST",)),
    "oilpaint": Route(oilpaint),
    "delete": Route(delete, methods=("GET",)),
    "status": Route(status, methods=("GET",), keyless=True),
}


def _text(request: Incoming, name: str) -> str:
    value = request.params.get(name)
    if value is None or value == "":
        raise Refused(400, f"the required parameter {name!r} is missing")

    return str(value)


def _number(request: Incoming, name: str, *, maximum: float) -> float:
    try:
        value = float(_text(request, name))
    except ValueError:
        value = math.nan
    if not 0 <= value <= maximum:
        raise Refused(400, f"the parameter {name!r} must be a number from 0 to {maximum:g}")

    return value


def _truth(request: Incoming, name: str) -> bool:
    # The samples of four languages write it in these ways.
    return str(request.params.get(name, "")).lower() in ("true", "1")


async def _source(service: Service, request: Incoming) -> bytes:
    """The bytes of the picture that the request means."""
    if request.file is not None:
        return request.file

    link = _text(request, "img")
    if link.startswith(f"{service.base_url}/"):
        path = service.store.path(id_of(link))
        if path is None:
            raise Refused(404, "nothing is stored at the address in 'img'")

        return await anyio.to_thread.run_sync(path.read_bytes)

    return await _fetch(link)


async def _fetch(link: str) -> bytes:
    content = bytearray()
    try:
        async with (
            httpx.AsyncClient(timeout=FETCH_TIMEOUT, trust_env=False) as client,
            client.stream("GET", link) as reply,
        ):
            if reply.status_code != 200:
                raise Refused(404, f"the address in 'img' answered {reply.status_code}")

            async for chunk in reply.aiter_bytes():
                content += chunk
                if len(content) > FETCH_LIMIT:
                    raise Refused(400, "the picture at the address in 'img' is too large")
    except (httpx.RequestError, httpx.InvalidURL):
        raise Refused(404, "the address in 'img' does not answer") from None

    return bytes(content)


def _extension(content: bytes) -> str:
    try:
        return _pictures.video_extension(content) or _pictures.decode(content).extension
    except _pictures.NoPicture as problem:
        raise Refused(415, str(problem)) from None


def _painted(
    service: Service,
    request: Incoming,
    content: bytes,
    paint: Callable[[_pictures.Picture], _pictures.Picture],
) -> Response:
    try:
        picture = paint(_pictures.decode(content))
        made = picture.encoded()
    except _pictures.NoPicture as problem:
        raise Refused(415, str(problem)) from None

    if _truth(request, "blob"):
        return Response(made, media_type=picture.media_type)

    return service.keep(made, picture.extension, request)
