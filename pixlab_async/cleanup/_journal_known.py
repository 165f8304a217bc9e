"""What earlier runs left of a journal's links, and whether another run may end otherwise."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from .._results import DeletionState
from . import _states as states
from ._journal_file import NAMES, Block, chunk_of

_OPEN = frozenset({DeletionState.FAILED.value, DeletionState.UNKNOWN.value})
_GUARDED = ("protected", DeletionState.REJECTED.value)


class Known(NamedTuple):
    """What an earlier run left of a link.

    Attributes:
        state: Its state.
        asked: Whether the service may have acted on it without telling.
        sent: Whether it was ever sent.
    """

    state: str
    asked: bool = True
    sent: bool = True

    @property
    def is_open(self) -> bool:
        """Whether another run may end otherwise: also where a guard or a check of ours refused."""
        return self.state in _OPEN or (self.state in _GUARDED and not self.sent)


def known_of(file: sqlite3.Connection, block: Block) -> dict[int, Known]:
    """What is known of each link of a block; nothing of those still pending."""
    found: dict[int, Known] = {}
    chunks: dict[int, bytearray] = {}
    for place in range(block.first, block.first + block.size):
        number, inside = divmod(place, states.CHUNK)
        if number not in chunks:
            chunks[number] = chunk_of(file, number)
        code = states.code_at(chunks[number], inside)
        if code in NAMES:
            found[place] = Known(NAMES[code])
    query = "SELECT place, state, asked, attempts FROM link WHERE place >= ? AND place < ?"
    for place, state, asked, attempts in file.execute(
        query, (block.first, block.first + block.size)
    ):
        if place not in found:
            found[place] = Known(state, bool(asked), bool(attempts))
    return found
