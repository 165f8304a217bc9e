"""The report as one page: no script, nothing from elsewhere, and everything escaped.

Links and errors come from anywhere, so each text goes through ``_text``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import escape

from .._results import DeletionState
from .._version import VERSION
from .._wording import duration, latency, masked, printable
from ._charts import latency_chart, rate_chart, refusal_chart
from ._report_data import ReportData, Row
from ._report_style import STYLE
from ._series import bins_of, quantile

# Failures that are shown one by one, and reasons; both bound the page.
_ROWS = 1000
_REASONS = 50
# Different reasons that are counted apart.
_COUNTED = 2000

_NOTHING = "-"
_GONE = {DeletionState.DELETED, DeletionState.DELETED_UNCONFIRMED, DeletionState.ALREADY_GONE}
# What is as it was meant to be in the end.
_MEANT = {*_GONE, "protected"}
_MEANINGS = {
    "deleted": "The service confirmed the deletion.",
    "deleted_unconfirmed": "A reply was lost; afterwards nothing was there any more.",
    "already_gone": "Nothing was there at the first attempt.",
    "rejected": "The service refused, or the link cannot be sent.",
    "failed": "Every attempt met trouble on the way. Running it again may help.",
    "unknown": "Stopped after it was sent: it may or may not be gone.",
    "not_sent": "Stopped before it was sent: untouched.",
    "protected": "On the list of what is never deleted: untouched.",
    "pending": "Not reached yet: untouched.",
}
_ADDRESS = re.compile(r"https?://[^\s'\"<>]+")
# Nothing may be fetched or run, whatever the texts hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

Reason = tuple[str, int | None, str]


def page_of(data: ReportData, failures: Iterable[Row], *, show_links: bool) -> Iterator[str]:
    """The page in parts.

    Args:
        data: The job as a whole.
        failures: What became of the links that did not succeed; read once.
        show_links: Whether links are shown whole.
    """
    title = f"Cleanup of {data.source}"
    yield (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="referrer" content="no-referrer"><meta name="color-scheme" '
        f'content="light dark"><title>{_text(title)}</title><style>{STYLE}</style></head><body>'
    )
    yield _header(data)
    yield "<main>"
    yield _figures(data)
    yield _states(data)
    yield _over_time(data)
    yield _latencies(data)
    yield from _failures(failures, show_links=show_links)
    yield "</main>"
    yield _footer(show_links=show_links)


def _text(value: object) -> str:
    return escape(printable(str(value)))


def _header(data: ReportData) -> str:
    is_whole = any(data.counts.values()) and not any(
        count for state, count in data.counts.items() if state not in _MEANT
    )
    runs = "one run" if data.runs == 1 else f"{data.runs:,} runs"
    started, finished = (
        datetime.fromtimestamp(at, UTC).strftime("%d %b %Y, %H:%M")
        for at in (data.started, data.finished)
    )
    if started.partition(",")[0] == finished.partition(",")[0]:
        finished = finished.partition(", ")[2]
    return (
        f'<header><p class="kind">Cleanup report</p><h1>{_text(data.source)}</h1>'
        f'<p class="when"><span class="pill {"all" if is_whole else "left"}">{_text(data.ended)}'
        f"</span> {started} to {finished} UTC · "
        f"{duration(data.finished - data.started)} · {runs}</p></header>"
    )


def _figures(data: ReportData) -> str:
    total = sum(data.counts.values())
    gone = sum(data.counts.get(state, 0) for state in _GONE)
    span = data.finished - data.started
    per_minute = f"{gone * 60 / span:,.0f}" if span > 0 and gone else _NOTHING
    refused = f"{data.refused * 1000 / data.attempts:,.1f} per 1,000" if data.attempts else ""
    half = latency(quantile(data.latencies, 0.5)) if _measured(data) else _NOTHING
    most = f"95 % within {latency(quantile(data.latencies, 0.95))}" if _measured(data) else ""
    figures = (
        ("gone", f"{gone:,}", f"of {total:,} links, {_percent(gone, total)}"),
        ("links per minute", per_minute, f"{data.attempts:,} sent in all"),
        (
            "learnt limit",
            "none" if data.limit is None else f"{data.limit:,.0f}",
            "never refused" if data.limit is None else "links per minute",
        ),
        ("answers 429", f"{data.refused:,}", refused),
        ("median latency", half, most),
    )
    items = "".join(
        f'<div class="figure"><dt>{name}</dt><dd class="number">{number}</dd>'
        f'<dd class="note">{note}</dd></div>'
        for name, number, note in figures
    )
    return f'<dl class="figures">{items}</dl>'


def _states(data: ReportData) -> str:
    total = sum(data.counts.values())
    shown = [(state, data.counts[state]) for state in _in_order(data) if data.counts[state]]
    parts = "".join(
        f'<span class="part {_kind(state)}" style="flex-grow:{count / total:.6f}"></span>'
        for state, count in shown
    )
    rows = "".join(
        f'<tr><th scope="row"><span class="swatch {_kind(state)}"></span>'
        f'{_text(state.replace("_", " "))}</th><td class="count">{count:,}</td>'
        f'<td class="count">{_percent(count, total)}</td>'
        f'<td class="meaning">{_MEANINGS.get(state, "")}</td></tr>'
        for state, count in shown
    )
    skipped = [
        f"{count:,} {what}"
        for count, what in (
            (data.blank, "blank lines"),
            (data.duplicates, "links that repeat an earlier one"),
        )
        if count
    ]
    note = f'<p class="note">Not sent: {" and ".join(skipped)}.</p>' if skipped else ""
    if not shown:
        return f'<section><h2>Links</h2><p class="note">There were no links.</p>{note}</section>'

    return (
        f'<section><h2>Links</h2><div class="whole" aria-hidden="true">{parts}</div><table>'
        f'<thead><tr><th scope="col">State</th><th scope="col" class="count">Links</th>'
        f'<th scope="col" class="count">Share</th><th scope="col" class="meaning">Meaning</th>'
        f"</tr></thead><tbody>{rows}</tbody></table>{note}</section>"
    )


def _in_order(data: ReportData) -> list[str]:
    known = [state for state in _MEANINGS if state in data.counts]
    return known + [state for state in data.counts if state not in _MEANINGS]


def _kind(state: str) -> str:
    return state if state in _MEANINGS else "pending"


def _percent(count: int, total: int) -> str:
    """A share that says 100 only where it is all, and 0 only where it is none."""
    if not total:
        return "0 %"

    share = 100 * count / total
    if 0 < count < total:
        share = min(99.99, max(0.01, share))
    return f"{share:.2f} %" if share < 1 or 99 < share < 100 else f"{share:.3g} %"


def _over_time(data: ReportData) -> str:
    bins = bins_of(data.samples, data.started)
    if not bins:
        return (
            '<section><h2>Over time</h2><p class="note">The job was too short for a chart.</p>'
            "</section>"
        )

    refused = f"<figure>{refusal_chart(bins)}</figure>" if data.refused else ""
    is_learnt = any(each.limit is not None for each in bins)
    limit = '<span class="line"></span>learnt limit' if is_learnt else ""
    return (
        f'<section><h2>Over time</h2><p class="legend"><span class="swatch rate"></span>links per '
        f"minute {limit}</p><figure>{rate_chart(bins)}</figure>"
        f"{refused}</section>"
    )


def _measured(data: ReportData) -> bool:
    return any(count for _, count in data.latencies)


def _latencies(data: ReportData) -> str:
    if not _measured(data):
        return ""

    counted = [place for place, (_, count) in enumerate(data.latencies) if count]
    shown = data.latencies[counted[0] : counted[-1] + 1]
    quantiles = ", ".join(
        f"{share:.0%} within {latency(quantile(data.latencies, share))}".replace("%", " %")
        for share in (0.5, 0.95, 0.99)
    )
    return (
        f'<section><h2>Latency</h2><p class="note">{quantiles}</p>'
        f"<figure>{latency_chart(shown)}</figure></section>"
    )


def _failures(failures: Iterable[Row], *, show_links: bool) -> Iterator[str]:
    rows: list[str] = []
    reasons: Counter[Reason] = Counter()
    for row in failures:
        reason = _reason(row, show_links=show_links)
        reasons[reason if reason in reasons or len(reasons) < _COUNTED else _OTHERS] += 1
        if len(rows) < _ROWS:
            rows.append(_failure(row, reason[2], show_links=show_links))
    if not rows:
        return

    yield (
        '<section><h2>What did not succeed</h2><table><thead><tr><th scope="col" class="count">'
        'Links</th><th scope="col">State</th><th scope="col" class="count">Status</th>'
        '<th scope="col">Reason</th></tr></thead><tbody>'
    )
    for (state, status, error), count in reasons.most_common(_REASONS):
        yield f'<tr><td class="count">{count:,}</td>{_cells(state, status, error)}</tr>'
    yield "</tbody></table>"
    if len(reasons) > _REASONS:
        yield f'<p class="note">And {len(reasons) - _REASONS:,} more reasons.</p>'

    total = reasons.total()
    shown = "each of them" if total <= _ROWS else f"the first {_ROWS:,} of {total:,}"
    yield (
        f"<details{' open' if total <= 20 else ''}><summary>Show {shown}</summary>"
        '<table><thead><tr><th scope="col" class="count">Line</th><th scope="col">Link</th>'
        '<th scope="col">State</th><th scope="col" class="count">Status</th>'
        '<th scope="col">Reason</th></tr></thead><tbody>'
    )
    yield from rows
    yield "</tbody></table>"
    if total > _ROWS:
        yield (
            f'<p class="note">{total - _ROWS:,} more are not shown. A report that ends with '
            f".csv or .jsonl has them all.</p>"
        )
    yield "</details></section>"


_OTHERS: Reason = ("", None, "other reasons")


def _reason(row: Row, *, show_links: bool) -> Reason:
    error = row.error or ("the answer said no" if row.status else "it was not answered")
    if not show_links:  # the service's own words may hold one
        error = _ADDRESS.sub(lambda found: masked(found[0]), error)
    return row.state, row.status, error


def _failure(row: Row, error: str, *, show_links: bool) -> str:
    link = _NOTHING if row.link is None else row.link if show_links else masked(row.link)
    return (
        f'<tr><td class="count">{row.number:,}</td><td class="link">{_text(link)}</td>'
        f"{_cells(row.state, row.status, error)}</tr>"
    )


def _cells(state: str, status: int | None, error: str) -> str:
    swatch = f'<span class="swatch {_kind(state)}"></span>' if state else ""
    return (
        f'<td class="state">{swatch}{_text(state.replace("_", " "))}</td>'
        f'<td class="count">{_NOTHING if status is None else status}</td><td>{_text(error)}</td>'
    )


def _footer(*, show_links: bool) -> str:
    links = "Links are shown whole: this file is private." if show_links else "Links are masked."
    return f"<footer>{links} Made by pixlab-async {VERSION}.</footer></body></html>\n"
