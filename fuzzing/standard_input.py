"""Links on standard input: the same ones however the stream is cut into chunks, or one error.

The first byte says how long chunks are.
"""

from __future__ import annotations

from hypothesis import strategies as st

from fuzzing._running import Target, main
from pixlab_async import ConfigurationError
from pixlab_async.cleanup._items import Digest, Item
from pixlab_async.cleanup._streams import _Lines


def links_of(stream: bytes, size: int) -> list[Item] | str:
    """The links of the stream, or what is wrong with it."""
    lines = _Lines("the stream")
    found: list[Item] = []
    try:
        for start in range(0, len(stream), size):
            found += lines.feed(stream[start : start + size])
        found += lines.feed(b"")
    except ConfigurationError as error:
        return str(error)

    return found


def run(data: bytes) -> None:
    """Cut the stream in two ways, and compare."""
    if not data:
        return

    cut, whole = (links_of(data[1:], size) for size in (1 + data[0], len(data)))
    assert cut == whole
    if not isinstance(whole, str):
        Digest().update(whole)
        assert all(link and link == link.strip() for _, link in whole)


_PIECES = st.sampled_from(
    [b"\n", b"\r\n", b" ", b"https://a/b.png", b"\xef\xbb\xbf", b"\xff", b"\xc3"]
)


def _stream(size: int, pieces: list[bytes]) -> bytes:
    return bytes([size]) + b"".join(pieces)


INPUTS = st.builds(
    _stream,
    st.integers(0, 255),
    st.lists(_PIECES | st.binary(max_size=4)),
)
TARGET = Target(
    "standard_input",
    run,
    INPUTS,
    (b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"https://"),
)

if __name__ == "__main__":
    main(TARGET)
