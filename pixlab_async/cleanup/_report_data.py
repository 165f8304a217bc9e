"""What a report tells: values that the job fills in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen


@frozen
class Sample:
    """How far a job was at one moment.

    Attributes:
        at: When, in seconds since 1970.
        done: Links that had their final state.
        refused: How many 429s there had been.
        limit: The learnt limit in links per minute, or None while none is known.
    """

    at: float
    done: int
    refused: int
    limit: float | None


@frozen
class Row:
    """What became of one link.

    Attributes:
        number: Its place in the input, as ``Item`` has it.
        link: The link, or None where it is not known.
        state: A ``DeletionState``'s value, ``protected`` or ``pending``.
        attempts: How many times its deletion was sent; None where only its state is known.
        status: The status of the last answer, or None where there was none.
        error: Why it did not succeed, in a sentence, or None.
    """

    number: int
    link: str | None
    state: str
    attempts: int | None
    status: int | None
    error: str | None


@frozen
class ReportData:
    """A job as a whole.

    Attributes:
        source: What the input is called.
        started: When the first run began, in seconds since 1970.
        finished: When the last run ended.
        counts: Links by state.
        attempts: How many deletions were sent.
        refused: How many of them were answered with 429.
        limit: The learnt limit in links per minute, or None.
        blank: Blank lines that were skipped.
        duplicates: Links that were there before, and skipped.
        samples: How far it was, from time to time.
        latencies: How many deletions took how long: upper bounds in seconds, rising, each
            with the count of those below it and above the bound before.
        ended: Why it ended, in a sentence.
        runs: How many runs it took.
    """

    source: str
    started: float
    finished: float
    counts: Mapping[str, int]
    attempts: int
    refused: int
    limit: float | None
    blank: int
    duplicates: int
    samples: Sequence[Sample]
    latencies: Sequence[tuple[float, int]]
    ended: str
    runs: int
