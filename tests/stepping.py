"""Event loops that ring an alarm after so many steps: for sweeps of cancellations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import trio


class Alarm:
    """Goes off after so many steps of the event loop."""

    def __init__(self) -> None:
        self._left = -1
        self._ring: Callable[[], object] = lambda: None

    def set(self, steps: int, ring: Callable[[], object]) -> None:
        self._left, self._ring = steps, ring

    def step(self) -> None:
        if self._left == 0:
            self._ring()
        self._left -= 1

    @property
    def rang(self) -> bool:
        return self._left < 0

    @property
    def since(self) -> int:
        """How many steps were begun after it rang."""
        return -1 - self._left


class CountingLoop(asyncio.SelectorEventLoop):
    """An event loop of asyncio with an alarm for its steps."""

    def __init__(self) -> None:
        super().__init__()
        self.alarm = Alarm()

    def _run_once(self) -> None:
        self.alarm.step()
        super()._run_once()  # type: ignore[misc]


class CountingInstrument(trio.abc.Instrument):
    """The same for trio."""

    def __init__(self) -> None:
        self.alarm = Alarm()

    def after_task_step(self, task: object) -> None:
        self.alarm.step()


class _Steps:
    """The same for any event loop of asyncio, and finer: a step is one callback that is run.

    Its loops go on in turns, and several tasks take a step in one turn; a cancellation may
    come from one of them and strike another that is to run in the same turn.
    """

    alarm: Alarm

    def call_soon(self, callback: Callable[..., object], *args: object, context: Any = None) -> Any:
        scheduled: Any = super()
        return scheduled.call_soon(self._step, callback, *args, context=context)

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: object, context: Any = None
    ) -> Any:
        scheduled: Any = super()
        return scheduled.call_soon_threadsafe(self._step, callback, *args, context=context)

    def _step(self, callback: Callable[..., object], *args: object) -> None:
        self.alarm.step()
        callback(*args)


class SteppingLoop(_Steps, asyncio.SelectorEventLoop):
    """An event loop of asyncio with an alarm for the callbacks that it runs."""

    def __init__(self) -> None:
        self.alarm = Alarm()
        super().__init__()


def stepping_uvloop() -> asyncio.AbstractEventLoop:
    """uvloop's, with the same; skips where it is not installed."""
    uvloop: Any = pytest.importorskip("uvloop")

    class SteppingUvloop(_Steps, uvloop.Loop):  # type: ignore[misc]  # chosen when it is run
        def __init__(self) -> None:
            self.alarm = Alarm()
            super().__init__()

    made: asyncio.AbstractEventLoop = SteppingUvloop()
    return made


def run(
    main: Callable[[Alarm], Any], new_loop: Callable[[], asyncio.AbstractEventLoop] | None
) -> Any:
    """Run a coroutine function in a new event loop, with the alarm for its steps.

    Args:
        main: What to run.
        new_loop: Makes one of the loops above; None for trio's.
    """
    if new_loop is None:
        counting = CountingInstrument()
        return trio.run(main, counting.alarm, instruments=[counting])

    with asyncio.Runner(loop_factory=new_loop) as runner:
        loop: Any = runner.get_loop()
        return runner.run(main(loop.alarm))
