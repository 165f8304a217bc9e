"""Event loops that ring an alarm after so many steps: for sweeps of cancellations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

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
