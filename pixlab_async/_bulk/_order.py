"""What comes out of a batch when: duplicates with their first, and the input's order. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from attrs import define, evolve, field

from .._results import Outcome

# Links that are remembered to find duplicates: some 10 MB of usual ones.
REMEMBERED = 32_768


@define(eq=False)
class InputOrder:
    """Holds outcomes back until those of all earlier links are there."""

    _next: int = 0
    _held: dict[int, Outcome] = field(factory=dict[int, Outcome])

    @property
    def held(self) -> int:
        """How many wait for an earlier one."""
        return len(self._held)

    def release(self, outcome: Outcome) -> Iterable[Outcome]:
        """The outcomes that can go now that this one is there."""
        self._held[outcome.index] = outcome
        while (free := self._held.pop(self._next, None)) is not None:
            self._next += 1
            yield free


@define(eq=False)
class _Seen:
    index: int
    outcome: Outcome | None = None
    waiting: list[int] | None = None  # most have none, and each would take 56 bytes


@define(eq=False)
class Duplicates:
    """Finds links that came before, among the last 32,768 distinct ones."""

    remembered: int = REMEMBERED
    waiting: int = 0
    _seen: OrderedDict[str, _Seen] = field(factory=OrderedDict[str, _Seen])

    def seen(self, link: str) -> bool:
        """Whether the link is remembered."""
        return link in self._seen

    def first(self, index: int, link: str) -> None:
        """Remember a link that is not."""
        self._seen[link] = _Seen(index)
        if len(self._seen) > self.remembered:
            self._forget_oldest_that_ended()

    def repeat(self, index: int, link: str) -> Outcome | None:
        """The outcome of a link that is remembered; None where that comes with its first."""
        seen = self._seen[link]
        if seen.outcome is None:
            if seen.waiting is None:
                seen.waiting = []
            seen.waiting.append(index)
            self.waiting += 1
            return None

        return _copy(seen.outcome, index)

    def ended(self, outcome: Outcome) -> Iterable[Outcome]:
        """The outcomes of those that waited for this one."""
        seen = self._seen.get(outcome.link)
        if seen is None or seen.index != outcome.index:
            return

        seen.outcome = outcome
        waiting, seen.waiting = seen.waiting or [], None
        self.waiting -= len(waiting)
        for index in waiting:
            yield _copy(outcome, index)

    def _forget_oldest_that_ended(self) -> None:
        for link, seen in self._seen.items():
            if seen.outcome is not None:
                del self._seen[link]
                return


def _copy(outcome: Outcome, index: int) -> Outcome:
    return evolve(
        outcome,
        index=index,
        attempts=0,
        duplicate_of=outcome.index,
        elapsed=None,
        rate_limited=0,
    )
