"""How far a job is, on standard error: a live frame on a terminal, now and then a line elsewhere.

What does not succeed is told as it happens, a line each.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio

from ..cleanup._progress import Progress
from ._cleanup_words import failure_line, plain_line, summary_lines
from ._output import tell

if TYPE_CHECKING:
    from ._cleanup_panel import LiveFrame

# Seconds between two plain lines, and between two pictures of the live frame.
EVERY = 5.0
_FRAME = 0.25
# Failures that are told one by one within a second; of a flood the rest is counted.
_BURST = 10
# Different reasons that are counted apart.
_REASONS = 1000
_OTHERS = ("failed", "other reasons")


class Display:
    """What the user sees of a running job. Use it as a context manager.

    Args:
        name: What the input is called.
        stays: Whether the last picture of the live frame is left on the terminal.
        every: Seconds between two plain lines.
        clock: A clock that never goes back, in seconds.
        write: Prints a plain line.
    """

    def __init__(
        self,
        name: str,
        *,
        stays: bool = True,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[str], None] = tell,
    ) -> None:
        self._name = name
        self._stays = stays
        self._every = every
        self._clock = clock
        self._write = write
        self._frame: LiveFrame | None = None
        self._progress = Progress(phase="reading")
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._burst = _Burst(clock())
        self._last = clock()

    def __enter__(self) -> Self:
        self._frame = _frame(self._name, stays=self._stays)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tell(self._burst.held())
        if self._frame is not None:
            self._frame.stop(self._progress)

    def is_due(self) -> bool:
        """Whether an update would be shown now."""
        age = self._clock() - self._last
        return age >= (self._every if self._frame is None else _FRAME)

    def update(self, progress: Progress) -> None:
        """Show this, unless something was shown a moment ago and it does the same as then."""
        is_news = progress.phase != self._progress.phase
        self._progress = progress
        if self._burst.is_over(self._clock()):
            self._tell(self._burst.held())
        if not is_news and not self.is_due():
            return

        self._last = self._clock()
        if self._frame is None:
            self._write(plain_line(progress))
        else:
            self._frame.draw(progress)

    @asynccontextmanager
    async def following(self, progress: Callable[[], Progress]) -> AsyncGenerator[None]:
        """Update again and again while the block runs: a pause is counted down, too.

        Args:
            progress: How far it is now; called within the event loop.
        """
        errors: list[Exception] = []
        async with anyio.create_task_group() as group:
            group.start_soon(self._follow, progress)
            try:
                yield
            except Exception as error:  # the block's own comes up as it is, not in a group
                errors.append(error)
            finally:
                group.cancel_scope.cancel()
        if errors:
            raise errors.pop()

    async def _follow(self, progress: Callable[[], Progress]) -> None:
        with suppress(OSError):  # nobody sees it any more: no reason to stop the work
            while True:
                await anyio.sleep(_FRAME)
                if self.is_due():
                    self.update(progress())

    def failed(self, number: int, link: str, state: str, reason: str) -> None:
        """Tell of a link that did not succeed.

        Args:
            number: Its place in the input.
            link: The link, of which host and end are shown.
            state: A ``DeletionState``'s value.
            reason: Why, in a sentence.
        """
        key = (state, reason)
        is_known = key in self._reasons or len(self._reasons) < _REASONS
        self._reasons[key if is_known else _OTHERS] += 1
        if self._burst.is_over(self._clock()):
            self._tell(self._burst.held())
        if self._burst.has_room():
            self._tell(failure_line(number, link, state, reason))

    def note(self, line: str) -> None:
        """Print a line that is no failure."""
        if self._frame is None:
            self._write(line)
        else:
            self._frame.note(line)

    def summary(self) -> list[str]:
        """What became of all links as of the last update, and why some did not succeed."""
        return summary_lines(self._progress, self._reasons)

    def aside(self) -> AbstractContextManager[None]:
        """Hide the live frame while something else is printed on the same terminal."""
        is_shared = self._frame is not None and sys.stdout.isatty()
        return self._frame.aside() if self._frame and is_shared else nullcontext()

    def _tell(self, line: str) -> None:
        if not line:
            return

        if self._frame is None:
            self._write(line)
        else:
            self._frame.tell(line)


class _Burst:
    """How many failures are told one by one: some per second, of the others how many."""

    def __init__(self, now: float) -> None:
        self._began = now
        self._told = 0
        self._held = 0

    def is_over(self, now: float) -> bool:
        """Whether a second has gone by; the next one begins then."""
        if now - self._began < 1:
            return False

        self._began, self._told = now, 0
        return True

    def has_room(self) -> bool:
        """Whether to tell this one; else it is counted."""
        self._told += 1
        if self._told > _BURST:
            self._held += 1
        return self._told <= _BURST

    def held(self) -> str:
        """What is told of those that were counted, which are forgotten then; or nothing."""
        held, self._held = self._held, 0
        return f"and {held:,} more that did not succeed" if held else ""


def _frame(name: str, *, stays: bool) -> LiveFrame | None:
    """The live frame, where standard error is a terminal that can move its cursor."""
    if not sys.stderr.isatty():
        return None

    from rich.console import Console  # noqa: PLC0415 - slow to import, and seldom needed

    from ._cleanup_panel import LiveFrame  # noqa: PLC0415 - the same

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    return None if console.is_dumb_terminal else LiveFrame(console, name, stays=stays)
