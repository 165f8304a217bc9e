"""Pictures that are here where an endpoint wants links: stored for the call, deleted after it.

The stored sources live no longer than the call, however it ends; a picture that was made of
them does not need them any more. Where a deletion could not be confirmed, the result's
``meta.left_stored`` has the media, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Protocol, TypeVar, cast

import anyio
from attrs import evolve

from ._endpoint import ENDPOINTS
from ._errors import CleanupFailed
from ._protocol import Call, Parameter, Unlinked, uploads_in
from ._results import Deletion, Media
from ._sources import Upload
from ._temporary import GRACE, temporary
from .endpoints._group import media

T = TypeVar("T")
R = TypeVar("R")

_MOMENT = 1e-6


class Send(Protocol):
    """Makes one call within some seconds."""

    def __call__(self, call: Call[R], deadline: float | None, /) -> Awaitable[R]: ...


async def send_linked(
    call: Call[T],
    deadline: float | None,
    send: Send,
    delete: Callable[[Media], Awaitable[Deletion]],
) -> T:
    """Store what the call has no links for, make the call, delete it again.

    Args:
        call: A call with ``unlinked`` parameters.
        deadline: Seconds for storing and calling together; None for no limit.
        send: Makes one call.
        delete: Deletes what was stored; nothing being there any more is fine.

    Raises:
        CleanupFailed: The call failed, and then a deletion too; the first failure is its
            context.
        PixLabError: The call failed.
    """
    assert call.unlinked is not None
    ends = None if deadline is None else anyio.current_time() + deadline
    done: list[T] = []
    left: dict[str, Media] = {}

    async def forget(media: Media) -> Deletion:
        left[media.id] = media
        deletion = await delete(media)
        del left[media.id]
        return deletion

    try:
        async with AsyncExitStack() as stack:
            links: dict[int, str] = {}
            for upload in uploads_in(call.unlinked.values()):
                if id(upload) not in links:
                    kept = temporary(send(_storing(upload), _until(ends)), forget, GRACE)
                    links[id(upload)] = (await stack.enter_async_context(kept)).link
            params = cast("Mapping[str, Parameter]", _linked(call.unlinked, links))
            done.append(await send(evolve(call, params=params, unlinked=None), _until(ends)))
    except CleanupFailed:
        if not done:
            raise

    return _with_left(done[0], tuple(left.values())) if left else done[0]


def _storing(upload: Upload) -> Call[Media]:
    return Call(ENDPOINTS["store"], media, upload=upload)


def _until(ends: float | None) -> float | None:
    """Seconds that are left; a moment where none are, so that the call itself times out."""
    return None if ends is None else max(ends - anyio.current_time(), _MOMENT)


def _linked(value: Unlinked, links: Mapping[int, str]) -> Parameter:
    if isinstance(value, Upload):
        return links[id(value)]

    if isinstance(value, Mapping):
        return {name: _linked(item, links) for name, item in value.items()}

    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_linked(item, links) for item in value]

    return value


def _with_left(result: T, left: tuple[Media, ...]) -> T:
    """The result, telling what is still stored. Every result has the call's facts."""
    told: Any = result
    return cast("T", evolve(told, meta=evolve(told.meta, left_stored=left)))
