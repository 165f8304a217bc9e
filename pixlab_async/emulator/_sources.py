"""The files that a request is about: uploaded, stored here, or fetched from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

import anyio.to_thread
import httpx

from pixlab_async.catalogue import Entry

from ._bounds import limits
from ._checks import subject
from ._fetching import fetching
from ._given import Given
from ._incoming import Incoming
from ._media import id_of
from ._replies import Refused
from ._service import Service
from ._work import Sources

# Endpoints whose address is no file to be read: a page to be shown, a name to be deleted.
_NOT_READ = frozenset({"delete", "llmparse", "screencapture"})


async def gather(service: Service, entry: Entry, request: Incoming, given: Given) -> Sources:
    """Every file that the request names.

    Raises:
        Refused: One cannot be had.
    """
    files: dict[str, list[bytes]] = {}
    uploaded = subject(entry)
    if request.file is not None and uploaded is not None:
        files[uploaded] = [request.file]
    left = 2 * limits().fetched
    async with AsyncExitStack() as stack:
        client: httpx.AsyncClient | None = None
        for name, where, link in _links(entry, given):
            content = await _stored(service, where, link)
            if content is None:
                if client is None:
                    client = await stack.enter_async_context(fetching())
                content = await service.fetcher.fetch(client, where, link)
            left -= len(content)
            if left < 0:
                raise Refused(400, "the files of this request are too large together")

            files.setdefault(name, []).append(content)
    return Sources({name: tuple(contents) for name, contents in files.items()})


def _links(entry: Entry, given: Given) -> Iterator[tuple[str, str, str]]:
    """Each address: its parameter, its place in words such as ``cord[2].img``, itself."""
    named = [parameter for parameter in entry.parameters or () if parameter.name in given]
    if entry.name in _NOT_READ:
        named = []
    for parameter in named:
        name = parameter.name
        if parameter.type == "url":
            yield name, name, given.text(name)
        for member in (member.name for member in parameter.item if member.type == "url"):
            for number, item in enumerate(given.items(name)):
                yield name, f"{name}[{number}].{member}", item[member]


async def _stored(service: Service, where: str, link: str) -> bytes | None:
    """The bytes of what is stored here, or None where the address is another's."""
    ours = link.startswith(f"{service.base_url}/")
    if not ours and "/" in link:
        return None

    content = await anyio.to_thread.run_sync(service.store.read, id_of(link))
    if content is None and ours:
        raise Refused(404, f"nothing is stored at the address in {where!r}")

    return content
