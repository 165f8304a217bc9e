"""What of aiohttp's response goes up: the header's fields by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp


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
