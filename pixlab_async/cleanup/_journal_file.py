"""What stands in a journal's file, and how it is written. Runs in the writing thread.

job      facts of the whole job, by name
block    which links were taken together: nothing of a block is sent before it stands here
map      two bits per link, a chunk a row
link     a row for what two bits cannot say; for the first links, one each
sample   how far the job was, from time to time
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from .._database import Kind
from .._results import JSON
from . import _states as states

# Samples that are kept; when there are more, every other one goes.
SAMPLES = 1000

KIND = Kind(
    "journal",
    0x70784A6E,
    1,
    """
    CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE block (first INTEGER PRIMARY KEY, size INTEGER NOT NULL, digest BLOB NOT NULL);
    CREATE TABLE map (chunk INTEGER PRIMARY KEY, states BLOB NOT NULL);
    CREATE TABLE link (
        place INTEGER PRIMARY KEY, number INTEGER NOT NULL, link TEXT, state TEXT NOT NULL,
        attempts INTEGER NOT NULL, status INTEGER, error TEXT, asked INTEGER NOT NULL
    );
    CREATE TABLE sample (at REAL PRIMARY KEY, done INTEGER, refused INTEGER, cap REAL)
        WITHOUT ROWID
    """,
    "journal",
)

CODES = {"deleted": states.DELETED, "already_gone": states.ALREADY_GONE}
NAMES = {code: name for name, code in CODES.items()}


class Block(NamedTuple):
    """Links that were taken together; from now on they may have been sent."""

    first: int
    size: int
    digest: bytes


class Settled(NamedTuple):
    """What became of a link.

    Attributes:
        place: Its place among the links, counted from 0.
        number: Its line, or whatever the source counts.
        link: The link.
        state: A ``DeletionState``'s value, or "protected".
        attempts: How many times its deletion was sent.
        status: The last answer's status, or None.
        error: Why it did not succeed, or None.
        asked: Whether the service may have acted on it without telling.
        kept: Whether it has a row even where two bits can say it.
    """

    place: int
    number: int
    link: str
    state: str
    attempts: int
    status: int | None
    error: str | None
    asked: bool
    kept: bool


class Sampled(NamedTuple):
    """How far the job was at one moment."""

    at: float
    done: int
    refused: int
    limit: float | None


Facts: TypeAlias = Mapping[str, JSON]
Op: TypeAlias = Block | Settled | Sampled | Facts


def apply(file: sqlite3.Connection, ops: Sequence[Op]) -> None:
    """Write what happened. Written twice, it is the same."""
    settled = [op for op in ops if isinstance(op, Settled)]
    if settled:
        _mark(file, settled)
        _rows(file, settled)
    for op in ops:
        if isinstance(op, Block):
            file.execute("INSERT OR REPLACE INTO block VALUES (?, ?, ?)", op)
        elif isinstance(op, Sampled):
            file.execute("INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?)", op)
            _thin(file)
        elif isinstance(op, Mapping):
            facts = [(name, json.dumps(value)) for name, value in op.items()]
            file.executemany("INSERT OR REPLACE INTO job VALUES (?, ?)", facts)


def _mark(file: sqlite3.Connection, settled: Sequence[Settled]) -> None:
    chunks: dict[int, bytearray] = {}
    for op in settled:
        number, place = divmod(op.place, states.CHUNK)
        chunk = chunks.get(number)
        if chunk is None:
            chunk = chunks[number] = chunk_of(file, number)
        states.mark(chunk, place, CODES.get(op.state, states.OTHER))
    file.executemany("INSERT OR REPLACE INTO map VALUES (?, ?)", list(chunks.items()))


def chunk_of(file: sqlite3.Connection, number: int) -> bytearray:
    """A chunk of the map, as it is now."""
    row = file.execute("SELECT states FROM map WHERE chunk = ?", (number,)).fetchone()
    return states.empty() if row is None else bytearray(row[0])


def _rows(file: sqlite3.Connection, settled: Sequence[Settled]) -> None:
    kept = [
        (*op[:2], _storable(op.link), *op[3:8])
        for op in settled
        if op.kept or op.state not in CODES
    ]
    file.executemany("INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)
    # It failed in an earlier run, and is gone now.
    said = [(op.place,) for op in settled if not op.kept and op.state in CODES]
    file.executemany("DELETE FROM link WHERE place = ?", said)


def _storable(link: str) -> str | bytes:
    """The link as SQLite takes it: half of a surrogate pair, as bytes."""
    try:
        link.encode()
    except UnicodeEncodeError:
        return link.encode("utf-8", "surrogatepass")

    return link


def readable(link: str | bytes | None) -> str | None:
    """A link as it was before it was stored."""
    return link.decode("utf-8", "surrogatepass") if isinstance(link, bytes) else link


def _thin(file: sqlite3.Connection) -> None:
    (count,) = file.execute("SELECT count(*) FROM sample").fetchone()
    if count <= SAMPLES:
        return

    times = [at for (at,) in file.execute("SELECT at FROM sample ORDER BY at")]
    file.executemany("DELETE FROM sample WHERE at = ?", [(at,) for at in times[1:-1:2]])
