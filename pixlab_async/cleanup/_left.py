"""What a journal could not take: kept in a file elsewhere, and said in a sentence."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import asdict

from .._errors import ConfigurationError, PixLabError, RecordingFailed
from ._journal_file import Op, Settled
from ._report_data import Row

# SQLite's errors that may pass; after any other the file itself is not what it was.
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
}
_PRIMARY = 0xFF


@contextmanager
def telling(path: Path) -> Generator[None]:
    """Let SQLite's errors come up as ours.

    Raises:
        ConfigurationError: The journal is damaged.
        RecordingFailed: It cannot be used now.
    """
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _PASSING:
            raise RecordingFailed(f"The journal {str(path)!r} cannot be used: {error}") from error

        raise ConfigurationError(
            f"The journal {str(path)!r} is damaged ({error}): begin anew with another journal. "
            f"What is gone already will be found to be."
        ) from error


def keep_elsewhere(path: Path, ops: Sequence[Op], error: PixLabError) -> PixLabError:
    """Write what became of links into a file that is no journal; what to raise.

    Args:
        path: The journal.
        ops: What it could not take.
        error: Why.
    """
    settled = [op for op in ops if isinstance(op, Settled)]
    if not settled:
        return error

    try:
        where = f"is in {str(_dump(settled))!r} instead"
    except OSError as problem:
        where = f"is lost, since {tempfile.gettempdir()!r} takes no file ({problem.strerror})"
    return RecordingFailed(
        f"The journal {str(path)!r} cannot be written: {error.__cause__ or error}. What became of "
        f"the last {len(settled):,} links {where}; the next run asks for them once more"
    )


def _dump(settled: Iterable[Settled]) -> Path:
    """JSON lines as in a report, which nobody else can read."""
    handle, name = tempfile.mkstemp(prefix="pixlab-cleanup-", suffix=".jsonl")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        for op in settled:
            row = Row(op.number, op.link, op.state, op.attempts, op.status, op.error)
            file.write(f"{json.dumps(asdict(row))}\n")
    return Path(name)
