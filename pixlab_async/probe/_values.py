"""What a probe asks and sees, as frozen values. No I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen

from .._results import JSON, Media

if TYPE_CHECKING:
    from ._session import Session

# "documented": a page says it. "assumed": no page does, and this package goes by it.
# "unknown": nothing is known, and nothing depends on it.
Basis: TypeAlias = Literal["documented", "assumed", "unknown"]


class Verdict(StrEnum):
    """What an observation means for what was known before."""

    AS_DOCUMENTED = "as documented"
    DIFFERS = "differs"
    NOW_SEEN = "unknown so far: now seen"
    NOT_SEEN = "not seen"


@frozen
class Question:
    """Something that a few calls can settle.

    Attributes:
        name: What it is called in documents.
        asks: The question, in a sentence.
        says: What is known of the answer and from where; empty where nothing is.
        basis: How far that goes.
        expected: The answers that are in line with it; empty where any is.
        figure: Whether the answer is a measurement, which no two probes share.
    """

    name: str
    asks: str
    says: str = ""
    basis: Basis = "unknown"
    expected: tuple[JSON, ...] = ()
    figure: bool = False


@frozen
class Observation:
    """The answer to a question, as it was seen.

    Attributes:
        question: The question.
        seen: The answer in short; None where none was seen.
        note: Why none was seen, or what should be known of the answer.
        evidence: The replies that it is drawn from, bounded and scrubbed.
    """

    question: Question
    seen: JSON = None
    note: str = ""
    evidence: tuple[dict[str, JSON], ...] = ()

    @property
    def fits(self) -> bool | None:
        """Whether it is in line with what was expected; None where nothing was."""
        if self.seen is None or not self.question.expected:
            return None

        return self.seen in self.question.expected

    @property
    def verdict(self) -> Verdict:
        """What it means for what was known before."""
        if self.seen is None:
            return Verdict.NOT_SEEN

        if self.question.basis != "documented":
            return Verdict.NOW_SEEN

        return Verdict.AS_DOCUMENTED if self.fits else Verdict.DIFFERS


@frozen
class Step:
    """A part of the sequence.

    Attributes:
        name: What it is called.
        tells: What it does, for the plan.
        answers: The names of the questions that it answers.
        run: Does it.
        requests: How many requests to the API it takes, at most.
        fetches: How often it fetches a stored picture, at most.
        stores: How many pictures it stores.
    """

    name: str
    tells: str
    answers: tuple[str, ...]
    run: Callable[[Session], Awaitable[None]]
    requests: int = 1
    fetches: int = 0
    stores: int = 0


@frozen
class Ending:
    """How a probe ended.

    Attributes:
        reason: Why it stopped before its end; empty where it did not.
        kind: As in ``Stop``; empty where it did not stop.
        left: What may still be stored, for `pixlab delete`.
        lost: Sentences on pictures that may be stored, and whose links are not known.
    """

    reason: str
    kind: str
    left: tuple[Media, ...]
    lost: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is left stored."""
        return not self.left and not self.lost


class Skip(Exception):
    """A step cannot be taken; the message says why."""


class Stop(Exception):
    """The sequence cannot go on; the message says why.

    Attributes:
        kind: "interrupted", "limited", "refused" (the key) or "trouble".
    """

    def __init__(
        self, message: str, kind: Literal["interrupted", "limited", "refused", "trouble"]
    ) -> None:
        super().__init__(message)
        self.kind = kind
