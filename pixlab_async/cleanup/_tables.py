"""Links in a column: CSV, JSON lines and Parquet files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, cast

from attrs import field, frozen

from .._errors import ConfigurationError
from ._files import FileSource, decoded, opened
from ._items import Item

if TYPE_CHECKING:
    from attrs import Attribute

# Columns that a message names at most.
_NAMED = 20
# Rows that are read at once, and bytes of the file; both bound the memory.
_ROWS = 8192
_BUFFER = 1024 * 1024
# What Arrow calls its types of text.
_TEXTS = {"string", "large_string", "string_view"}


class Rows(Protocol):
    """What ``csv.reader`` makes, whose type has no name that can be imported."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


def _one_character(_: object, __: Attribute[str], value: str) -> None:
    if len(value) != 1 or value in '\r\n"':
        raise ConfigurationError(
            f"A delimiter is one character, such as ',' or ';' or a tab, not {value!r}."
        )


@frozen
class CSVFile(FileSource):
    """A CSV file in UTF-8 with a header, one of whose columns holds the links.

    Fields may be quoted with ``"``, and hold line ends then. White space around a link does
    not count; rows whose field is empty are skipped. A row's number is that of its last line.

    Attributes:
        column: The column's name in the header.
        delimiter: The one character between two fields.
    """

    column: str
    delimiter: str = field(default=",", validator=_one_character, kw_only=True)

    def _items(self) -> Iterator[Item]:
        with opened(self.path) as file:
            lines = chain.from_iterable(run for _, run in decoded(file, self._bad))
            rows = csv.reader(
                (f"{line}\n" for line in lines), delimiter=self.delimiter, strict=True
            )
            try:
                yield from self._fields(rows)
            except csv.Error as error:
                raise self._bad(rows.line_num, f"this is no CSV: {error}.") from None

    def _fields(self, rows: Rows) -> Iterator[Item]:
        nothing: list[str] = []
        header = next((row for row in rows if row), nothing)
        if header.count(self.column) != 1:
            raise self._bad(rows.line_num, _no_column(self.column, header))

        place, width = header.index(self.column), len(header)
        new = Item._make
        for row in rows:
            if len(row) == width:
                yield new((rows.line_num, row[place].strip()))
            elif row:
                raise self._bad(
                    rows.line_num,
                    f"it has {len(row)} fields, but the header has {width}. Is {self.delimiter!r} "
                    f"the delimiter?",
                )
            else:
                yield new((rows.line_num, ""))


@frozen
class JSONLines(FileSource):
    """A file with one JSON object per line, one of whose members holds the link.

    Blank lines, and objects whose link is null or empty, are skipped.

    Attributes:
        column: The member's name.
    """

    column: str

    def _items(self) -> Iterator[Item]:
        with opened(self.path) as file:
            for start, lines in decoded(file, self._bad):
                for number, line in enumerate(lines, start):
                    yield Item(number, self._link(line, number) if line.strip() else "")

    def _link(self, line: str, number: int) -> str:
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError):  # which holds the links: not chained
            value = None
        if not isinstance(value, dict):
            raise self._bad(number, "it is no JSON object. Each line must be one.")

        row = cast("dict[str, object]", value)
        if self.column not in row:
            raise self._bad(number, _no_column(self.column, row))

        link = row[self.column]
        if link is None:
            return ""

        if not isinstance(link, str):
            raise self._bad(number, f"{self.column!r} is no text.")

        return link


@frozen
class ParquetFile(FileSource):
    """A Parquet file, one of whose columns holds the links. It takes the extra ``parquet``.

    Rows whose link is null or empty are skipped. Rows are counted from 1.

    Attributes:
        column: The column's name.
    """

    column: str

    def _items(self) -> Iterator[Item]:
        arrow, parquet = _pyarrow()
        number = 0
        with opened(self.path) as file:
            try:
                table = parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)
                for links in self._runs(table):
                    yield from map(Item._make, enumerate(links, number + 1))
                    number += len(links)
            except arrow.ArrowException as error:
                raise ConfigurationError(
                    f"The file {self.name!r} cannot be read as Parquet: {error}"
                ) from error
            except UnicodeDecodeError:  # which holds the links: not chained
                raise ConfigurationError(
                    f"The file {self.name!r} has a text that is none in UTF-8, behind row "
                    f"{number:,}. Write the file anew, with texts as Parquet has them."
                ) from None

    def _runs(self, table: Any) -> Iterator[list[str]]:
        """The column, some rows at a time; empty texts where it is null."""
        names = cast("list[str]", table.schema_arrow.names)
        if names.count(self.column) != 1:
            raise ConfigurationError(f"{self.name}: {_no_column(self.column, names)}")

        kind = str(table.schema_arrow.field(self.column).type)
        if kind.removeprefix("dictionary<values=").partition(",")[0] not in _TEXTS:
            raise ConfigurationError(f"{self.name}: the column {self.column!r} is {kind}, no text.")

        for batch in table.iter_batches(_ROWS, columns=[self.column], use_threads=False):
            yield [link or "" for link in batch.column(0).to_pylist()]


def _pyarrow() -> tuple[Any, Any]:
    """Its modules, which have no types."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            "Parquet files need pyarrow, which is not installed. In the checkout run: "
            "pip install '.[parquet]'"
        ) from missing


def _no_column(column: str, there: Iterable[str]) -> str:
    names = [repr(name) for name in there]
    more = ", ..." if len(names) > _NAMED else ""
    return f"there is no one column {column!r}. Its columns are: {', '.join(names[:_NAMED])}{more}."
