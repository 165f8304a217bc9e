"""``client.blob``: the picture endpoints once more, answering with bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ._protocol import Call, Unlinked
from ._results import Blob
from .endpoints import Pictures
from .endpoints._group import Group, blob, call_of
from .endpoints.canvas import Comparison
from .endpoints.restoration import Cutouts

T = TypeVar("T")


class BlobPictures(Pictures[Blob], Comparison[Blob], Cutouts[Blob]):
    """The endpoints that make a picture, answering with its bytes: ``client.blob``."""

    def __init__(self, client: Group) -> None:
        self._client = client

    async def send(self, call: Call[T]) -> T:
        return await self._client.send(call)

    async def _picture(self, name: str, params: Mapping[str, Unlinked]) -> Blob:
        return await self._client.send(call_of(name, blob, params, blob=True))

    async def _difference(self, name: str, params: Mapping[str, Unlinked]) -> Blob:
        return await self._picture(name, params)

    async def _cutout(self, name: str, params: Mapping[str, Unlinked]) -> Blob:
        return await self._picture(name, params)
