"""What a journal is asked when it is opened: questions to its file."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter

from .._results import JSON
from . import _states as states
from ._journal_file import NAMES, Block


def facts_of(file: sqlite3.Connection) -> dict[str, JSON]:
    """The facts of the job."""
    return {name: json.loads(value) for name, value in file.execute("SELECT * FROM job")}


def counts_of(file: sqlite3.Connection) -> Counter[str]:
    """How many links have each state."""
    counts: Counter[str] = Counter()
    for (chunk,) in file.execute("SELECT states FROM map"):
        for code, count in states.tally(chunk).items():
            if code in NAMES:
                counts[NAMES[code]] += count
    query = "SELECT state, count(*) FROM link WHERE state NOT IN (?, ?) GROUP BY state"
    counts.update(dict(file.execute(query, tuple(NAMES.values()))))
    return counts


def block_of(file: sqlite3.Connection, first: int) -> Block | None:
    """The block that begins at this place, or None."""
    row = file.execute("SELECT * FROM block WHERE first = ?", (first,)).fetchone()
    return None if row is None else Block(*row)
