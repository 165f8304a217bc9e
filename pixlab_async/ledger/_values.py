"""What a ledger tells: frozen values, and how ages are written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from attrs import field, frozen

from .._errors import ConfigurationError
from .._results import Media

# Seconds, a timedelta, or a text such as "7d", "12h", "30m" or "90s".
Age: TypeAlias = float | str | timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
# Seconds; a row's time in milliseconds would not fit into SQLite's integers far above it.
_LONGEST_AGE = 1e15
_AGE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhdw])")


@frozen
class StoredMedia(Media):
    """A picture that a ledger holds: it is stored, as far as is known.

    It is a ``Media``: ``pixlab.delete(stored)`` and ``pixlab.delete_many(...)`` take it.

    Attributes:
        endpoint: What made it, or None where it was imported.
        stored_at: When its link was learnt (imported: when it was added), in UTC.
        tag: The client's label, or None.
        temporary: Whether ``temporary()`` or ``generate_then_delete`` made it, or it was a
            source that was stored for one call: it should be gone long since.
    """

    endpoint: str | None = field(default=None, kw_only=True)
    stored_at: datetime = field(kw_only=True)
    tag: str | None = field(default=None, kw_only=True)
    temporary: bool = field(default=False, kw_only=True)


@frozen
class Uncertain:
    """A call that may have stored a picture whose link is not known.

    It is under way, or its reply was lost, or it was cancelled after it was sent.

    Attributes:
        endpoint: What was called.
        begun_at: When, in UTC.
        tag: The client's label, or None.
        temporary: As in ``StoredMedia``.
    """

    endpoint: str
    begun_at: datetime
    tag: str | None = None
    temporary: bool = False


@frozen
class LedgerStats:
    """A ledger's counts.

    Attributes:
        stored: Pictures that are stored, as far as is known.
        temporary: Those of them that should be gone long since.
        uncertain: Calls that are under way, or whose reply was lost.
        gone: Pictures whose deletion was confirmed.
        oldest: When the oldest of the stored ones was stored, or None.
        by_endpoint: How many are stored by what made them; "" where they were imported.
        by_tag: How many are stored by label; "" where they have none.
        unsaved: Rows of this process that are not written yet.
    """

    stored: int
    temporary: int
    uncertain: int
    gone: int
    oldest: datetime | None
    by_endpoint: Mapping[str, int]
    by_tag: Mapping[str, int]
    unsaved: int = 0


def seconds_of(age: Age, name: str = "older_than") -> float:
    """The seconds that an age is.

    Raises:
        ConfigurationError: It is none.
    """
    if isinstance(age, timedelta):
        seconds = age.total_seconds()
    elif isinstance(age, str):
        found = _AGE.fullmatch(age.strip())
        seconds = float(found[1]) * _UNITS[found[2]] if found else math.nan
    elif isinstance(age, int | float) and not isinstance(age, bool):
        seconds = float(age)
    else:
        seconds = math.nan

    if not 0 <= seconds < _LONGEST_AGE:
        raise ConfigurationError(
            f"{name} must be seconds, a timedelta, or a text such as '7d', '12h', '30m' or '90s', "
            f"and not {age!r}."
        )

    return seconds


def moment(milliseconds: int) -> datetime:
    """The time that a row holds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
