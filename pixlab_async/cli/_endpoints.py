"""``pixlab endpoints``: what the catalogue knows of every endpoint."""

from __future__ import annotations

import click

from .._results import JSON
from ..catalogue import Entry, catalogue
from ._methods import has_method
from ._output import show
from ._settings import json_option
from ._shown import plain

_COLUMNS = ("NAME", "GROUP", "EVIDENCE", "METHODS", "COMMAND", "DOCUMENTATION")


@click.command(short_help="List PixLab's endpoints.")
@click.argument("group", required=False)
@json_option
def endpoints(group: str | None, as_json: bool) -> None:
    """List PixLab's endpoints, or those of a GROUP.

    EVIDENCE is "documented", "partial" (a page cut off, or sample programs alone) or
    "name-only": of those nothing but the name is known, and `pixlab call` calls them.
    """
    groups = sorted({entry.group for entry in catalogue().values()})
    if group is not None and group not in groups:
        raise click.UsageError(f"No group {group!r}. The groups: {', '.join(groups)}.")

    entries = [entry for entry in catalogue().values() if group in {None, entry.group}]
    show(_table(entries), [_fields(entry) for entry in entries], as_json=as_json)


def _table(entries: list[Entry]) -> str:
    rows = [_COLUMNS, *map(_row, entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(map(str.ljust, row, widths)).rstrip()  # the page may be missing
        for row in rows
    )


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        entry.name,
        entry.group,
        entry.evidence,
        " ".join(entry.methods or ("?",)),
        entry.name if has_method(entry.name) else f"call {entry.name}",
        entry.page or "",
    )


def _fields(entry: Entry) -> JSON:
    fields = plain(entry)
    assert isinstance(fields, dict)
    return {**fields, "command": has_method(entry.name)}
