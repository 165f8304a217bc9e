"""From outcomes to the journal: what is final, what another run may end otherwise. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import define, field

from .._errors import AuthenticationFailed, MethodNotAllowed, ReplyError
from .._results import DeletionState, Outcome
from ._items import Item
from ._journal import Journal
from ._journal_file import Settled
from ._report_data import Row
from ._totals import Totals

# Not the link's fault: with another key, another run may delete it.
_NOT_THE_LINK = (AuthenticationFailed, MethodNotAllowed)
# More than make a batch stop, with those that are under way then.
_REMEMBERED = 200


@define(eq=False)
class Record:
    """Notes outcomes.

    Where nothing was found yet, what a 404 says may be the word of another account's key or
    of a wrong base URL. It is kept back until something was deleted, or the list is at its
    end; if the batch is stopped for it, the links stay to be done.
    """

    journal: Journal
    totals: Totals
    failed: Callable[[Row], object] | None
    found: bool
    dry: bool = False
    _unseen: list[tuple[Settled, str | None]] = field(factory=list[tuple[Settled, "str | None"]])
    # The last links that the service refused, with nothing else in between.
    _refused: deque[Settled] = field(factory=lambda: deque[Settled](maxlen=_REMEMBERED))

    def settle(self, settled: Settled, before: str | None) -> None:
        """Note a link's state, and tell of one that is not gone."""
        self.journal.settle(settled, before)
        if self.failed is not None and settled.state not in _QUIET:
            self.failed(
                Row(
                    settled.number,
                    settled.link,
                    settled.state,
                    settled.attempts,
                    settled.status,
                    settled.error,
                )
            )

    def outcome(self, outcome: Outcome, item: Item, before: str | None) -> None:
        """Note what became of a link that was with the workers."""
        state = outcome.state
        if state is DeletionState.NOT_SENT:
            if self.dry:
                self.journal.counts[state.value] += 1
            return  # it is as it was

        self.totals.add(outcome)

        error = outcome.error
        if isinstance(error, _NOT_THE_LINK):
            state = DeletionState.FAILED
        settled = Settled(
            outcome.index,
            item.number,
            item.link,
            state.value,
            outcome.attempts,
            error.status if isinstance(error, ReplyError) else None,
            None if error is None else error.summary,
            asked=outcome.maybe_processed,
            kept=outcome.index < self.journal.rows,
        )
        if state is DeletionState.DELETED and not self.found:
            self.found = True
            self.release()
        if state is not DeletionState.REJECTED:
            self._refused.clear()
        elif settled.status is not None:
            self._refused.append(settled)
        if state.gone and not self.found:
            self._unseen.append((settled, before))
        else:
            self.settle(settled, before)

    def reopen(self) -> None:
        """Leave the last refusals to another run: the fault was not the links'."""
        for settled in self._refused:
            failed = settled._replace(state=DeletionState.FAILED.value)
            self.journal.settle(failed, settled.state)
        self._refused.clear()

    def release(self) -> None:
        """Note what was kept back."""
        for settled, before in self._unseen:
            self.settle(settled, before)
        self._unseen.clear()

    @property
    def keeps_back(self) -> bool:
        """Whether something is kept back."""
        return bool(self._unseen)

    def drop(self) -> bool:
        """Leave what was kept back to another run; whether some of it was asked for in doubt."""
        in_doubt = any(settled.asked for settled, _ in self._unseen)
        self._unseen.clear()
        return in_doubt


_QUIET = frozenset({"protected", *(state.value for state in DeletionState if state.gone)})
