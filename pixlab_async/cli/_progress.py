"""How far a batch is, on standard error: a live line on a terminal, now and then one elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from .._results import DeletionState
from ._output import tell

Tally = Counter[DeletionState]
Update = Callable[[], None]
# Hides the live line while something else is printed.
Aside = Callable[[], AbstractContextManager[object]]

# Seconds between two plain lines.
EVERY = 5.0


def summary(tally: Tally) -> str:
    """What became of the links so far, in the order of the states."""
    parts = [
        f"{tally[state]:,} {state.replace('_', ' ')}" for state in DeletionState if tally[state]
    ]
    return ", ".join(parts) or "nothing to delete"


@contextmanager
def progress(tally: Tally, total: int | None, *, quiet: bool) -> Generator[tuple[Update, Aside]]:
    """Show how far the batch is while the block runs.

    Args:
        tally: What became of the links so far; the caller counts on.
        total: How many links there are, or None where that is not known.
        quiet: Whether each outcome is printed as JSON anyway.
    """
    if quiet:
        yield (lambda: None), nullcontext
    elif sys.stderr.isatty():
        with _live(tally, total) as live:
            yield live
    else:
        yield plain(tally), nullcontext


def plain(
    tally: Tally,
    *,
    every: float = EVERY,
    clock: Callable[[], float] = time.monotonic,
    write: Callable[[str], None] = tell,
) -> Update:
    """An update that writes a line, but only when the last one is some seconds old."""
    last = clock()

    def update() -> None:
        nonlocal last
        if clock() - last >= every:
            last = clock()
            write(f"{tally.total():,} done: {summary(tally)}")

    return update


@contextmanager
def _live(tally: Tally, total: int | None) -> Generator[tuple[Update, Aside]]:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and seldom needed
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = [SpinnerColumn(), TextColumn("Deleting"), MofNCompleteColumn()]
    bar = [BarColumn()] if total else []
    line = Progress(
        *columns,
        *bar,
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = line.add_task("", total=total)

    def update() -> None:
        line.update(task, completed=tally.total(), description=summary(tally))

    @contextmanager
    def aside() -> Generator[None]:
        line.stop()
        yield
        line.start()

    with line:
        yield update, aside if sys.stdout.isatty() else nullcontext
