"""What a computation is given beside its parameters, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
from attrs import define, field, frozen

from ._given import Given
from ._pictures import Picture, decode

T = TypeVar("T")
P = TypeVarTuple("P")


@frozen
class Sources:
    """The files that a request is about, uploaded or fetched.

    Attributes:
        files: Their bytes by the parameter that named them; of a list, one for each entry.
    """

    files: Mapping[str, tuple[bytes, ...]] = field(factory=dict[str, tuple[bytes, ...]], repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.files

    def content(self, name: str) -> bytes:
        """The bytes of the file that the parameter names."""
        return self.files[name][0]

    def picture(self, name: str) -> Picture:
        """The picture that the parameter names.

        Raises:
            NoPicture: It is none.
        """
        return decode(self.content(name))

    def pictures(self, name: str) -> list[Picture]:
        """The pictures that a list's entries name.

        Raises:
            NoPicture: One of them is none.
        """
        return [decode(content) for content in self.files[name]]


@define(eq=False)
class Computing:
    """Threads in which pictures are computed.

    Attributes:
        most: How many work at once.
    """

    most: int
    _limiter: anyio.CapacityLimiter | None = None

    async def run(self, function: Callable[[*P], T], *args: *P) -> T:
        """Call the function in a thread, when one is free."""
        if self._limiter is None:  # no earlier: it belongs to the event loop that serves
            self._limiter = anyio.CapacityLimiter(self.most)
        return await anyio.to_thread.run_sync(function, *args, limiter=self._limiter)


@frozen
class Made:
    """A file that was computed.

    Attributes:
        content: Its bytes.
        extension: For its name.
        media_type: Its content type.
        fields: What else the reply says.
    """

    content: bytes = field(repr=False)
    extension: str
    media_type: str
    fields: Mapping[str, object] = field(factory=dict[str, object])


Work = Callable[[Sources, Given], Made]


def file_of(picture: Picture, **fields: object) -> Made:
    """The picture as a file.

    Raises:
        NoPicture: It cannot be written.
    """
    return Made(picture.encoded(), picture.extension, picture.media_type, fields)
