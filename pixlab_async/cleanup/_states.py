"""Two bits per link, ten thousand links to a chunk: what a journal knows of each. Pure.

A million links take 250 kB, whatever their length. What two bits cannot say of a link stands
in a row of its own, and there are few of those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

# Links in a chunk; a chunk is a row in the journal.
CHUNK = 10_000
BYTES = CHUNK // 4

PENDING, DELETED, ALREADY_GONE, OTHER = range(4)


def empty() -> bytearray:
    """A chunk of which nothing is known yet."""
    return bytearray(BYTES)


def code_at(chunk: bytes | bytearray, place: int) -> int:
    """What is known of the link at a place in the chunk."""
    return chunk[place >> 2] >> ((place & 3) << 1) & 3


def mark(chunk: bytearray, place: int, code: int) -> None:
    """Note what is known of the link at a place in the chunk."""
    shift = (place & 3) << 1
    chunk[place >> 2] = chunk[place >> 2] & ~(3 << shift) | code << shift


def codes(chunk: bytes | bytearray) -> Iterator[int]:
    """What is known of each link of the chunk."""
    for byte in chunk:
        yield byte & 3
        yield byte >> 2 & 3
        yield byte >> 4 & 3
        yield byte >> 6


def tally(chunk: bytes | bytearray) -> Counter[int]:
    """How many links of the chunk have each code."""
    found: Counter[int] = Counter()
    for byte, times in Counter(chunk).items():
        for shift in (0, 2, 4, 6):
            found[byte >> shift & 3] += times
    return found
