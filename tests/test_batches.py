"""What a batch can be asked for beyond deleting: order, limits, a second pass, a summary."""

from __future__ import annotations

import json
import pickle
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from pixlab_async import (
    AsyncPixLab,
    AuthenticationFailed,
    BadRequest,
    BatchIncomplete,
    BatchStopped,
    BatchSummary,
    ConfigurationError,
    DeletionState,
    Media,
    Outcome,
    RecordingFailed,
    RetryPolicy,
    ServerFailed,
)
from pixlab_async.emulator import Emulator, Fault

from .conftest import QUICK, client_of
from .scripted import http, serve, wait_until
from .simulated import SimulatedService
from .test_bulk import KEY, ids, outcomes, run_on_a_fast_clock


@pytest.fixture
async def stored(pixlab: AsyncPixLab, picture: bytes) -> list[str]:
    return [(await pixlab.store(picture)).link for _ in range(12)]


def asked(emulator: Emulator) -> int:
    return sum(incoming.endpoint == "delete" for incoming in emulator.received)


# --- Order ----------------------------------------------------------------------------------


async def test_outcomes_come_in_the_order_of_the_input_where_that_is_asked_for(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    emulator.inject(Fault(endpoint="delete", latency=0.1, acts=True))

    found = await outcomes(pixlab.delete_many(stored, order="input"))

    assert [outcome.link for outcome in found] == stored


async def test_in_the_order_of_the_input_a_batch_runs_ahead_only_so_far(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", latency=1.0, status=400))
    taken: list[str] = []

    def links() -> Iterator[str]:
        for link in ids(5000):
            taken.append(link)
            yield link

    batch = pixlab.delete_many(links(), order="input", concurrency=20, missing_ok=True)
    first = await anext(batch)

    assert first.index == 0
    assert len(taken) <= 1100


async def test_in_the_order_of_the_input_a_failure_is_tried_again_before_it_blocks_all(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    found = await outcomes(
        pixlab.delete_many(ids(1500), order="input", concurrency=20, missing_ok=True)
    )

    assert [outcome.index for outcome in found] == list(range(1500))
    assert all(outcome.state.gone for outcome in found)


# --- The same link twice --------------------------------------------------------------------


async def test_a_repeated_link_is_sent_once_and_shares_the_outcome(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    link = stored[0]

    found = await outcomes(pixlab.delete_many([link, link, stored[1], link], dedupe=True))

    assert {(o.index, str(o.state), o.duplicate_of) for o in found} == {
        (0, "deleted", None),
        (1, "deleted", 0),
        (2, "deleted", None),
        (3, "deleted", 0),
    }
    assert asked(emulator) == 2


async def test_a_repeated_link_is_sent_twice_where_nothing_else_is_asked_for(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    await outcomes(pixlab.delete_many([stored[0]] * 2, concurrency=1))

    assert asked(emulator) == 2


async def test_any_number_of_repeats_leaves_other_tasks_their_turn(
    pixlab: AsyncPixLab, stored: list[str]
) -> None:
    summary = await pixlab.delete_all([stored[0]] * 3000, dedupe=True)

    assert (summary.total, summary.duplicates, summary.attempts) == (3000, 2999, 1)


# --- Limits ---------------------------------------------------------------------------------


async def test_no_more_links_are_sent_than_allowed(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    found: list[Outcome] = []
    with pytest.raises(BatchStopped, match="max_deletes") as stopped:
        async for outcome in pixlab.delete_many(stored, max_deletes=5):
            found.append(outcome)

    assert stopped.value.reason == "max_deletes"
    assert (asked(emulator), len(emulator.stored())) == (5, 7)
    assert sorted(str(outcome.state) for outcome in found) == ["deleted"] * 5 + ["not_sent"]


async def test_as_many_links_as_allowed_are_no_trouble(
    pixlab: AsyncPixLab, stored: list[str]
) -> None:
    summary = await pixlab.delete_all(stored, max_deletes=len(stored))

    assert summary.gone == len(stored)


async def test_failures_in_a_row_stop_the_batch(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="delete", status=400, times=None))

    with pytest.raises(BatchStopped, match="3 links in a row") as stopped:
        await pixlab.delete_all(ids(1000), stop_after_failures=3, concurrency=1)

    assert stopped.value.reason == "failures"
    assert asked(emulator) == 3


async def test_a_success_in_between_starts_the_count_of_failures_anew(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    links = ["two words", "two words", stored[0], "two words", "two words", stored[1]]

    summary = await pixlab.delete_all(links, stop_after_failures=3, concurrency=1)

    assert summary.counts == {DeletionState.REJECTED: 4, DeletionState.DELETED: 2}


async def test_the_first_failure_stops_the_batch_where_that_is_asked_for(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", status=400, times=None))

    with pytest.raises(BadRequest):
        await pixlab.delete_all(ids(1000), on_error="stop", concurrency=1)

    assert asked(emulator) == 1


async def test_fifty_links_at_which_nothing_is_stored_stop_the_batch(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    with pytest.raises(BatchStopped, match="another account") as stopped:
        await pixlab.delete_all(ids(1000), concurrency=5)

    assert stopped.value.reason == "nothing_found"
    assert 50 <= asked(emulator) < 60


async def test_one_deletion_shows_that_the_list_is_right(
    pixlab: AsyncPixLab, stored: list[str]
) -> None:
    summary = await pixlab.delete_all([stored[0], *ids(200)], concurrency=1)

    assert summary.counts[DeletionState.ALREADY_GONE] == 200


async def test_links_that_are_all_gone_are_fine_where_that_is_said(pixlab: AsyncPixLab) -> None:
    summary = await pixlab.delete_all(ids(200), missing_ok=True)

    assert summary.counts == {DeletionState.ALREADY_GONE: 200}


async def test_fifty_refusals_of_one_kind_stop_the_batch(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", status=415, times=None))

    with pytest.raises(BatchStopped, match="status 415") as stopped:
        await pixlab.delete_all(ids(1000), concurrency=5)

    assert stopped.value.reason == "all_rejected"
    assert 50 <= asked(emulator) < 60


def test_a_deadline_ends_a_batch_that_waits_for_its_rate_limit() -> None:
    service = SimulatedService(60, announce_wait=True)
    found: list[Outcome] = []

    async def job() -> None:
        async with AsyncPixLab(api_key=KEY, transport=service) as pixlab:
            with pytest.raises(BatchStopped) as stopped:
                async for outcome in pixlab.delete_many(ids(1000), deadline=100.0):
                    found.append(outcome)
            assert stopped.value.reason == "deadline"
            assert anyio.current_time() - began < 103

    began = 0.0

    async def timed() -> None:
        nonlocal began
        began = anyio.current_time()
        await job()

    run_on_a_fast_clock(timed)

    states = {outcome.state for outcome in found}
    assert DeletionState.DELETED in states
    assert states <= {DeletionState.DELETED, DeletionState.NOT_SENT, DeletionState.FAILED}


async def test_a_deadline_does_not_wait_for_the_next_link(pixlab: AsyncPixLab) -> None:
    async def links() -> AsyncIterator[str]:
        yield "a.png"
        await anyio.sleep_forever()

    with anyio.fail_after(10), pytest.raises(BatchStopped):
        await pixlab.delete_all(links(), deadline=0.2)


def test_a_batch_keeps_to_a_rate_of_its_own() -> None:
    service = SimulatedService(600, announce_wait=True)
    took: list[float] = []

    async def job() -> None:
        async with AsyncPixLab(api_key=KEY, transport=service) as pixlab:
            began = anyio.current_time()
            await pixlab.delete_all(ids(240), rate="120/min")
            took.append(anyio.current_time() - began)

    run_on_a_fast_clock(job)

    assert service.refused == 0
    assert took[0] > 110


async def test_a_dry_run_sends_nothing(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    summary = await pixlab.delete_all([*stored, "two words"], dry_run=True)

    assert summary.counts == {DeletionState.NOT_SENT: 12, DeletionState.REJECTED: 1}
    assert asked(emulator) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrency": True},
        {"order": "random"},
        {"on_error": "ignore"},
        {"max_deletes": 0},
        {"stop_after_failures": -1},
        {"deadline": 0},
        {"rate": "fast"},
    ],
    ids=str,
)
async def test_what_cannot_be_asked_for_is_refused_before_anything_is_sent(
    pixlab: AsyncPixLab, emulator: Emulator, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        pixlab.delete_many(ids(5), **wrong)

    assert not emulator.received


# --- The second pass ------------------------------------------------------------------------


async def test_what_failed_for_a_passing_reason_is_tried_again_at_the_end(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    found = await outcomes(pixlab.delete_many(stored, concurrency=1))

    assert {outcome.state for outcome in found} == {DeletionState.DELETED}
    assert found[-1].link == stored[0]
    assert found[-1].attempts == 4


async def test_what_fails_twice_has_failed(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=None))

    (failed,) = await outcomes(pixlab.delete_many(stored[:1]))

    assert (failed.state, type(failed.error), failed.attempts) == (
        DeletionState.FAILED,
        ServerFailed,
        6,
    )


async def test_a_stop_gives_up_the_second_pass_and_keeps_the_outcome(
    emulator: Emulator, stored: list[str]
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=3))
    slow = RetryPolicy(base=0.001, cap=30.0)
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, retry=slow
    ) as pixlab:
        found: list[Outcome] = []
        with anyio.fail_after(10):
            async with pixlab.delete_many(stored, concurrency=1) as batch:
                async for outcome in batch:
                    found.append(outcome)
                    if len(found) == len(stored) - 1:
                        batch.stop()  # while the second pass takes breath

    assert [outcome.state for outcome in found] == [DeletionState.DELETED] * 11 + [
        DeletionState.FAILED
    ]


# --- Stops ----------------------------------------------------------------------------------


async def test_a_stop_lets_what_was_sent_end_and_sends_nothing_else(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    emulator.inject(Fault(endpoint="delete", latency=0.2, acts=True, times=None))
    async with pixlab.delete_many(stored, concurrency=3) as batch:
        await anyio.to_thread.run_sync(wait_until, lambda: asked(emulator) == 3)
        batch.stop()
        found = await outcomes(batch)

    assert [str(outcome.state) for outcome in found] == ["deleted"] * 3
    assert asked(emulator) == 3


def test_a_stop_ends_the_wait_for_the_rate_limit() -> None:
    service = SimulatedService(60, announce_wait=True)
    found: list[Outcome] = []

    async def job() -> None:
        async with AsyncPixLab(api_key=KEY, transport=service) as pixlab:
            async with pixlab.delete_many(ids(500), concurrency=20) as batch:
                async for outcome in batch:
                    found.append(outcome)
                    if len(found) == 60:
                        await anyio.sleep(5)  # by now everybody waits
                        batch.stop()
            assert pixlab.stats().queued == 0

    run_on_a_fast_clock(job)

    assert len(found) <= 81
    assert len(found) == len({outcome.index for outcome in found})


async def test_a_401_in_the_middle_is_asked_again_since_keys_are_changed(
    emulator: Emulator, stored: list[str]
) -> None:
    keys = [emulator.api_key, emulator.api_key, KEY]

    def key() -> str:
        return keys.pop(0) if keys else emulator.api_key

    async with AsyncPixLab(base_url=emulator.base_url, api_key=key, retry=QUICK) as pixlab:
        summary = await pixlab.delete_all(stored, concurrency=1)

    assert summary.counts == {DeletionState.DELETED: 12}


async def test_a_key_that_is_withdrawn_in_the_middle_stops_the_batch(
    emulator: Emulator, stored: list[str]
) -> None:
    keys = [emulator.api_key, emulator.api_key]

    def key() -> str:
        return keys.pop(0) if keys else KEY

    async with AsyncPixLab(base_url=emulator.base_url, api_key=key, retry=QUICK) as pixlab:
        with pytest.raises(AuthenticationFailed) as stopped:
            await pixlab.delete_all(stored, concurrency=1)

    assert stopped.value.batch is not None
    assert stopped.value.batch.counts == {DeletionState.DELETED: 2, DeletionState.REJECTED: 1}
    assert len(emulator.stored()) == 10


async def test_a_progress_function_that_fails_stops_the_batch(
    pixlab: AsyncPixLab, stored: list[str]
) -> None:
    def broken(summary: BatchSummary) -> None:
        raise ZeroDivisionError

    found: list[Outcome] = []
    with pytest.raises(ZeroDivisionError):
        async for outcome in pixlab.delete_many(stored, concurrency=1, progress=broken):
            found.append(outcome)

    assert [outcome.state for outcome in found] == [DeletionState.DELETED]


# --- The summary ----------------------------------------------------------------------------


async def test_progress_is_told_and_ends_with_the_whole(
    pixlab: AsyncPixLab, stored: list[str]
) -> None:
    told: list[BatchSummary] = []

    await pixlab.delete_all(stored, progress=told.append)

    assert told[0].total >= 1
    assert told[-1].counts == {DeletionState.DELETED: 12}


async def test_a_summary_counts_states_and_attempts(pixlab: AsyncPixLab, stored: list[str]) -> None:
    summary = await pixlab.delete_all([*stored, "1pnever0123456789abc.png", "two words"])

    assert summary.counts == {
        DeletionState.DELETED: 12,
        DeletionState.ALREADY_GONE: 1,
        DeletionState.REJECTED: 1,
    }
    assert (summary.total, summary.gone, summary.attempts) == (14, 13, 13)
    assert summary.throughput > 0


async def test_a_summary_counts_refusals_of_the_rate_limit(
    pixlab: AsyncPixLab, emulator: Emulator, stored: list[str]
) -> None:
    emulator.inject(Fault(endpoint="delete", status=429, headers={"Retry-After": "0"}))

    summary = await pixlab.delete_all(stored[:1])

    assert (summary.gone, summary.rate_limited, summary.attempts) == (1, 1, 2)


async def test_a_summary_tells_how_long_replies_took(
    pixlab: AsyncPixLab, stored: list[str]
) -> None:
    latency = (await pixlab.delete_all(stored)).latency

    assert latency.count == sum(count for _, count in latency.buckets) == 12
    assert latency.p50 is not None
    assert latency.p99 is not None
    assert 0 < latency.p50 <= latency.p99


async def test_a_complete_summary_raises_nothing(pixlab: AsyncPixLab, stored: list[str]) -> None:
    (await pixlab.delete_all(stored)).raise_if_incomplete()


async def test_an_incomplete_summary_raises_and_is_carried_along(
    pixlab: AsyncPixLab, stored: list[str]
) -> None:
    summary = await pixlab.delete_all([*stored, "two words"])

    with pytest.raises(
        BatchIncomplete, match="1 of 13 links are not gone \\(1 rejected\\)"
    ) as raised:
        summary.raise_if_incomplete()

    assert raised.value.batch is summary
    copy = pickle.loads(pickle.dumps(raised.value))
    assert copy.batch.counts == summary.counts


async def test_a_summary_is_json_with_masked_links(pixlab: AsyncPixLab) -> None:
    link = "https://media.example/24p62f73c9583ec6 .jpeg"
    summary = await pixlab.delete_all([link])

    shown: Any = json.loads(summary.to_json())

    assert shown["counts"] == {"rejected": 1}
    assert shown["failures"][0]["link"] == "media.example/…c6 .jpeg"
    assert json.loads(summary.to_json(show_links=True))["failures"][0]["link"] == link


async def test_a_summary_keeps_the_first_hundred_failures(pixlab: AsyncPixLab) -> None:
    summary = await pixlab.delete_all("two words" for _ in range(250))

    assert (summary.total, len(summary.failures)) == (250, 100)


async def test_a_batch_with_all_its_options_survives_cancellation_at_any_point(
    emulator: Emulator, picture: bytes, anyio_backend: str
) -> None:
    async with client_of(emulator) as pixlab:
        for moment in range(0, 60, 4):
            media: list[str | Media] = [await pixlab.store(picture) for _ in range(3)]
            batch = pixlab.delete_many([*media, media[0]], order="input", dedupe=True)
            with anyio.move_on_after(moment / 1000):
                await outcomes(batch)
            batch.stop()
            found = await outcomes(batch)
            assert len({outcome.index for outcome in found}) == len(found)
            assert pixlab.stats().in_use == 0


def test_a_401_of_a_server_that_never_said_yes_is_asked_once() -> None:
    body = b'{"status":401,"error":"no"}'
    with serve([http(body)] * 3) as script:

        async def job() -> None:
            async with AsyncPixLab(base_url=script.base_url, api_key=KEY, retry=QUICK) as pixlab:
                with pytest.raises(AuthenticationFailed):
                    await pixlab.delete_all(["a.png", "b.png"], concurrency=1)

        anyio.run(job)

    assert len(script.requests) == 1


async def test_a_ledger_that_cannot_be_written_stops_the_batch_before_more_is_sent(
    emulator: Emulator, stored: list[str]
) -> None:
    class Full:
        failure = OSError("No space left on device")

        async def record(self, call: Any, make: Any, *, tag: str, track: Any) -> Any:
            return await make(call)

        async def flush(self) -> None: ...

    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, ledger=Full()
    ) as pixlab:
        with pytest.raises(RecordingFailed, match="No space left") as stopped:
            await pixlab.delete_all(stored)

    assert stopped.value.batch is not None
    assert set(stopped.value.batch.counts) == {DeletionState.NOT_SENT}
    assert asked(emulator) == 0
