"""What is read from a ledger: conditions as values, and one function per question."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal, TypeAlias

from attrs import frozen

from .._errors import ConfigurationError
from ._rows import now
from ._values import Age, LedgerStats, StoredMedia, Uncertain, moment, seconds_of

State: TypeAlias = Literal["stored", "uncertain", "gone"]
Place: TypeAlias = tuple[int, int]

# Each has an index of its own, whose condition must be here word for word.
_STATES: dict[str, tuple[str, str]] = {
    "stored": ("gone IS NULL AND link IS NOT NULL", "stored"),
    "uncertain": ("link IS NULL", "begun"),
    "gone": ("gone IS NOT NULL", "gone"),
}
# Rows that are read at once.
PAGE = 500
BEGIN: Place = (-1, -1)


@frozen
class Which:
    """Which rows are meant: SQL of our own, and its values.

    Attributes:
        where: The condition.
        values: What stands for its question marks.
        time: The column by which the rows are ordered.
    """

    where: str
    values: tuple[object, ...]
    time: str


def which(
    state: State,
    *,
    older_than: Age | None = None,
    tag: str | None = None,
    endpoint: str | None = None,
    temporary: bool | None = None,
) -> Which:
    """The rows in a state that have all of these; None for any.

    Raises:
        ConfigurationError: A condition cannot be used.
    """
    if state not in _STATES:
        raise ConfigurationError(f"state must be one of {', '.join(_STATES)}, not {state!r}.")

    where, time = _STATES[state]
    values: list[object] = []
    for column, value in (("tag", tag), ("endpoint", endpoint)):
        if value is not None:
            if not isinstance(value, str) or not value.isprintable():
                raise ConfigurationError(f"{column} must be printable text, not {value!r}.")

            where += f" AND {column} = ?"
            values.append(value)
    if temporary is not None:
        where += " AND temporary = ?"
        values.append(bool(temporary))
    if older_than is not None:
        where += f" AND {time} <= ?"
        values.append(now() - round(1000 * seconds_of(older_than)))
    return Which(where, tuple(values), time)


def count(connection: sqlite3.Connection, rows: Which) -> int:
    """How many there are."""
    number: int = connection.execute(
        f"SELECT count(*) FROM media WHERE {rows.where}",  # noqa: S608 - our own
        rows.values,
    ).fetchone()[0]
    return number


def page_of_stored(
    connection: sqlite3.Connection, rows: Which, after: Place
) -> list[tuple[Place, StoredMedia]]:
    """The next of the stored pictures, each with its place in the order."""
    columns = "link, id, ssl_link, endpoint, tag, temporary"
    return [
        (
            (stored, row),
            StoredMedia(
                link,
                name,
                {} if secure is None else {"ssl_link": secure},
                endpoint=endpoint or None,
                stored_at=moment(stored),
                tag=tag or None,
                temporary=bool(temporary),
            ),
        )
        for stored, row, link, name, secure, endpoint, tag, temporary in _page(
            connection, rows, columns, after
        )
    ]


def page_of_uncertain(
    connection: sqlite3.Connection, rows: Which, after: Place
) -> list[tuple[Place, Uncertain]]:
    """The next of the calls without a link, each with its place in the order."""
    return [
        ((begun, row), Uncertain(endpoint, moment(begun), tag or None, bool(temporary)))
        for begun, row, endpoint, tag, temporary in _page(
            connection, rows, "endpoint, tag, temporary", after
        )
    ]


def stats(connection: sqlite3.Connection) -> LedgerStats:
    """The counts, all of one moment."""
    connection.execute("BEGIN")
    try:
        stored, uncertain, gone = (which(state) for state in ("stored", "uncertain", "gone"))
        oldest = connection.execute(
            f"SELECT min(stored) FROM media WHERE {stored.where}"  # noqa: S608 - our own
        ).fetchone()[0]
        return LedgerStats(
            count(connection, stored),
            count(connection, which("stored", temporary=True)),
            count(connection, uncertain),
            count(connection, gone),
            None if oldest is None else moment(oldest),
            _by(connection, "endpoint", stored.where),
            _by(connection, "tag", stored.where),
        )
    finally:
        connection.execute("COMMIT")


def _page(connection: sqlite3.Connection, rows: Which, columns: str, after: Place) -> list[Any]:
    return connection.execute(
        f"SELECT {rows.time}, row, {columns} FROM media "  # noqa: S608 - our own
        f"WHERE {rows.where} AND ({rows.time}, row) > (?, ?) ORDER BY {rows.time}, row LIMIT ?",
        (*rows.values, *after, PAGE),
    ).fetchall()


def _by(connection: sqlite3.Connection, column: str, where: str) -> dict[str, int]:
    return dict(
        connection.execute(
            f"SELECT {column}, count(*) FROM media WHERE {where} "  # noqa: S608 - our own
            f"GROUP BY {column} ORDER BY count(*) DESC, {column}"
        ).fetchall()
    )
