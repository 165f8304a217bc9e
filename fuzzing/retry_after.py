"""``Retry-After`` and ``Date``: any two texts make a bounded wait, or none."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from fuzzing._running import Target, main
from pixlab_async._retry import parse_retry_after

NOW = 1_700_000_000.0


def run(data: bytes) -> None:
    """The first line is the one field, what follows the other."""
    value, _, date = data.decode("latin-1").partition("\n")
    seconds = parse_retry_after(value, date, NOW)
    assert seconds is None or 0 <= seconds < math.inf


_PARTS = st.sampled_from(
    [
        "Wed",
        ", ",
        "21",
        " ",
        "Oct",
        "2015",
        "07:28:00",
        "GMT",
        "-0000",
        "+9999",
        "99999",
        ":",
        "-",
        ".",
    ]
)
TEXTS = st.text(st.characters(codec="latin-1")) | st.lists(_PARTS, max_size=12).map("".join)


def _fields(value: str, date: str) -> bytes:
    return f"{value}\n{date}".encode("latin-1")


INPUTS = st.builds(_fields, TEXTS, TEXTS)
TARGET = Target(
    "retry_after",
    run,
    INPUTS,
    (b"Wed, 21 Oct 2015 07:28:00 GMT", b"-0000", b"+0200", b"Oct", b"99999", b"1e400", b"\n"),
)

if __name__ == "__main__":
    main(TARGET)
