"""Temporary pictures: deleted on success, on error and on cancellation, whenever it strikes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from pixlab_async import (
    AsyncPixLab,
    CleanupFailed,
    ConfigurationError,
    Media,
    NotFound,
    PixLabError,
    ServerFailed,
    UnsupportedMedia,
)
from pixlab_async._temporary import _Making
from pixlab_async.emulator import Emulator, Fault
from pixlab_async.transports import Reply, Request

from .conftest import Lane, client_of
from .scripted import wait_until

CHURN = 500

# Each test over both lanes.
pytestmark = pytest.mark.usefixtures("lane")


async def test_a_temporary_picture_is_there_while_it_is_used(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)) as media:
        assert emulator.stored() == [media.link]


async def test_a_temporary_picture_is_gone_afterwards(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
        pass

    assert emulator.stored() == []


async def test_a_temporary_picture_is_gone_after_an_error(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    with pytest.raises(KeyError):
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
            raise KeyError

    assert emulator.stored() == []


async def test_deleting_it_inside_is_fine(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)) as media:
        await pixlab.delete(media)

    assert emulator.stored() == []


async def test_an_error_of_the_making_comes_through(pixlab: AsyncPixLab) -> None:
    with pytest.raises(UnsupportedMedia):
        async with pixlab.temporary(pixlab.store(b"no picture")):
            raise AssertionError("unreachable")


async def test_what_makes_no_media_is_refused(pixlab: AsyncPixLab, picture: bytes) -> None:
    making: Any = pixlab.blob.oilpaint(picture, radius=1)

    with pytest.raises(ConfigurationError, match="made Blob"):
        async with pixlab.temporary(making):
            raise AssertionError("unreachable")


async def test_generate_then_delete_gives_what_use_gives(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    async def publish(media: Media) -> str:
        assert emulator.stored() == [media.link]
        return media.id.upper()

    result = await pixlab.generate_then_delete(pixlab.oilpaint(picture, radius=1), use=publish)

    assert result.endswith(".PNG")
    assert emulator.stored() == []


async def test_a_deletion_that_fails_is_told_with_the_media(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    with pytest.raises(CleanupFailed) as caught:
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)) as media:
            pass

    assert caught.value.media == media
    assert isinstance(caught.value.error, ServerFailed)
    assert caught.value.__cause__ is caught.value.error


async def test_a_deletion_that_fails_after_an_error_chains_the_error(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    with pytest.raises(CleanupFailed) as caught:
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
            raise KeyError

    assert isinstance(caught.value.__cause__, KeyError)


async def test_a_deletion_that_takes_too_long_is_told(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="delete", latency=1.0))

    with pytest.raises(CleanupFailed, match="took too long"):
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1), grace=0.05):
            pass


async def test_a_cancellation_waits_for_the_link_and_deletes_the_picture(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", latency=0.5, acts=True))
    entered = False

    with anyio.move_on_after(0.05) as scope:
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
            entered = True

    assert scope.cancelled_caught
    assert not entered
    assert [request.endpoint for request in emulator.received] == ["oilpaint", "delete"]
    assert emulator.stored() == []


async def test_a_cancellation_does_not_wait_for_ever(
    pixlab: AsyncPixLab,
    emulator: Emulator,
    picture: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", latency=1.0, status=500))

    with caplog.at_level(logging.ERROR, "pixlab_async"):
        with anyio.move_on_after(0.02):
            async with pixlab.temporary(pixlab.oilpaint(picture, radius=1), grace=0.05):
                raise AssertionError("unreachable")

    assert "its link is not known" in caplog.text


async def test_a_cancellation_in_the_block_deletes_and_goes_on(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    with anyio.CancelScope() as scope:
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
            scope.cancel()
            await anyio.sleep_forever()

    assert scope.cancelled_caught
    assert emulator.stored() == []


async def test_a_deletion_that_fails_under_a_cancellation_is_logged(
    pixlab: AsyncPixLab,
    emulator: Emulator,
    picture: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    with caplog.at_level(logging.ERROR, "pixlab_async"), anyio.CancelScope() as scope:
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)) as media:
            scope.cancel()
            await anyio.sleep_forever()

    assert scope.cancelled_caught
    assert f"the picture {media.id} may still be stored" in caplog.text


async def test_a_deletion_that_fails_for_an_abandoned_picture_is_logged(
    pixlab: AsyncPixLab,
    emulator: Emulator,
    picture: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", latency=0.5, acts=True))
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    with caplog.at_level(logging.ERROR, "pixlab_async"), anyio.move_on_after(0.02):
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
            raise AssertionError("unreachable")

    assert "may still be stored" in caplog.text


async def test_a_keyboard_interrupt_deletes_and_goes_on(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    with pytest.raises(SystemExit):
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
            raise SystemExit(3)

    assert emulator.stored() == []


async def test_a_caller_cancelled_before_it_began_sends_nothing(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
            raise AssertionError("unreachable")

    assert emulator.stored() == []


async def test_an_awaitable_that_is_no_coroutine_is_left_alone(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    class Never:
        def __await__(self) -> Any:
            raise AssertionError("unreachable")

    with anyio.CancelScope() as scope:
        scope.cancel()
        async with pixlab.temporary(Never()):
            raise AssertionError("unreachable")

    assert scope.cancelled_caught


@pytest.mark.once
async def test_500_scope_cancellations_at_random_instants_leave_nothing(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    randomly = random.Random(7)
    gate = anyio.Semaphore(40)

    async def one() -> None:
        async with gate:
            with anyio.move_on_after(randomly.uniform(0, 0.25)):
                async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
                    await anyio.sleep(randomly.uniform(0, 0.02))

    async with anyio.create_task_group() as group:
        for _ in range(CHURN):
            group.start_soon(one)

    await _nothing_is_left(pixlab, emulator)


@pytest.mark.once
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("times", [1, 2])
async def test_500_native_cancellations_at_random_instants_leave_nothing(
    emulator: Emulator, picture: bytes, times: int, lane: Lane
) -> None:
    randomly = random.Random(8)
    gate = asyncio.Semaphore(40)
    async with client_of(emulator, lane) as pixlab:

        async def one() -> None:
            async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
                await asyncio.sleep(randomly.uniform(0, 0.02))

        async def cancelled() -> None:
            async with gate:
                task = asyncio.create_task(one())
                for _ in range(times):
                    await asyncio.sleep(randomly.uniform(0, 0.2))
                    task.cancel()
                await asyncio.wait([task])

        await asyncio.gather(*[cancelled() for _ in range(CHURN)])
        await _nothing_is_left(pixlab, emulator)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_timeout_leaves_nothing(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", latency=0.5, acts=True))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
                raise AssertionError("unreachable")

    assert emulator.stored() == []


async def _nothing_is_left(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    """The emulator stores nothing, every slot is free, and the client serves 200 calls."""
    await anyio.to_thread.run_sync(wait_until, lambda: not emulator.stored())
    assert (pixlab.stats().in_use, pixlab.stats().queued) == (0, 0)
    for _ in range(200):
        await pixlab.status()


async def _churn(
    pixlab: AsyncPixLab, cancel_one: Callable[[Callable[[], Awaitable[Any]]], Awaitable[None]]
) -> None:
    async def delete() -> None:
        try:
            await pixlab.delete("1p62f73c9583ec6.png", missing_ok=True)
        except PixLabError as error:  # pragma: no cover - shown where it fails
            raise AssertionError from error

    async def worker() -> None:
        for _ in range(250):
            await cancel_one(delete)

    async with anyio.create_task_group() as group:
        for _ in range(40):
            group.start_soon(worker)


@pytest.mark.once
async def test_10_000_cancelled_deletes_leave_all_ten_slots_usable(
    emulator: Emulator, anyio_backend: str, lane: Lane
) -> None:
    randomly = random.Random(9)
    async with AsyncPixLab(
        transport=lane, base_url=emulator.base_url, api_key=emulator.api_key, connections=10
    ) as pixlab:

        async def cancel_one(delete: Callable[[], Awaitable[Any]]) -> None:
            with anyio.move_on_after(randomly.uniform(0, 0.02)):
                await delete()

        await _churn(pixlab, cancel_one)
        await _ten_slots_are_usable(pixlab, emulator)


@pytest.mark.once
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_10_000_natively_cancelled_deletes_leave_all_ten_slots_usable(
    emulator: Emulator, lane: Lane
) -> None:
    randomly = random.Random(10)
    async with AsyncPixLab(
        transport=lane, base_url=emulator.base_url, api_key=emulator.api_key, connections=10
    ) as pixlab:

        async def cancel_one(delete: Callable[[], Awaitable[Any]]) -> None:
            try:
                async with asyncio.timeout(randomly.uniform(0, 0.02)):
                    await delete()
            except TimeoutError:
                pass

        await _churn(pixlab, cancel_one)
        await _ten_slots_are_usable(pixlab, emulator)


def _asked_for_status(emulator: Emulator) -> int:
    """How often; deletions that were cancelled on their way may still come in."""
    return sum(request.endpoint == "status" for request in list(emulator.received))


async def _ten_slots_are_usable(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    assert (pixlab.stats().in_use, pixlab.stats().queued) == (0, 0)
    emulator.clear()
    emulator.inject(Fault(endpoint="status", latency=60.0, times=10))
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(pixlab.status)
        # Ten at once: all are at the emulator before the first is answered.
        await anyio.to_thread.run_sync(wait_until, lambda: _asked_for_status(emulator) == 10)
        assert pixlab.stats().in_use == 10
        emulator.clear()  # each is answered with 503, and asks again


async def test_not_found_is_told_apart_from_a_lost_reply(pixlab: AsyncPixLab) -> None:
    with pytest.raises(NotFound):
        await pixlab.delete("1p62f73c9583ec6.png")


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("when", ["in the block", "while it is deleted"])
async def test_the_end_of_a_program_deletes_what_is_in_use(
    emulator: Emulator, picture: bytes, when: str, lane: Lane
) -> None:
    """asyncio.run cancels every task natively, those that shelter a deletion too."""
    if when == "while it is deleted":
        emulator.inject(Fault(endpoint="delete", status=503, headers={"Retry-After": "0.3"}))

    async def main() -> None:
        pixlab = client_of(emulator, lane)
        entered = asyncio.Semaphore(0)

        async def one() -> None:
            try:
                async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
                    entered.release()
                    if when == "in the block":
                        await asyncio.sleep(60)
            finally:
                await pixlab.aclose()

        task = asyncio.create_task(one())
        await entered.acquire()
        if when == "while it is deleted":
            while not any(request.endpoint == "delete" for request in emulator.received):
                await asyncio.sleep(0.01)
        assert not task.done()

    await anyio.to_thread.run_sync(asyncio.run, main())

    assert emulator.stored() == []


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_picture_in_the_making_at_the_end_of_a_program_is_told_of(
    emulator: Emulator, picture: bytes, caplog: pytest.LogCaptureFixture, lane: Lane
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", latency=0.5, status=500))

    async def main() -> None:
        pixlab = client_of(emulator, lane)

        async def one() -> None:
            try:
                async with pixlab.temporary(pixlab.oilpaint(picture, radius=1)):
                    raise AssertionError("unreachable")
            finally:
                await pixlab.aclose()

        task = asyncio.create_task(one())
        while not any(request.endpoint == "oilpaint" for request in emulator.received):
            await asyncio.sleep(0.01)
        assert not task.done()

    await anyio.to_thread.run_sync(asyncio.run, main())

    assert "its link is not known" in caplog.text


class Broken:
    """A transport that stores, and fails with an error of its own to delete."""

    async def send(self, request: Request) -> Reply:
        if request.endpoint == "delete":
            raise OSError("the wire is cut")

        return Reply(200, {}, b'{"status":200,"link":"https://m/a.png","id":"a.png"}')

    def fetch(self, url: str, *, timeout: float) -> Any: ...

    async def aclose(self) -> None: ...


async def test_a_deletion_that_fails_in_an_odd_way_is_told_with_the_media() -> None:
    async with AsyncPixLab(api_key="k" * 20, transport=Broken()) as pixlab:
        with pytest.raises(CleanupFailed, match="the wire is cut") as caught:
            async with pixlab.temporary(pixlab.oilpaint("https://example.org/a", 1)):
                raise KeyError

    assert caught.value.media is not None
    assert isinstance(caught.value.__cause__, KeyError)


async def test_a_cancellation_goes_on_over_a_deletion_that_fails_in_an_odd_way(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with AsyncPixLab(api_key="k" * 20, transport=Broken()) as pixlab:
        with anyio.CancelScope() as scope:
            async with pixlab.temporary(pixlab.oilpaint("https://example.org/a", 1)):
                scope.cancel()
                await anyio.sleep_forever()

    assert scope.cancelled_caught
    assert "the wire is cut" in caplog.text


async def test_an_exit_from_the_making_comes_through_as_it_is(pixlab: AsyncPixLab) -> None:
    async def making() -> Media:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        async with pixlab.temporary(making()):
            raise AssertionError("unreachable")


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_somebody_else_cancels_is_a_cancellation(pixlab: AsyncPixLab) -> None:
    async def making() -> Media:
        await asyncio.sleep(60)
        raise AssertionError("unreachable")

    task = asyncio.create_task(making())
    asyncio.get_running_loop().call_later(0.02, task.cancel)

    with pytest.raises(asyncio.CancelledError):
        async with pixlab.temporary(task):
            raise AssertionError("unreachable")


async def test_a_making_that_was_abandoned_before_it_began_is_not_begun() -> None:
    class Never:
        def __await__(self) -> Any:
            raise AssertionError("unreachable")

    async def never() -> Media:
        raise AssertionError("unreachable")

    for making in (Never(), never()):
        state = _Making(abandoned=True)
        await state.run(making)
        assert not state.begun
