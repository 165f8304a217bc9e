"""The display of a running job: lines that never wrap, plain ones for logs, nothing private."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from pixlab_async.cleanup._progress import Progress
from pixlab_async.cli._cleanup_display import Display
from pixlab_async.cli._cleanup_panel import JobPanel
from pixlab_async.cli._cleanup_words import STATES, percent, plain_line, summary_lines

LINK = "https://storage.example.org/private/1p4242424242.png?signature=s3cret"
HALF = Progress(
    total=1000,
    settled=500,
    counts={"deleted": 480, "already_gone": 10, "failed": 10},
    in_flight=12,
    rate_now=594.4,
    limit=612.0,
    rate_limited=45,
    latency_p50=0.08,
    latency_p95=0.226,
    elapsed=3720.0,
    time_left=11_520.0,
)


def drawn(progress: Progress, width: int = 80, *, encoding: str = "utf-8", name: str = "a") -> str:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding, write_through=True) as file:
        Console(file=file, width=width).print(JobPanel(progress, name))
        return raw.getvalue().decode(encoding)


class Lines(Display):
    """A display that writes plain lines into a list, on a clock that a test moves."""

    def __init__(self, every: float = 5.0) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        super().__init__("a", every=every, clock=lambda: self.now, write=self.lines.append)


# The frame.

PROGRESSES = st.builds(
    Progress,
    phase=st.sampled_from(["reading", "deleting", "second pass", "stopping"]),
    total=st.none() | st.integers(0, 10**9),
    settled=st.integers(0, 10**9),
    counts=st.dictionaries(st.sampled_from(STATES), st.integers(0, 10**9)),
    in_flight=st.integers(0, 1000),
    rate_now=st.floats(0, 1e6),
    limit=st.none() | st.floats(1, 1e6),
    pinned=st.booleans(),
    rate_limited=st.integers(0, 10**9),
    paused_for=st.floats(0, 120),
    latency_p50=st.none() | st.floats(0, 100),
    latency_p95=st.none() | st.floats(0, 100),
    elapsed=st.floats(0, 1e8),
    time_left=st.none() | st.floats(0, 1e9),
)


@pytest.mark.parametrize("width", [24, 80, 120])
@settings(deadline=None)  # rich imports some of itself when it first draws
@given(progress=PROGRESSES, name=st.text(max_size=200))
def test_no_line_of_the_frame_is_wider_than_the_terminal(
    width: int, progress: Progress, name: str
) -> None:
    lines = drawn(progress, width, name=name).splitlines()

    assert {cell_len(line) for line in lines} == {width - 2}  # room for a ^C


@pytest.mark.parametrize("width", [80, 120])
def test_the_frame_tells_what_matters(width: int) -> None:
    shown = drawn(HALF, width, name="links.txt")

    for told in (
        "Deleting links.txt",
        "500 of 1,000  50.0 %",
        "594/min",
        "learnt limit 612/min",
        "45 refused (429)",
        "80 ms, 95 % in 226 ms",
        "480 deleted",
        "10 failed",
        "elapsed 1 h 2 min",
        "12 in flight",
        "about 3 h 12 min left",
    ):
        assert told in shown


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"limit": None}, "learning the limit"),
        ({"pinned": True}, "pinned limit 612/min"),
        ({"paused_for": 11.6}, "paused by a 429, 12 s to go"),
        ({"phase": "reading", "total": None}, "counting the links"),
        ({"phase": "second pass"}, "Trying again a"),
        ({"phase": "stopping"}, "Stopping, 12 in flight"),
        ({"total": None}, "500 done"),
        ({"time_left": 10_022_400}, "about 116 days left"),
    ],
)
def test_the_frame_tells_what_is_special(change: dict[str, Any], told: str) -> None:
    assert told in drawn(attrs.evolve(HALF, **change))


def test_a_terminal_without_unicode_gets_a_frame_of_its_own_characters() -> None:
    shown = drawn(HALF, encoding="ascii")

    assert "####" in shown
    assert "----" in shown


def test_without_colours_nothing_but_weights_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    Console(file=file, width=80, force_terminal=True).print(JobPanel(HALF, "a"))

    assert set(re.findall(r"\x1b\[([\d;]*)m", file.getvalue())) <= {"0", "1"}


def test_trouble_is_seen_in_the_bar_as_soon_as_there_is_some() -> None:
    file = io.StringIO()
    one = attrs.evolve(HALF, total=10**6, settled=500_000, counts={"failed": 1})
    Console(file=file, width=80, force_terminal=True, color_system="standard").print(
        JobPanel(one, "a")
    )

    assert "\x1b[31m━\x1b[0m" in file.getvalue()


# Plain lines.


def test_a_plain_line_comes_only_now_and_then() -> None:
    with Lines() as display:
        for settled in range(12):
            display.now += 1.0
            display.update(attrs.evolve(HALF, phase="reading", settled=settled))

    assert len(display.lines) == 2


def test_a_new_phase_is_told_at_once() -> None:
    with Lines() as display:
        display.update(HALF)
        display.update(attrs.evolve(HALF, phase="stopping"))

    rest = (
        "500 of 1,000, 50.0 %, 594/min, learnt limit 612/min, 45 refused, 10 not deleted, "
        "about 3 h 12 min left"
    )
    assert display.lines == [f"Deleting: {rest}", f"Stopping: {rest}"]


def test_a_display_says_whether_an_update_would_be_shown() -> None:
    with Lines() as display:
        assert not display.is_due()
        display.now = 5.0
        assert display.is_due()


@given(PROGRESSES)
def test_a_plain_line_is_one_line(progress: Progress) -> None:
    assert plain_line(progress).isprintable()


async def test_what_follows_a_job_tells_of_it_while_its_block_waits() -> None:
    told = anyio.Event()
    display = Display("a", every=0.0, write=lambda _: told.set())
    async with display.following(lambda: HALF):
        await told.wait()


async def test_an_error_under_a_display_comes_up_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Lines().following(lambda: HALF):
            raise ZeroDivisionError


async def test_a_cancellation_under_a_display_goes_on() -> None:
    with anyio.move_on_after(0.01) as scope:
        async with Lines().following(lambda: HALF):
            await anyio.sleep_forever()

    assert scope.cancelled_caught


async def test_work_goes_on_where_nobody_sees_the_display_any_more() -> None:
    asked = anyio.Event()

    def nobody(_: str) -> None:
        asked.set()
        raise BrokenPipeError

    async with Display("a", every=0.0, write=nobody).following(lambda: HALF):
        await asked.wait()
        await anyio.sleep(0)


# What does not succeed.


def test_a_failure_is_told_as_it_happens_with_its_link_masked() -> None:
    with Lines() as display:
        display.failed(1234, LINK, "failed", "No reply within 10 seconds.")

        assert display.lines == [
            "line 1,234  storage.example.org/…4242.png  failed: No reply within 10 seconds."
        ]


def test_a_failure_cannot_steer_the_terminal_or_break_the_line() -> None:
    with Lines() as display:
        display.failed(1, "\x1b[31m\n\u202e", "rejected", "bad\x1b]0;title\x07\nlink")

    assert all(line.isprintable() for line in display.lines)
    assert all(line.isprintable() for line in display.summary())


def test_of_a_flood_the_first_are_told_and_the_others_counted() -> None:
    with Lines() as display:
        for number in range(40):
            display.failed(number, "a", "failed", "no")
        display.now = 1.0
        display.update(HALF)

    assert len(display.lines) == 12
    assert display.lines[10] == "and 30 more that did not succeed"


def test_what_was_counted_is_told_at_the_end_too() -> None:
    with Lines() as display:
        for number in range(11):
            display.failed(number, "a", "failed", "no")

    assert display.lines[-1] == "and 1 more that did not succeed"


def test_the_summary_counts_states_and_reasons() -> None:
    with Lines() as display:
        for number in range(9):
            display.failed(number, LINK, "failed", "No reply.")
        display.failed(9, LINK, "rejected", "Bad link.")
        display.update(HALF)

    assert display.summary() == [
        "490 of 1,000 links are gone (49.0 %) after 1 h 2 min",
        "  480 deleted",
        "   10 already gone",
        "   10 failed",
        "  500 not asked for yet",
        "Refused by the rate limit and sent again: 45",
        "What did not succeed:",
        "  9 failed: No reply.",
        "  1 rejected: Bad link.",
    ]


def test_a_summary_names_the_most_frequent_reasons() -> None:
    reasons = {("failed", f"reason {number}"): number for number in range(1, 31)}
    lines = summary_lines(HALF, reasons)

    assert lines[-1] == "  and 20 more reasons"
    assert "  30 failed: reason 30" in lines


def test_nothing_to_delete_has_a_summary() -> None:
    assert Lines().summary() == ["There was nothing to delete."]


def test_a_share_is_100_per_cent_only_where_it_is_all() -> None:
    assert (percent(999_999, 10**6), percent(10**6, 10**6)) == ("99.9 %", "100.0 %")


# On a real terminal.

RUN = f"""
import itertools, sys
from pixlab_async.cleanup._progress import Progress
from pixlab_async.cli._cleanup_display import Display

ticks = itertools.count()
with Display("links.txt", stays="stays" in sys.argv, clock=lambda: next(ticks)) as display:
    for settled in range(3):
        display.update(Progress(total=3, settled=settled + 1, counts={{"deleted": settled + 1}}))
        display.failed(settled, {LINK!r}, "failed", "no " * 60)
    with display.aside():
        print("aside")
"""


def on_a_terminal(*args: str, **environment: str) -> str:
    """What a process writes that has an 80 columns wide terminal for everything."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = {"PATH", "PYTHONPATH", "HOME", "LANG"}
    env = {name: value for name, value in os.environ.items() if name in kept}
    env |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment}
    with os.fdopen(ours, "rb", buffering=0) as screen:
        with subprocess.Popen(
            [sys.executable, "-c", RUN, *args], stdin=theirs, stdout=theirs, stderr=theirs, env=env
        ) as process:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    chunk = screen.read(65536)
                except OSError:  # Linux's way to say that nobody writes any more
                    chunk = b""
                if not chunk:
                    break
                shown += chunk
        assert process.returncode == 0, shown
    return shown.decode()


def lines_of(shown: str) -> list[str]:
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown).replace("\r", "\n").split("\n")


posix = pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")


@posix
def test_on_a_terminal_nothing_wraps_and_the_cursor_comes_back() -> None:
    shown = on_a_terminal("stays")

    assert max(cell_len(line) for line in lines_of(shown)) == 80
    assert any(line.startswith("✗ line 2  storage.example.org/") for line in lines_of(shown))
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "aside" in shown
    assert "3 of 3  100.0 %" in shown[shown.rindex("aside") :]


@posix
def test_a_display_that_does_not_stay_takes_its_frame_away() -> None:
    after = on_a_terminal().rpartition("╯")[2]

    assert after.count("\x1b[2K") >= 5  # each line of it is erased


@posix
def test_a_dumb_terminal_gets_plain_lines() -> None:
    shown = on_a_terminal(TERM="dumb")

    assert "\x1b" not in shown
    assert "Deleting: 1 of 3, 33.3 %" in shown


def test_a_file_gets_plain_lines(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)

    assert "\x1b" not in done.stderr
    assert done.stderr.startswith("Deleting: 1 of 3, 33.3 %")
    assert done.stdout == "aside\n"
