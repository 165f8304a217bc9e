"""Pictures that are here where an endpoint wants links: stored for the call, deleted after it.

The stored sources live no longer than the call, however it ends; a picture that was made of
them does not need them any more. Where a deletion could not be confirmed, the result's
``meta.left_stored`` has the media, so that nothing is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

import anyio
from attrs import evolve

from ._endpoint import ENDPOINTS
from ._errors import CleanupFailed
from ._protocol import Call, Parameter, Unlinked, uploads_in
from ._results import Deletion, Media
from ._sources import Upload
from ._temporary import GRACE, Delete, cleaned, made
from .endpoints._group import media

T = TypeVar("T")
R = TypeVar("R")

_MOMENT = 1e-6
_log = logging.getLogger("pixlab_async")


class Send(Protocol):
    """Makes one call within some seconds."""

    def __call__(self, call: Call[R], deadline: float | None, /) -> Awaitable[R]: ...


async def send_linked(
    call: Call[T],
    deadline: float | None,
    send: Send,
    delete: Delete,
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
    sources = _Sources(delete)
    result: T | None = None
    try:
        links: dict[int, str] = {}
        for upload in uploads_in(call.unlinked.values()):
            if id(upload) not in links:
                storing = send(_storing(upload), _until(ends))
                kept = await made(storing, sources.forget_one, GRACE)
                sources.left[kept.id] = kept
                links[id(upload)] = kept.link
        params = cast("Mapping[str, Parameter]", _linked(call.unlinked, links))
        result = await send(evolve(call, params=params, unlinked=None), _until(ends))
    except Exception as error:
        failures = await sources.forget()
        if failures:
            raise failures[0] from error

        raise
    except BaseException:
        for failure in await sources.forget():
            _log.error("%s", failure)
        raise

    try:
        await sources.forget()
    except BaseException:
        # The caller is cancelled and will never see what was made.
        if isinstance(result, Media):
            lost = await cleaned(result, delete, GRACE)
            if lost is not None:
                _log.error("%s", lost)
        raise

    return _with_left(result, tuple(sources.left.values())) if sources.left else result


class _Sources:
    """What was stored for a call, and is deleted after it."""

    def __init__(self, delete: Delete) -> None:
        self._delete = delete
        self.left: dict[str, Media] = {}

    async def forget(self) -> list[CleanupFailed]:
        """Delete them, cancelled or not, within one grace; what went wrong."""
        ends = anyio.current_time() + GRACE
        failures: list[CleanupFailed] = []
        interruption: BaseException | None = None
        for kept in reversed(list(self.left.values())):
            try:
                grace = max(0.0, ends - anyio.current_time())
                failure = await cleaned(kept, self.forget_one, grace)
            except BaseException as error:  # a cancellation, which goes on after the others
                interruption = error
            else:
                failures += [] if failure is None else [failure]
        if interruption is not None:
            raise interruption

        return failures

    async def forget_one(self, kept: Media) -> Deletion:
        """Delete one of them."""
        deletion = await self._delete(kept)
        self.left.pop(kept.id, None)
        return deletion


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
