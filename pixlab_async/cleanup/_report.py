"""What a job leaves behind for people and programs: one file, as JSON lines, CSV or HTML.

JSON lines and CSV hold each link whole: that is what they are for. The page masks them
unless asked. Whatever the kind, nobody else can read the file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path

from attrs import fields

from .._errors import ConfigurationError
from .._whole import PRIVATE, check_output, replacing
from .._wording import inert
from ._report_data import ReportData, Row, Sample
from ._report_html import page_of

__all__ = ["ReportData", "Row", "Sample", "check_report", "write_report"]

_NAMES = [each.name for each in fields(Row)]
_values = attrgetter(*_NAMES)
_KINDS = (".jsonl", ".csv", ".html")


def check_report(path: Path) -> None:
    """See that a report can be put there, before anything is sent.

    Raises:
        ConfigurationError: No kind of report ends so, or its folder does not exist.
    """
    if path.suffix.lower() not in _KINDS:
        raise ConfigurationError(
            f"A report's name ends with {', '.join(_KINDS)}; {path.name!r} does not."
        )

    check_output(path)


def write_report(
    path: Path,
    data: ReportData,
    rows: Iterable[Row],
    failures: Iterable[Row],
    *,
    show_links: bool = False,
) -> None:
    """Write a report whole or not at all, with mode 0600, in the calling thread.

    In CSV, a text that begins with one of ``= + - @`` gets an apostrophe before it, since a
    spreadsheet would compute it.

    Args:
        path: The file; its suffix is ``.jsonl``, ``.csv`` or ``.html``.
        data: The job as a whole, for the page.
        rows: What became of each link, for JSON lines and CSV; read once, never collected.
        failures: What became of those that did not succeed, for the page; the same.
        show_links: Whether the page shows links whole.

    Raises:
        ConfigurationError: No kind of report ends so, or the file cannot be written.
    """
    check_report(path)
    match path.suffix.lower():
        case ".jsonl":
            parts = _json_lines(rows)
        case ".csv":
            parts = _csv_lines(rows)
        case _:
            parts = page_of(data, failures, show_links=show_links)

    # Not every link is UTF-8: one that is not must not cost the report.
    with (
        replacing(path, mode=PRIVATE) as part,
        part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        file.writelines(parts)


def _json_lines(rows: Iterable[Row]) -> Iterator[str]:
    return (json.dumps(dict(zip(_NAMES, _values(row), strict=True))) + "\n" for row in rows)


def _csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    sheet = csv.writer(_Echo())
    yield sheet.writerow(_NAMES)
    for row in rows:
        yield sheet.writerow([inert(value) for value in _values(row)])


class _Echo:
    """A file for ``csv.writer`` that hands back what is written."""

    def write(self, text: str) -> str:
        return text
