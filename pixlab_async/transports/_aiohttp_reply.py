"""What of aiohttp's response goes up: the header's fields, a small reply, a file in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import aiohttp

from ._aiohttp_faults import FAILURES
from ._seam import Reply, TransportFault


class Headers(Mapping[str, str]):
    """A reply's header; a field that came more than once is one text with commas in it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._fields = response.headers

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._fields.getall(name))

    def get(self, name: str, default: Any = None) -> Any:  # else by way of a KeyError
        values = self._fields.getall(name, None)
        return default if values is None else ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name in self._fields))

    def __len__(self) -> int:
        return len(list(iter(self)))


def whole(response: aiohttp.ClientResponse, limit: int) -> Reply | None:
    """The reply, where it is here already and as it is: nearly always, as it is small."""
    content, headers = response.content, Headers(response)
    if not content.is_eof() or content.exception() or content.total_bytes > limit:
        return None

    if headers.get("content-encoding"):
        return None

    return Reply(response.status, headers, content.read_nowait())


class Stream:
    """A reply that is read in chunks.

    Args:
        response: Whose header has come.
        fault: Tells an error of aiohttp's in the seam's terms.
    """

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        fault: Callable[[Exception, int], TransportFault],
    ) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = Headers(response)
        self._content = response.content
        self._fault = fault

    async def read(self) -> bytes:
        faults: list[TransportFault] = []  # none in a variable: it and this frame would be a knot
        try:
            return await self._content.readany()
        except FAILURES as error:
            faults.append(self._fault(error, self.status))
        raise faults.pop()
