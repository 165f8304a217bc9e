"""The rows of a ledger as lines for people, as fields for programs, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from .._results import JSON
from .._wording import in_line, inert

if TYPE_CHECKING:
    from ..ledger import LedgerStats, StoredMedia, Uncertain

_COLUMNS = ("link", "id", "endpoint", "tag", "stored_at", "temporary")
# Characters. Rows come one by one, so their columns cannot be measured.
_ENDPOINT, _TAG = 16, 12


def words_of(media: StoredMedia, link: str) -> str:
    """A line for a picture, with its link as it may be shown."""
    note = " (temporary)" if media.temporary else ""
    return in_line(f"{_columns(media.stored_at, media.endpoint, media.tag)}  {link}{note}")


def words_of_call(call: Uncertain) -> str:
    """A line for a call whose link is not known."""
    note = "  (temporary)" if call.temporary else ""
    return in_line(f"{_columns(call.begun_at, call.endpoint, call.tag)}{note}".rstrip())


def words_of_counts(counts: LedgerStats) -> str:
    """Lines for the counts."""
    lines = [f"{counts.stored:,} stored" + _since(counts.oldest)]
    if counts.temporary:
        lines.append(f"{counts.temporary:,} of them temporary: they should be gone")
    lines.append(f"{counts.uncertain:,} uncertain: under way, or the reply was lost")
    lines.append(f"{counts.gone:,} gone")
    for title, parts in (("endpoint", counts.by_endpoint), ("tag", counts.by_tag)):
        if any(parts):
            named = (f"{name or 'none'} {count:,}" for name, count in parts.items())
            lines.append(f"Stored by {title}: {', '.join(named)}")
    return "\n".join(lines)


def fields_of(media: StoredMedia) -> dict[str, JSON]:
    """A picture's facts, whole link included."""
    return {
        "link": media.link,
        "id": media.id,
        "endpoint": media.endpoint,
        "tag": media.tag,
        "stored_at": media.stored_at.isoformat(),
        "temporary": media.temporary,
    }


def fields_of_call(call: Uncertain) -> dict[str, JSON]:
    """The facts of a call whose link is not known."""
    return {
        "endpoint": call.endpoint,
        "tag": call.tag,
        "begun_at": call.begun_at.isoformat(),
        "temporary": call.temporary,
    }


def fields_of_counts(counts: LedgerStats) -> dict[str, JSON]:
    """The counts."""
    return {
        "stored": counts.stored,
        "temporary": counts.temporary,
        "uncertain": counts.uncertain,
        "gone": counts.gone,
        "oldest": None if counts.oldest is None else counts.oldest.isoformat(),
        "by_endpoint": dict(counts.by_endpoint),
        "by_tag": dict(counts.by_tag),
    }


def csv_head() -> str:
    """The first line of a CSV file."""
    return _csv(_COLUMNS)


def csv_of(media: StoredMedia) -> str:
    """A picture's line in it."""
    return _csv(fields_of(media).values())


def _csv(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        ["" if each is None else inert(each) for each in values]
    )
    return line.getvalue()


def _columns(moment: datetime, endpoint: str | None, tag: str | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%SZ}  {endpoint or '-':<{_ENDPOINT}}  {tag or '-':<{_TAG}}"


def _since(oldest: datetime | None) -> str:
    return "" if oldest is None else f", the oldest since {oldest:%Y-%m-%d %H:%M:%SZ}"
