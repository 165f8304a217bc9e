"""The wait for a slot and for the pacer: fair, bounded, and nothing lost to a cancellation."""

from __future__ import annotations

import anyio
import pytest

from pixlab_async import ConfigurationError, TimedOut
from pixlab_async._gate import Gate, Priority, Verdict
from pixlab_async._pacer import Pacer, Ticket

INTERACTIVE, BATCH = Priority.INTERACTIVE, Priority.BATCH


async def queue_up(gate: Gate, group: anyio.abc.TaskGroup, *names: str) -> list[str]:
    """Let callers queue in this order; the list gets their names as they enter."""
    entered: list[str] = []

    async def caller(name: str) -> None:
        priority = BATCH if name.startswith("batch") else INTERACTIVE
        ticket = await gate.enter(priority)
        entered.append(name)
        gate.leave(ticket, Verdict.ACCEPTED)

    for name in names:
        group.start_soon(caller, name)
        await anyio.wait_all_tasks_blocked()
    return entered


async def enter_within(gate: Gate, scope: anyio.CancelScope) -> None:
    with scope:
        gate.leave(await gate.enter(INTERACTIVE), Verdict.ACCEPTED)


async def test_a_free_slot_is_had_at_once() -> None:
    gate = Gate(1, Pacer())

    await gate.enter(INTERACTIVE)

    assert (gate.in_use, gate.queued) == (1, 0)


async def test_first_come_first_served() -> None:
    gate = Gate(1, Pacer())
    ticket = await gate.enter(INTERACTIVE)
    async with anyio.create_task_group() as group:
        entered = await queue_up(gate, group, "a", "b", "c")
        gate.leave(ticket, Verdict.ACCEPTED)

    assert entered == ["a", "b", "c"]


async def test_nobody_barges_in_while_others_wait() -> None:
    gate = Gate(1, Pacer())
    ticket = await gate.enter(INTERACTIVE)
    async with anyio.create_task_group() as group:
        await queue_up(gate, group, "a")
        gate.leave(ticket, Verdict.ACCEPTED)

        assert gate.try_enter(INTERACTIVE, anyio.current_time()) is None


async def test_interactive_callers_go_before_batches() -> None:
    gate = Gate(1, Pacer())
    ticket = await gate.enter(INTERACTIVE)
    async with anyio.create_task_group() as group:
        entered = await queue_up(gate, group, "batch 1", "batch 2", "web")
        gate.leave(ticket, Verdict.ACCEPTED)

    assert entered == ["web", "batch 1", "batch 2"]


async def test_a_batch_never_takes_the_last_slot() -> None:
    gate = Gate(2, Pacer())
    await gate.enter(BATCH)

    assert gate.try_enter(BATCH, anyio.current_time()) is None
    assert gate.try_enter(INTERACTIVE, anyio.current_time()) is not None


async def test_a_batch_may_have_the_only_slot() -> None:
    assert Gate(1, Pacer()).try_enter(BATCH, anyio.current_time()) is not None


async def test_a_caller_that_is_cancelled_leaves_the_queue() -> None:
    gate = Gate(1, Pacer())
    await gate.enter(INTERACTIVE)

    with anyio.move_on_after(0.01):
        await gate.enter(INTERACTIVE)

    assert (gate.in_use, gate.queued) == (1, 0)


@pytest.mark.parametrize("cancelled_first", [True, False])
async def test_a_slot_granted_to_a_caller_that_is_cancelled_goes_to_the_next(
    cancelled_first: bool,
) -> None:
    gate = Gate(1, Pacer())
    ticket = await gate.enter(INTERACTIVE)
    async with anyio.create_task_group() as group:
        doomed = anyio.CancelScope()
        group.start_soon(enter_within, gate, doomed)
        await anyio.wait_all_tasks_blocked()
        entered = await queue_up(gate, group, "next")
        # Both before the caller runs again: it is cancelled with the slot in its hand.
        if cancelled_first:
            doomed.cancel()
        gate.leave(ticket, Verdict.ACCEPTED)
        doomed.cancel()

    assert entered == ["next"]
    assert gate.in_use == 0


async def test_leave_granted_to_a_caller_that_is_cancelled_is_no_leave_lost() -> None:
    now = 1000.0
    pacer = Pacer(6)
    gate = Gate(1, pacer, lambda: now)
    ticket = await gate.enter(INTERACTIVE)
    scope = anyio.CancelScope()
    async with anyio.create_task_group() as group:
        group.start_soon(enter_within, gate, scope)
        await anyio.wait_all_tasks_blocked()
        now += 10
        scope.cancel()
        gate.leave(ticket, Verdict.ACCEPTED)  # it is granted its leave before it runs again

    assert pacer.delay(now) == 0


async def test_patience_ends_at_the_deadline() -> None:
    gate = Gate(1, Pacer())
    await gate.enter(INTERACTIVE)

    with pytest.raises(TimedOut) as caught:
        await gate.enter(INTERACTIVE, anyio.current_time() + 0.01)

    assert caught.value.phase == "queue"


async def test_a_slot_that_is_granted_too_late_is_given_back() -> None:
    now = 0.0
    gate = Gate(1, Pacer(), lambda: now)
    ticket = await gate.enter(INTERACTIVE)
    async with anyio.create_task_group() as group:

        async def caller() -> None:
            with pytest.raises(TimedOut):
                await gate.enter(INTERACTIVE, anyio.current_time() + 1000)

        group.start_soon(caller)
        await anyio.wait_all_tasks_blocked()
        now = anyio.current_time() + 1000
        gate.leave(ticket, Verdict.ACCEPTED)

    assert (gate.in_use, gate.queued) == (0, 0)


async def test_a_closed_gate_turns_everybody_away() -> None:
    gate = Gate(1, Pacer())
    await gate.enter(INTERACTIVE)
    async with anyio.create_task_group() as group:

        async def caller() -> None:
            with pytest.raises(ConfigurationError, match="closed"):
                await gate.enter(INTERACTIVE)

        group.start_soon(caller)
        await anyio.wait_all_tasks_blocked()
        gate.close()


async def test_a_pause_is_waited_for_without_a_slot() -> None:
    gate = Gate(1, Pacer())
    gate.leave(await gate.enter(INTERACTIVE), Verdict.LIMITED, retry_after=0.05)
    began = anyio.current_time()
    async with anyio.create_task_group() as group:
        entered = await queue_up(gate, group, "a")

        assert (gate.in_use, entered) == (0, [])

    assert anyio.current_time() - began >= 0.1


async def test_the_probe_goes_alone_and_the_others_follow_it() -> None:
    gate = Gate(5, Pacer(60_000.0))
    gate.leave(await gate.enter(INTERACTIVE), Verdict.LIMITED, retry_after=0.0)
    tickets: list[Ticket] = []

    async def caller() -> None:
        tickets.append(await gate.enter(INTERACTIVE))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(caller)
        while not tickets:
            await anyio.sleep(0.01)
        await anyio.wait_all_tasks_blocked()
        assert [ticket.probe for ticket in tickets] == [True]

        gate.leave(tickets[0], Verdict.ACCEPTED)

    assert [ticket.probe for ticket in tickets] == [True, False, False]


async def test_a_lost_probe_is_replaced_by_the_next_in_line() -> None:
    gate = Gate(5, Pacer())
    gate.leave(await gate.enter(INTERACTIVE), Verdict.LIMITED, retry_after=0.0)
    probe = await gate.enter(INTERACTIVE)
    async with anyio.create_task_group() as group:
        entered = await queue_up(gate, group, "a")
        gate.leave(probe, Verdict.LOST)

    assert entered == ["a"]


async def test_an_interactive_caller_overtakes_a_batch_that_waits_for_the_pacer() -> None:
    gate = Gate(5, Pacer(1200.0))
    entered: list[str] = []

    async def caller(name: str, priority: Priority) -> None:
        gate.leave(await gate.enter(priority), Verdict.ACCEPTED)
        entered.append(name)

    gate.leave(await gate.enter(INTERACTIVE), Verdict.ACCEPTED)
    gate.leave(await gate.enter(INTERACTIVE), Verdict.ACCEPTED)
    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(caller, f"batch {number}", BATCH)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(caller, "web", INTERACTIVE)

    assert entered[0] == "web"


async def test_a_pause_of_the_first_in_line_is_taken_over_by_the_next() -> None:
    gate = Gate(5, Pacer())
    gate.leave(await gate.enter(INTERACTIVE), Verdict.LIMITED, retry_after=0.05)
    async with anyio.create_task_group() as group:
        doomed = anyio.CancelScope()
        group.start_soon(enter_within, gate, doomed)
        await anyio.wait_all_tasks_blocked()
        entered = await queue_up(gate, group, "second")
        doomed.cancel()

    assert entered == ["second"]
