"""The live display of a running job, drawn with rich: a frame that never wraps a line."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from rich.box import ASCII, ROUNDED
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from .._wording import duration
from ..cleanup._progress import Progress
from ._cleanup_words import (
    headline,
    latencies,
    left,
    limit,
    pause,
    shares,
    states,
    trouble,
    words,
)

_STYLES = {
    "deleted": "green",
    "deleted_unconfirmed": "cyan",
    "already_gone": "bright_blue",
    "rejected": "yellow",
    "failed": "red",
    "unknown": "magenta",
}
_SHORT = {"deleted_unconfirmed": "unconfirmed"}
_DIM = "bright_black"
# Columns that the frame takes, with the space in it.
_FRAME = 4
# Columns right of it: the terminal's ^C must not begin a line that nobody knows of.
_MARGIN = 2
_GAP = 3


class LiveFrame:
    """The frame at the bottom of a terminal, and the lines that pass above it.

    Args:
        console: The terminal.
        name: What the input is called.
        stays: Whether the last picture is left there.
    """

    def __init__(self, console: Console, name: str, *, stays: bool) -> None:
        self._console = console
        self._name = name
        self._stays = stays
        self._live = Live(
            console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )

    def draw(self, progress: Progress) -> None:
        """Show this."""
        self._live.update(JobPanel(progress, self._name))
        self._show()

    def tell(self, line: str) -> None:
        """Print a line above, cut where the terminal ends."""
        mark = "x " if self._console.options.ascii_only else "✗ "
        text = Text.assemble((mark, "bold red"), line)
        self._console.print(text, no_wrap=True, overflow="ellipsis")

    def note(self, line: str) -> None:
        """Print a line above as it is, cut where the terminal ends."""
        self._console.print(Text(line), no_wrap=True, overflow="ellipsis")

    @contextmanager
    def aside(self) -> Generator[None]:
        """Take the frame away while something else is printed."""
        is_shown = self._live.is_started
        self._hide()
        yield
        if is_shown:
            self._show()

    def stop(self, progress: Progress) -> None:
        """Show this for the last time, and leave it there or not."""
        if not self._live.is_started:
            return

        self.draw(progress)
        if self._stays:
            self._live.stop()
        else:
            self._hide()

    def _show(self) -> None:
        if self._live.is_started:
            self._live.refresh()
            return

        self._live.start(refresh=True)
        # A process that is killed must not leave a terminal without a cursor.
        self._console.show_cursor(True)

    def _hide(self) -> None:
        self._live.transient = True
        self._live.stop()
        self._live.transient = False


class JobPanel:
    """How far a job is, as wide as the terminal."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        is_plain = options.ascii_only
        width = max(1, options.max_width - _FRAME - _MARGIN)
        lines = list(self._lines(width, is_plain=is_plain))
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        title = Text(headline(self._progress, self._name), style="bold")
        title.truncate(max(1, width - 2), overflow="ellipsis")  # the frame would grow with it
        yield Panel(
            Group(*lines),
            title=title,
            title_align="left",
            border_style=_border(self._progress),
            box=ASCII if is_plain else ROUNDED,
            width=width + _FRAME,
        )

    def _lines(self, width: int, *, is_plain: bool) -> Iterable[Text]:
        progress = self._progress
        yield _bar(progress, width, is_plain=is_plain)
        yield from _flow(self._rates(), width)
        yield from _flow(_states(progress, is_plain=is_plain), width)
        elapsed = Text(
            f"elapsed {duration(progress.elapsed)}   {progress.in_flight:,} in flight", style=_DIM
        )
        right = pause(progress)
        yield _ends(
            elapsed,
            Text(right, style="bold yellow") if right else Text(left(progress), style="bold"),
            width,
        )

    def _rates(self) -> list[Text]:
        progress = self._progress
        parts = [
            Text(f"{progress.rate_now:,.0f}/min", style="bold cyan"),
            Text(limit(progress), style="cyan" if progress.limit else _DIM),
            Text(
                f"{progress.rate_limited:,} refused (429)",
                style="yellow" if progress.rate_limited else _DIM,
            ),
            Text(latencies(progress), style=_DIM),
        ]
        return [part for part in parts if part.plain]


def _border(progress: Progress) -> str:
    if progress.phase == "stopping" or progress.paused_for > 0:
        return "yellow"

    return _DIM


def _bar(progress: Progress, width: int, *, is_plain: bool) -> Text:
    """What is done, by how it ended, and what is to do."""
    label = shares(progress)
    if not progress.total:
        return Text(label, style="bold")

    room = max(4, width - cell_len(label) - 2)
    done = min(room, room * progress.settled // progress.total)
    bad = trouble(progress.counts)
    # Trouble is seen as soon as there is some.
    red = min(done, max(1, round(room * bad / progress.total))) if bad and done else 0
    full, empty = ("#", "-") if is_plain else ("━", "─")
    return Text.assemble(
        (full * (done - red), "green"),
        (full * red, "red"),
        (empty * (room - done), _DIM),
        "  ",
        (label, "bold"),
    )


def _states(progress: Progress, *, is_plain: bool) -> list[Text]:
    mark = "*" if is_plain else "●"
    return [
        Text.assemble(
            (f"{mark} ", _STYLES.get(state, _DIM)), f"{count:,} {_SHORT.get(state) or words(state)}"
        )
        for state, count in states(progress.counts)
        if state != "pending"
    ]


def _flow(parts: Iterable[Text], width: int) -> Iterable[Text]:
    """The parts in as many lines as they need, none of them broken."""
    line = Text()
    for part in parts:
        if line and line.cell_len + _GAP + part.cell_len > width:
            yield line
            line = Text()
        if line:
            line.append(" " * _GAP)
        line.append_text(part)
    if line:
        yield line


def _ends(first: Text, last: Text, width: int) -> Text:
    """One line with a text at each end."""
    space = width - first.cell_len - last.cell_len
    if space < 1:
        return last

    return Text.assemble(first, " " * space, last)
