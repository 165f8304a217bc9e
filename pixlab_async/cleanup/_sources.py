"""Which kind of source a path, a dash or an iterable is."""

from __future__ import annotations

from pathlib import Path

from .._errors import ConfigurationError
from .._patience import standard_input
from ._files import TextFile
from ._items import Source
from ._streams import Given, Links, StandardInput
from ._tables import CSVFile, JSONLines, ParquetFile

# The column of files that have some, unless another one is named.
COLUMN = "link"

_LINKS = ("http://", "https://")


def source_of(
    value: str | Path | Source | Given,
    *,
    column: str | None = None,
) -> Source:
    """The source that is meant.

    Args:
        value: A path, ``-`` for standard input, an iterable or async iterable of links, or
            already a source. A path's suffix says what the file is: ``.csv``, ``.tsv``,
            ``.jsonl``, ``.ndjson`` or ``.parquet``, and text with one link per line else.
            After another suffix ``.gz`` means that it is packed.
        column: Which column or member holds the links; ``link`` by default.

    Raises:
        ConfigurationError: It is nothing of these, or it has no columns and one is named.
    """
    source = _source(value, COLUMN if column is None else column)
    if column is not None and not hasattr(source, "column"):
        raise ConfigurationError(
            f"{source.name} has one link per line and no column {column!r}. Files with columns "
            f"end with .csv, .tsv, .jsonl, .ndjson or .parquet."
        )

    return source


def _source(value: str | Path | Source | Given, column: str) -> Source:
    if value == "-":
        return StandardInput(standard_input())

    if isinstance(value, str | Path):
        return _file(value, column)

    return value if isinstance(value, Source) else Links(value)


def _file(given: str | Path, column: str) -> Source:
    if str(given).lower().startswith(_LINKS):
        raise ConfigurationError(
            "A link is no file of links: put it into one, or pass a list of links."
        )

    path = Path(given)
    kind = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    match kind.suffix.lower():
        case ".csv":
            return CSVFile(path, column)
        case ".tsv":
            return CSVFile(path, column, delimiter="\t")
        case ".jsonl" | ".ndjson":
            return JSONLines(path, column)
        case ".parquet":
            return ParquetFile(path, column)
        case _:
            return TextFile(path)
