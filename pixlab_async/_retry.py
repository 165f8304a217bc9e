"""When a call is sent again: frozen values and pure functions.

The wait before attempt ``n + 1`` (full jitter):

    wait_n = random(0, min(cap, base * 2 ** (n - 1)))

A ``Retry-After`` takes its place. What may be repeated depends on how far the failed
attempt came:

    never sent         DNS, refused, connect timeout, TLS   any call
    maybe processed    lost or broken reply, 5xx            repeatable calls only
    rate limited       429                                  any call, when the pacer says so
    refused            any other 4xx                        never

A generating call is not repeatable: each repeat can store and bill one more picture.
"""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime
from random import Random

from attrs import define, field, frozen

from ._errors import (
    ConfigurationError,
    ConnectionFailed,
    PixLabError,
    RateLimited,
    ReplyError,
    TimedOut,
    was_sent,
)


@frozen
class RetryPolicy:
    """How often, and how patiently, a failed call is sent again.

    Attributes:
        attempts: Sends of one call at most, the first included; 1 means no retry. One send
            comes on top where an idle connection turns out to be dead as it is reused.
        limited_attempts: The same for calls that are answered with 429. A batch takes
            ten at the least: there is nobody who waits for the single link.
        base: Seconds; the longest wait before the second attempt.
        cap: Seconds; the longest wait before any attempt.
        max_wait: Seconds; a ``Retry-After`` above this is not waited for: the error is
            raised at once, and carries it.
        repeat_stored: Send generating calls again too when the first attempt's reply was
            lost. Each repeat may store, and bill, a second picture that nobody knows of.

    Raises:
        ConfigurationError: A number is negative, or attempts is below 1.
    """

    attempts: int = 3
    limited_attempts: int = 3
    base: float = 0.5
    cap: float = 8.0
    max_wait: float = 60.0
    repeat_stored: bool = False

    def __attrs_post_init__(self) -> None:
        if self.attempts < 1 or self.limited_attempts < 1:
            raise ConfigurationError("RetryPolicy: attempts and limited_attempts start at 1.")

        for name in ("base", "cap", "max_wait"):
            if not (math.isfinite(seconds := getattr(self, name)) and seconds >= 0):
                raise ConfigurationError(
                    f"RetryPolicy: {name} is in seconds, finite, and 0 or more; got {seconds}."
                )

    def wait(
        self,
        error: PixLabError,
        *,
        attempt: int,
        repeatable: bool,
        replayable: bool,
        random: Random,
    ) -> float | None:
        """Seconds to wait before the next attempt, or None where there is to be none.

        For a 429 this is 0: how long everybody waits is the pacer's decision.

        Args:
            error: What the last attempt ended with.
            attempt: How many attempts were made.
            repeatable: Whether the call may be repeated after it was maybe processed.
            replayable: Whether the call's body can be sent again.
            random: The source of jitter.
        """
        asked = error.retry_after if isinstance(error, ReplyError) else None
        if not replayable or (asked is not None and asked > self.max_wait):
            return None

        if isinstance(error, RateLimited):
            return 0.0 if attempt < self.limited_attempts else None

        if attempt >= self.attempts or not _is_transient(error):
            return None

        if was_sent(error) and not (repeatable or self.repeat_stored):
            return None

        if asked is not None:
            return asked

        return random.uniform(0.0, min(self.cap, self.base * 2 ** (attempt - 1)))


_ROUNDING = 1e-9
_NOT_IMPLEMENTED = 501


@define(eq=False)
class RetryBudget:
    """Keeps retries to a tenth of the calls, so that they never become the trouble.

    Starts with ``burst`` retries. Each call that worked earns ``ratio`` of one, each
    second ``per_second`` of one; never more than ``burst`` are kept.
    """

    burst: float = 10.0
    ratio: float = 0.1
    per_second: float = 0.1
    _left: float = field(init=False)
    _at: float = field(init=False, default=-math.inf)

    def __attrs_post_init__(self) -> None:
        self._left = self.burst

    def earn(self) -> None:
        """A call worked."""
        self._left = min(self.burst, self._left + self.ratio)

    def spend(self, now: float) -> bool:
        """Take one retry; False where none is left."""
        if self._at > -math.inf:
            self._left = min(self.burst, self._left + (now - self._at) * self.per_second)
        self._at = now
        if self._left < 1 - _ROUNDING:
            return False

        self._left -= 1
        return True


def parse_retry_after(value: str, date: str, now: float) -> float | None:
    """The seconds that a ``Retry-After`` asks to wait, or None where it says nothing usable.

    Takes seconds (also with a fraction) and HTTP dates. Negative waits and dates in the
    past are 0.

    Args:
        value: The field's value.
        date: The same reply's ``Date``: where it has one, a date counts from there, so
            that two clocks that differ do no harm.
        now: Seconds since the epoch.
    """
    try:
        seconds = float(value)
    except ValueError:
        moment = _moment(value)
        if moment is None:
            return None

        sent_at = _moment(date)
        seconds = moment - (now if sent_at is None else sent_at)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _moment(date: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(date)
        # "-0000" means UTC with nothing said of the local zone; parsed, it has no zone.
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _is_transient(error: PixLabError) -> bool:
    """Whether another attempt could end otherwise."""
    if isinstance(error, ConnectionFailed):
        return not error.permanent

    if isinstance(error, ReplyError) and error.status == _NOT_IMPLEMENTED:
        return False

    if isinstance(error, TimedOut):
        return error.phase not in ("deadline", "queue")

    return was_sent(error)
