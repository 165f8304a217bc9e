"""What is written to a ledger: its tables, and one class per kind of change.

A row begins as an intent, without a link, before the call is sent. It gets its link when
the reply is judged, and the time of its deletion when that is confirmed.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Protocol

from attrs import define, field, frozen

from .._database import Kind

LEDGER = Kind(
    "ledger",
    application=0x50784C64,  # "PxLd"
    version=1,
    option="the ledger's path",
    schema="""
    CREATE TABLE media (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        endpoint TEXT NOT NULL,
        tag TEXT NOT NULL,
        temporary INTEGER NOT NULL,
        begun INTEGER NOT NULL,
        stored INTEGER,
        gone INTEGER,
        ending TEXT,
        link TEXT,
        id TEXT,
        ssl_link TEXT
    );
    CREATE INDEX stored_media ON media (stored, row) WHERE gone IS NULL AND link IS NOT NULL;
    CREATE INDEX media_by_link ON media (link) WHERE gone IS NULL AND link IS NOT NULL;
    CREATE INDEX media_by_id ON media (id) WHERE gone IS NULL AND id IS NOT NULL;
    CREATE INDEX media_by_ssl_link ON media (ssl_link) WHERE gone IS NULL AND ssl_link IS NOT NULL;
    CREATE INDEX uncertain_media ON media (begun, row) WHERE link IS NULL;
    CREATE INDEX gone_media ON media (gone, row) WHERE gone IS NOT NULL
    """,
)

# By which a deletion names its picture.
_NAMES = ("link", "id", "ssl_link")


def now() -> int:
    """Milliseconds since the epoch, as rows have times."""
    return time.time_ns() // 1_000_000


def _storable(text: str | None) -> str | None:
    """The text as UTF-8 can have it: JSON can escape halves of surrogate pairs."""
    return None if text is None else text.encode("utf-8", "replace").decode()


class Row(Protocol):
    """A change to the ledger."""

    def write(self, connection: sqlite3.Connection) -> None:
        """Make the change, within a transaction."""
        ...


def apply(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Make the changes, in order."""
    for row in rows:
        row.write(connection)


@define(eq=False)
class Intent:
    """A call that will store a picture.

    Attributes:
        row: Its row, as soon as it is written. Later changes of one process come after it.
        kept: Whether the reply told of a stored picture.
    """

    endpoint: str
    tag: str
    temporary: bool
    begun: int = field(factory=now)
    row: int | None = None
    kept: bool = False

    def write(self, connection: sqlite3.Connection) -> None:
        """Add its row."""
        self.row = connection.execute(
            "INSERT INTO media (endpoint, tag, temporary, begun) VALUES (?, ?, ?, ?)",
            (self.endpoint, self.tag, self.temporary, self.begun),
        ).lastrowid


@frozen(eq=False)
class Void:
    """The call stored nothing."""

    intent: Intent

    def write(self, connection: sqlite3.Connection) -> None:
        """Remove its row."""
        connection.execute("DELETE FROM media WHERE row = ?", (self.intent.row,))


@frozen(eq=False)
class Kept:
    """The call stored a picture, and this is its link."""

    intent: Intent
    link: str
    id: str
    ssl_link: str | None
    stored: int = field(factory=now)

    def write(self, connection: sqlite3.Connection) -> None:
        """Complete its row; make it anew where somebody forgot it meanwhile."""
        values = (self.stored, *map(_storable, (self.link, self.id, self.ssl_link)))
        query = "UPDATE media SET stored = ?, link = ?, id = ?, ssl_link = ? WHERE row = ?"
        if connection.execute(query, (*values, self.intent.row)).rowcount == 0:
            self.intent.write(connection)
            connection.execute(query, (*values, self.intent.row))


@frozen(eq=False)
class Gone:
    """A picture is not stored any more, by its link, id or secure link."""

    name: str
    ending: str
    gone: int = field(factory=now)

    def write(self, connection: sqlite3.Connection) -> None:
        """Mark its row, or rows."""
        for column in _NAMES:
            connection.execute(
                f"UPDATE media SET gone = ?, ending = ? WHERE gone IS NULL AND {column} = ?",  # noqa: S608
                (self.gone, self.ending, _storable(self.name)),
            )


@define(eq=False)
class Recalled:
    """Pictures that a 404 made gone, and that may be there all the same.

    Attributes:
        since: Those that are gone since then.
        count: How many there were, as soon as it is written.
    """

    since: int
    count: int = 0

    def write(self, connection: sqlite3.Connection) -> None:
        """Take the marks back."""
        done = connection.execute(
            "UPDATE media SET gone = NULL, ending = NULL "
            "WHERE gone IS NOT NULL AND gone >= ? AND ending = 'already_gone'",
            (self.since,),
        )
        self.count = done.rowcount


@define(eq=False)
class Added:
    """A link from elsewhere.

    Attributes:
        fresh: Whether it was not there before, as soon as it is written.
    """

    link: str
    id: str
    tag: str
    stored: int = field(factory=now)
    fresh: bool = False

    def write(self, connection: sqlite3.Connection) -> None:
        """Add its row, unless it is there."""
        done = connection.execute(
            "INSERT INTO media (endpoint, tag, temporary, begun, stored, link, id) "
            "SELECT '', :tag, 0, :stored, :stored, :link, :id "
            "WHERE NOT EXISTS (SELECT 1 FROM media WHERE gone IS NULL AND link = :link)",
            {
                "tag": self.tag,
                "stored": self.stored,
                "link": self.link,
                "id": _storable(self.id),
            },
        )
        self.fresh = done.rowcount > 0


@define(eq=False)
class Dropped:
    """A picture that is no longer looked after, by its link, id or secure link.

    Attributes:
        count: How many rows it had, as soon as it is written.
    """

    name: str
    count: int = 0

    def write(self, connection: sqlite3.Connection) -> None:
        """Remove its row, or rows."""
        self.count = sum(
            connection.execute(
                f"DELETE FROM media WHERE gone IS NULL AND {column} = ?",  # noqa: S608
                (self.name,),
            ).rowcount
            for column in _NAMES
        )


@define(eq=False)
class Forgotten:
    """Rows that are removed.

    Attributes:
        where: The condition, as SQL of our own.
        values: The values in it.
        count: How many there were, as soon as it is written.
    """

    where: str
    values: Sequence[object]
    count: int = 0

    def write(self, connection: sqlite3.Connection) -> None:
        """Remove the rows."""
        done = connection.execute(
            f"DELETE FROM media WHERE {self.where}",  # noqa: S608 - our own
            tuple(self.values),
        )
        self.count = done.rowcount
