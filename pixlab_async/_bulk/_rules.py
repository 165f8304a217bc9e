"""What a batch was asked to do, and when it has to stop: frozen values and pure rules.

A batch stops, that is, takes no further link, for

    a cause that all links share   401, 405, no key
    signs of a wrong list          the first 50 answers are 404, none confirms a deletion
    signs of a wrong request       50 links in a row are refused with the same status
    limits of the caller's         max_deletes, stop_after_failures, on_error, deadline

Going on would only burn through the list.
"""

from __future__ import annotations

from typing import Literal

from attrs import define, field, frozen

from .._errors import (
    AuthenticationFailed,
    BatchStopped,
    ConfigurationError,
    MethodNotAllowed,
    PixLabError,
    RateLimited,
    RecordingFailed,
    ReplyError,
    ServerFailed,
)
from .._results import DeletionState

CONCURRENCY = 10
# Answers of one kind after which it is the list's or the program's fault, not a link's.
TELLING = 50

_FATAL = (AuthenticationFailed, MethodNotAllowed, RecordingFailed)
# A 404, be it after a lost reply, may be the word of a wrong account or base URL.
_MISSING = (DeletionState.ALREADY_GONE, DeletionState.DELETED_UNCONFIRMED)
_BAD = (DeletionState.REJECTED, DeletionState.FAILED)


@frozen
class BatchRules:
    """What a batch was asked to do; ``delete_many`` documents each but the last.

    Attributes:
        excused: How many 404s at the start are no sign of a wrong list, since a run that
            crashed may have deleted as many.

    Raises:
        ConfigurationError: One of them cannot be; the message says the mend.
    """

    concurrency: int = CONCURRENCY
    order: Literal["completion", "input"] = "completion"
    dedupe: bool = False
    missing_ok: bool = False
    on_error: Literal["continue", "stop"] = "continue"
    max_deletes: int | None = None
    stop_after_failures: int | None = None
    deadline: float | None = None
    second_pass: bool = True
    dry_run: bool = False
    excused: int = 0

    def __attrs_post_init__(self) -> None:
        _require_count(self.concurrency, "concurrency")
        for name in ("max_deletes", "stop_after_failures"):
            value = getattr(self, name)
            if value is not None:
                _require_count(value, name)

        if self.order not in ("completion", "input"):
            raise ConfigurationError(f"order is 'completion' or 'input', not {self.order!r}.")

        if self.on_error not in ("continue", "stop"):
            raise ConfigurationError(f"on_error is 'continue' or 'stop', not {self.on_error!r}.")

        seconds = self.deadline
        if seconds is not None and not (_is_number(seconds) and seconds > 0):
            raise ConfigurationError(
                f"deadline is in seconds, above 0, or None for no limit; got {seconds!r}."
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _require_count(value: object, name: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{name} must be 1 or more, not {value!r}.")


@define(eq=False)
class Fuses:
    """Watches a batch, and says when it has to stop.

    Attributes:
        rules: What was asked for.
        found: Whether the service confirmed that something was there, in this very batch:
            what an earlier one saw may have been another account's.
    """

    rules: BatchRules
    found: bool = False
    _taken: int = field(default=0, init=False)
    _missing: int = field(default=0, init=False)
    _bad_in_a_row: int = field(default=0, init=False)
    _refused_in_a_row: int = field(default=0, init=False)
    _refusal: int = field(default=0, init=False)

    def take(self) -> BatchStopped | None:
        """Count a link that is to be sent; why it must not be, where it must not."""
        limit = self.rules.max_deletes
        if limit is not None and self._taken >= limit:
            return BatchStopped(
                f"the batch has more than the {limit:,} links that max_deletes allows",
                reason="max_deletes",
            )

        self._taken += 1
        return None

    def judge(self, state: DeletionState, error: PixLabError | None) -> PixLabError | None:
        """Take note of what became of a link; why the batch has to stop, where it has to."""
        if state is DeletionState.DELETED:
            self.found = True
        if state not in _BAD:
            self._bad_in_a_row = self._refused_in_a_row = 0
        # After a lost reply, too, another account would have said the same.
        if state in _MISSING:
            return self._missed()

        return self._judge_bad(state, error) if state in _BAD or error is not None else None

    def _missed(self) -> BatchStopped | None:
        self._missing += 1
        telling = TELLING + self.rules.excused
        if self.found or self.rules.missing_ok or self._missing < telling:
            return None

        return BatchStopped(
            f"nothing is stored at any of the first {telling} links, and nothing was deleted: "
            f"the list, the key or the base URL may be of another account (missing_ok=True goes "
            f"on all the same)",
            reason="nothing_found",
        )

    def _judge_bad(self, state: DeletionState, error: PixLabError | None) -> PixLabError | None:
        if isinstance(error, _FATAL) or (
            isinstance(error, ConfigurationError) and state is DeletionState.NOT_SENT
        ):
            return error

        if state not in _BAD:
            return None

        self._bad_in_a_row += 1
        if self.rules.on_error == "stop":
            return error

        limit = self.rules.stop_after_failures
        if limit is not None and self._bad_in_a_row >= limit:
            return BatchStopped(f"{limit:,} links in a row could not be deleted", reason="failures")

        return self._refused(error)

    def _refused(self, error: PixLabError | None) -> BatchStopped | None:
        status = error.status if isinstance(error, ReplyError) and error.status < 429 else 0
        self._refused_in_a_row = self._refused_in_a_row + 1 if status == self._refusal else 1
        self._refusal = status
        if not status or self._refused_in_a_row < TELLING:
            return None

        return BatchStopped(
            f"the service refused {TELLING} links in a row with status {status}: the fault is "
            f"not a single link's",
            reason="all_rejected",
        )


def state_of(error: PixLabError) -> DeletionState:
    """What a link's deletion came to that ended with an error (no 404)."""
    if isinstance(error, ConfigurationError | RecordingFailed):
        return DeletionState.NOT_SENT

    refused = isinstance(error, ReplyError) and not isinstance(error, RateLimited | ServerFailed)
    return DeletionState.REJECTED if refused else DeletionState.FAILED
