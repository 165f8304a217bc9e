"""Pictures that are here where an endpoint wants links: stored for the call, deleted after it.

The stored sources live no longer than the call, however it ends; a picture that was made of
them does not need them any more. Where a deletion could not be confirmed, the result's
``meta.left_stored`` has the media, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar, cast

from attrs import evolve

from ._errors import CleanupFailed
from ._protocol import Call, Parameter, Unlinked, uploads_in
from ._results import Deletion, Media
from ._sources import Upload
from ._temporary import GRACE, temporary

T = TypeVar("T")


async def send_linked(
    call: Call[T],
    store: Callable[[Upload], Awaitable[Media]],
    delete: Callable[[Media], Awaitable[Deletion]],
    send: Callable[[Call[T]], Awaitable[T]],
) -> T:
    """Store what the call has no links for, make the call, delete it again.

    Args:
        call: A call with ``unlinked`` parameters.
        store: Stores one upload.
        delete: Deletes it; nothing being there any more is fine.
        send: Makes the call.

    Raises:
        CleanupFailed: The call failed, and then a deletion too; the first failure is its
            context.
        PixLabError: The call failed.
    """
    assert call.unlinked is not None
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
                    kept = temporary(store(upload), forget, GRACE)
                    links[id(upload)] = (await stack.enter_async_context(kept)).link
            params = cast("Mapping[str, Parameter]", _linked(call.unlinked, links))
            done.append(await send(evolve(call, params=params, unlinked=None)))
    except CleanupFailed:
        if not done:
            raise

    return _with_left(done[0], tuple(left.values())) if left else done[0]


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
