"""Files of links, as text, CSV, JSON lines and Parquet, packed or not: links, or one error.

The first byte says which kind of file the rest is.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from fuzzing._running import Target, main
from pixlab_async import ConfigurationError
from pixlab_async.cleanup._files import FileSource
from pixlab_async.cleanup._items import Digest
from pixlab_async.cleanup._sources import source_of

SUFFIXES = (".txt", ".csv", ".tsv", ".jsonl", ".parquet")
_FOLDER = TemporaryDirectory(prefix="fuzzing-")


def run(data: bytes) -> None:
    """Read the file as a job does."""
    if not data:
        return

    packed, kind = divmod(data[0], len(SUFFIXES))
    path = Path(_FOLDER.name, f"links{SUFFIXES[kind]}{'.gz' if packed % 2 else ''}")
    path.write_bytes(data[1:])
    source = source_of(path)
    assert isinstance(source, FileSource)
    digest = Digest()
    try:
        items = list(source._items())  # the reading itself, without threads
        digest.update([item for item in items if item.link])
    except ConfigurationError as error:
        assert str(error)
        return

    assert all(type(number) is int and type(link) is str for number, link in items)
    assert digest.count == sum(bool(link) for _, link in items)
    assert all(number > 0 for number, _ in items)


def _parquet(links: list[str | None], column: str) -> bytes:
    arrow: Any = import_module("pyarrow")  # it has no types
    parquet: Any = import_module("pyarrow.parquet")
    buffer = io.BytesIO()
    parquet.write_table(arrow.table({column: arrow.array(links, arrow.string())}), buffer)
    return buffer.getvalue()


def _lines(rows: list[Any]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def _broken(content: bytes, place: int, byte: int) -> bytes:
    changed = bytearray(content)
    if changed:
        changed[place % len(changed)] = byte
    return bytes(changed)


def _file(kind: int, packed: bool, pack: Callable[[bytes], bytes], content: bytes) -> bytes:
    return bytes([kind + len(SUFFIXES) * packed]) + (pack(content) if packed else content)


def _truncated(content: bytes) -> bytes:
    return gzip.compress(content)[:-5]


def _table(head: str, cells: list[str]) -> bytes:
    return "".join([head, *cells]).encode()


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_CELLS = st.sampled_from(["link", ",", "\t", "\n", "\r\n", '"', '""', " ", "https://a/b.png", "\0"])
_LINKS: st.SearchStrategy[Any] = _TEXT | st.none() | st.integers() | st.just("\ud800")
_ROWS: st.SearchStrategy[Any] = st.fixed_dictionaries({"link": _LINKS})
_WHOLE = st.builds(
    _parquet, st.lists(_TEXT | st.none(), max_size=5), st.sampled_from(["link", "x"])
)
CONTENTS: tuple[st.SearchStrategy[bytes], ...] = (
    _TEXT.map(str.encode),
    st.builds(_table, st.just("link,x\n"), st.lists(_CELLS | _TEXT)),
    st.builds(_table, st.just("link\tx\n"), st.lists(_CELLS | _TEXT)),
    st.lists(_ROWS | st.integers() | _TEXT).map(_lines),
    st.builds(_broken, _WHOLE, st.integers(0, 2000), st.integers(0, 255)),
)


def _inputs_of(kind: int) -> st.SearchStrategy[bytes]:
    pack = st.sampled_from([gzip.compress, _truncated])
    return st.builds(_file, st.just(kind), st.booleans(), pack, CONTENTS[kind] | st.binary())


INPUTS = st.sampled_from(range(len(CONTENTS))).flatmap(_inputs_of)
TARGET = Target(
    "link_files",
    run,
    INPUTS,
    (b"link", b"https://", b'{"link":"', b'"}', b"\r\n", b"\xef\xbb\xbf", b"PAR1", b"\x1f\x8b\x08"),
)

if __name__ == "__main__":
    main(TARGET)
