"""What is said of a running job: the plain lines, the parts of the live display, the summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .._results import DeletionState
from .._wording import duration, latency, masked, printable
from ..cleanup._progress import Progress

# In the order in which they are shown.
STATES = (*(state.value for state in DeletionState), "protected", "pending")
GONE = {"deleted", "deleted_unconfirmed", "already_gone"}
# What is no success and no trouble either.
_QUIET = GONE | {"protected", "pending", "not_sent"}
_PHASES = {
    "reading": "Reading",
    "deleting": "Deleting",
    "second pass": "Trying again",
    "stopping": "Stopping",
}
# Reasons that a summary names.
_REASONS = 10


def headline(progress: Progress, name: str) -> str:
    """What is being done with what."""
    if progress.phase == "stopping":
        return f"Stopping, {progress.in_flight:,} in flight"

    return f"{_PHASES[progress.phase]} {_one_line(name)}"


def shares(progress: Progress) -> str:
    """How many are done, of how many, and how much that is."""
    if progress.phase == "reading":
        return "counting the links"

    if progress.total is None:
        return f"{progress.settled:,} done"

    done = f"{progress.settled:,} of {progress.total:,}"
    return f"{done}  {percent(progress.settled, progress.total)}" if progress.total else done


def percent(part: int, whole: int) -> str:
    """A share that says 100 only where it is all."""
    share = 1000 * part // whole if whole else 0
    return f"{share / 10:.1f} %"


def limit(progress: Progress) -> str:
    """What is known of the rate limit."""
    if progress.limit is None:
        return "learning the limit"

    return f"{'pinned' if progress.pinned else 'learnt'} limit {progress.limit:,.0f}/min"


def latencies(progress: Progress) -> str:
    """How long deletions take; empty before the first."""
    if progress.latency_p50 is None or progress.latency_p95 is None:
        return ""

    return f"{latency(progress.latency_p50)}, 95 % in {latency(progress.latency_p95)}"


def left(progress: Progress) -> str:
    """How much is to do yet, and how long that takes."""
    if progress.time_left is None:
        return ""

    seconds = progress.time_left
    # Nobody knows it to the second.
    return f"about {duration(round(seconds / 60) * 60 if seconds >= 600 else seconds)} left"


def pause(progress: Progress) -> str:
    """What is waited for; empty where nothing is."""
    if progress.paused_for <= 0:
        return ""

    seconds = max(1, round(progress.paused_for))
    if progress.down:
        return f"the service is down, next try in {seconds} s"

    return f"paused by a 429, {seconds} s to go"


def states(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Each state that some links are in, and how many they are."""
    return [(state, counts[state]) for state in STATES if counts.get(state)]


def words(state: str) -> str:
    """A state as people say it."""
    return state.replace("_", " ")


def trouble(counts: Mapping[str, int]) -> int:
    """How many links did not succeed."""
    return sum(count for state, count in counts.items() if state not in _QUIET)


def plain_line(progress: Progress) -> str:
    """The progress in one line, for logs."""
    bad = trouble(progress.counts)
    parts = (
        f"{_PHASES[progress.phase]}: {shares(progress)}",
        f"{progress.rate_now:,.0f}/min",
        limit(progress),
        f"{progress.rate_limited:,} refused" if progress.rate_limited else "",
        f"{bad:,} not deleted" if bad else "",
        pause(progress) or left(progress),
    )
    return ", ".join(filter(None, parts)).replace("  ", ", ")


def failure_line(number: int, link: str, state: str, reason: str) -> str:
    """One link that did not succeed."""
    where = f"line {number:,}  {masked(link)}"
    text = f"{where}  {words(state)}: {reason}"
    return _one_line(text)


def summary_lines(progress: Progress, reasons: Mapping[tuple[str, str], int]) -> list[str]:
    """What became of all links, and why some did not succeed.

    Args:
        progress: How it was at the end.
        reasons: How many links had a state for a reason.
    """
    counts = progress.counts
    gone, settled = sum(counts.get(state, 0) for state in GONE), sum(counts.values())
    total = max(settled, progress.total or 0)
    if not total:
        return ["There was nothing to delete."]

    share = f"{gone:,} of {total:,} links are gone ({percent(gone, total)})"
    lines = [
        f"{share} after {duration(progress.elapsed)}",
        *_column(
            [
                *((count, words(state)) for state, count in states(counts)),
                *([(total - settled, "not asked for yet")] if total > settled else []),
            ]
        ),
    ]
    if progress.rate_limited:
        lines.append(f"Refused by the rate limit and sent again: {progress.rate_limited:,}")
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    if ordered:
        lines.append("What did not succeed:")
        lines += _column(
            (count, f"{words(state)}: {reason}") for (state, reason), count in ordered[:_REASONS]
        )
    if len(ordered) > _REASONS:
        lines.append(f"  and {len(ordered) - _REASONS:,} more reasons")
    return lines


def _column(rows: Iterable[tuple[int, str]]) -> list[str]:
    """Numbers and what they count, one below the other."""
    found = [(f"{count:,}", text) for count, text in rows]
    width = max((len(count) for count, _ in found), default=0)
    return [f"  {count:>{width}} {_one_line(text)}" for count, text in found]


def _one_line(text: str) -> str:
    return printable(text).replace("\n", " ")
