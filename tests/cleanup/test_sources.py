"""Where the links of a job come from: every kind gives the same links, and says what is wrong."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self

import anyio
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from pixlab_async import ConfigurationError, Media
from pixlab_async.cleanup._files import LONGEST_LINE, TextFile
from pixlab_async.cleanup._items import Digest, Item, Source, Survey, digest_of
from pixlab_async.cleanup._sources import source_of
from pixlab_async.cleanup._streams import Links, StandardInput
from pixlab_async.cleanup._tables import CSVFile, JSONLines, ParquetFile

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

LINKS = [f"https://example.org/{name}.png" for name in ("a", "b", "c", "d", "e")]


async def links_of(source: Source, size: int = 2) -> list[str]:
    return [item.link for block in await blocks_of(source, size) for item in block]


async def blocks_of(source: Source, size: int = 2) -> list[list[Item]]:
    return [block async for block in source.blocks(size)]


def text(folder: Path, content: str | bytes, name: str = "links.txt") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def in_lines(folder: Path) -> Path:
    return text(folder, "\n".join(LINKS))


def packed(folder: Path) -> Path:
    return text(folder, gzip.compress("\n".join(LINKS).encode()), "links.txt.gz")


def in_csv(folder: Path) -> Path:
    return text(folder, "id,link\n" + "".join(f"1,{link}\n" for link in LINKS), "links.csv")


def in_tsv(folder: Path) -> Path:
    return text(folder, "id\tlink\n" + "".join(f"1\t{link}\n" for link in LINKS), "links.tsv")


def in_json(folder: Path) -> Path:
    rows = [json.dumps({"id": 1, "link": link}) for link in LINKS]
    return text(folder, "\n".join(rows), "links.jsonl")


def in_parquet(folder: Path) -> Path:
    return parquet(folder, {"id": [1] * len(LINKS), "link": LINKS})


def parquet(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = folder / "links.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


KINDS = [in_lines, packed, in_csv, in_tsv, in_json, in_parquet]


@pytest.mark.parametrize("make", KINDS)
async def test_every_kind_of_file_gives_the_links_in_order(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    assert await links_of(source_of(make(tmp_path))) == LINKS


@pytest.mark.parametrize("make", KINDS)
async def test_a_survey_and_the_blocks_have_the_same_digest(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    source = source_of(make(tmp_path))
    digest = Digest()
    for block in await blocks_of(source, 3):
        digest.update(block)

    assert await source.survey() == Survey(digest.count, 0, digest.digest())


def in_a_list(_: Path) -> list[str]:
    return LINKS


def in_an_iterator(_: Path) -> Iterator[str]:
    return iter(LINKS)


@pytest.mark.parametrize("make", [*KINDS, in_a_list, in_an_iterator])
async def test_blocks_are_full_but_for_the_last(
    make: Callable[[Path], Any], tmp_path: Path
) -> None:
    assert [len(block) for block in await blocks_of(source_of(make(tmp_path)))] == [2, 2, 1]


# Digests.


@given(st.lists(st.text()), st.integers(1, 5))
def test_a_digest_does_not_depend_on_how_links_come_in_blocks(links: list[str], size: int) -> None:
    items = [Item(number, link) for number, link in enumerate(links, 1)]
    digest = Digest()
    for start in range(0, len(items), size):
        digest.update(items[start : start + size])

    assert (digest.digest(), digest.count) == (digest_of(items), len(items))


@given(st.lists(st.text()), st.lists(st.text()))
def test_other_links_have_another_digest(one: list[str], other: list[str]) -> None:
    digests = [digest_of([Item(1, link) for link in links]) for links in (one, other)]

    assert (digests[0] == digests[1]) is (one == other)


def test_links_that_are_no_text_have_a_digest() -> None:
    assert digest_of([Item(1, "\udcff")]) != digest_of([Item(1, "\udcfe")])


# Text.


async def test_line_ends_marks_blank_lines_and_white_space_do_not_matter(tmp_path: Path) -> None:
    path = text(tmp_path, f"\ufeff{LINKS[0]}\r\n\n \t \r\n  {LINKS[1]} \n{LINKS[2]}")

    assert await blocks_of(TextFile(path), 9) == [
        [Item(1, LINKS[0]), Item(4, LINKS[1]), Item(5, LINKS[2])]
    ]


async def test_blank_lines_are_counted(tmp_path: Path) -> None:
    survey = await TextFile(text(tmp_path, f"\n{LINKS[0]}\n  \n\n")).survey()

    assert (survey.count, survey.blank) == (1, 3)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
async def test_a_file_without_links_has_no_blocks(content: str, tmp_path: Path) -> None:
    source = TextFile(text(tmp_path, content))

    assert (await source.survey()).count == 0
    assert await blocks_of(source) == []


async def test_numbers_and_links_are_right_over_many_chunks(tmp_path: Path) -> None:
    links = [f"https://example.org/{number}/{'é' * (number % 50)}" for number in range(20_000)]
    items = [
        item
        for block in await blocks_of(TextFile(text(tmp_path, "\n".join(links))), 777)
        for item in block
    ]

    assert items == [Item(number, link) for number, link in enumerate(links, 1)]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b"caf\xe9", "no text in UTF-8"),
        (b"a\0b", "a null character"),
        (b"x" * (LONGEST_LINE + 1), "over a million characters"),
    ],
)
async def test_a_line_that_is_no_text_is_told_with_its_number_before_anything_is_sent(
    bad: bytes, problem: str, tmp_path: Path
) -> None:
    path = text(tmp_path, b"https://example.org/a\n" * 30_000 + bad + b"\n")
    with pytest.raises(ConfigurationError, match=problem) as caught:
        await TextFile(path).survey()

    assert str(caught.value).startswith(f"{path}, line 30,001: ")
    assert caught.value.__cause__ is caught.value.__context__ is None  # it would show links


async def test_a_missing_file_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'.*none.txt' cannot be read: No such file"):
        await TextFile(tmp_path / "none.txt").survey()


async def test_a_file_that_goes_away_is_told(tmp_path: Path) -> None:
    source = TextFile(in_lines(tmp_path))
    await source.survey()
    source.path.unlink()

    with pytest.raises(ConfigurationError, match="No such file"):
        await blocks_of(source)


async def test_a_folder_is_no_file_of_links(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no regular file"):
        await TextFile(tmp_path).survey()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="other systems have no named pipes")
async def test_a_pipe_is_sent_to_standard_input_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ConfigurationError, match="Pass - and"):
        await TextFile(tmp_path / "pipe").survey()


@pytest.mark.parametrize("keep", [1, 30, -1])
async def test_a_broken_packed_file_is_told(keep: int, tmp_path: Path) -> None:
    path = packed(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(ConfigurationError, match="links.txt.gz' cannot be read"):
        await source_of(path).survey()


async def test_a_survey_can_be_cancelled(tmp_path: Path) -> None:
    path = text(tmp_path, b"https://example.org/a\n" * 50_000)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await TextFile(path).survey()

    assert scope.cancelled_caught


async def test_blocks_that_are_not_read_to_the_end_close_the_file(tmp_path: Path) -> None:
    async with aclosing(TextFile(in_lines(tmp_path)).blocks(1)) as blocks:
        await anext(blocks)  # an open file would be warned of, which is an error


# CSV.


async def test_a_csv_field_may_be_quoted_over_several_lines(tmp_path: Path) -> None:
    content = 'note,link\r\n"one\ntwo, three",https://example.org/a\r\n,"https://example.org/b"\r\n'

    assert await blocks_of(CSVFile(text(tmp_path, content), "link"), 9) == [
        [Item(3, "https://example.org/a"), Item(4, "https://example.org/b")]
    ]


async def test_rows_without_a_link_are_blank(tmp_path: Path) -> None:
    survey = await CSVFile(text(tmp_path, "link,id\na,1\n,2\n\n ,3\n"), "link").survey()

    assert (survey.count, survey.blank) == (1, 3)


async def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no one column 'url'.*'id', 'link'"):
        await CSVFile(in_csv(tmp_path), "url").survey()


async def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no one column 'link'"):
        await CSVFile(text(tmp_path, "link,link\na,b\n"), "link").survey()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("link,id\na,1\nb\n", "line 3: it has 1 fields, but the header has 2"),
        ("link,id\na,1\nb,2,3\n", "line 3: it has 3 fields, but the header has 2"),
        ('link,id\n"a,1\n', "line 2: this is no CSV"),
        ('link,id\n"a"b,1\n', "line 2: this is no CSV"),
        ("", "line 0: there is no one column 'link'"),
    ],
)
async def test_a_csv_file_that_is_none_is_told_with_the_line(
    content: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        await CSVFile(text(tmp_path, content), "link").survey()


async def test_a_csv_file_may_have_another_delimiter(tmp_path: Path) -> None:
    source = CSVFile(text(tmp_path, "id;link\n1;a\n"), "link", delimiter=";")

    assert await links_of(source) == ["a"]


@pytest.mark.parametrize("delimiter", ["", ",,", "\n", '"'])
def test_a_delimiter_is_one_character(delimiter: str) -> None:
    with pytest.raises(ConfigurationError, match="A delimiter is one character"):
        CSVFile("links.csv", "link", delimiter=delimiter)


# JSON lines.


async def test_objects_without_a_link_are_blank(tmp_path: Path) -> None:
    content = '{"link": "a"}\n\n{"link": null}\n{"link": ""}\n'
    survey = await JSONLines(text(tmp_path, content), "link").survey()

    assert (survey.count, survey.blank) == (1, 3)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"link": "a"', "it is no JSON object"),
        ('"https://example.org/a"', "it is no JSON object"),
        ("[" * 200_000, "it is no JSON object"),
        ('{"url": "a", "id": 1}', "no one column 'link'. Its columns are: 'url', 'id'"),
        ('{"link": 1}', "'link' is no text"),
    ],
)
async def test_a_line_that_is_no_object_with_a_link_is_told_with_its_number(
    line: str, problem: str, tmp_path: Path
) -> None:
    path = text(tmp_path, f'{{"link": "a"}}\n{line}\n')
    with pytest.raises(ConfigurationError, match=problem) as caught:
        await JSONLines(path, "link").survey()

    assert str(caught.value).startswith(f"{path}, line 2: ")


# Parquet.


async def test_rows_of_all_row_groups_are_numbered(tmp_path: Path) -> None:
    source = source_of(parquet(tmp_path, {"link": ["a", None, "", "b", "c"]}, row_group_size=2))

    assert await blocks_of(source, 9) == [[Item(1, "a"), Item(4, "b"), Item(5, "c")]]
    assert await source.survey() == Survey(3, 2, digest_of([Item(0, link) for link in "abc"]))


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
async def test_every_type_of_text_is_read(kind: Any, tmp_path: Path) -> None:
    source = source_of(parquet(tmp_path, {"link": pa.array(["a", "b"]).cast(kind)}))

    assert await links_of(source) == ["a", "b"]


async def test_a_column_of_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the column 'id' is int64, no text"):
        await ParquetFile(in_parquet(tmp_path), "id").survey()


async def test_a_missing_column_of_a_parquet_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no one column 'url'.*'id', 'link'"):
        await ParquetFile(in_parquet(tmp_path), "url").survey()


async def test_what_is_no_parquet_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read as Parquet"):
        await ParquetFile(text(tmp_path, "https://example.org/a"), "link").survey()


def test_without_pyarrow_the_extra_is_named(tmp_path: Path) -> None:
    code = (
        "import sys, anyio; sys.modules['pyarrow'] = None\n"
        "from pixlab_async.cleanup._sources import source_of\n"
        f"anyio.run(source_of({str(in_parquet(tmp_path))!r}).survey)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "pip install '.[parquet]'" in done.stderr.splitlines()[-1]


# Standard input.


class Pipe:
    """A pipe that ``StandardInput`` reads, and a test writes."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self.stream = io.FileIO(reading, "rb")
        self.input = io.FileIO(writing, "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.input.close()
        self.stream.close()


async def test_standard_input_is_not_surveyed() -> None:
    source: Source = StandardInput(sys.stdin.buffer)

    assert await source.survey() is None


async def test_standard_input_is_read_in_blocks() -> None:
    with Pipe() as pipe:
        source = StandardInput(pipe.stream)
        pipe.input.write("\ufeffa\r\n\n b \nc".encode())
        pipe.input.close()

        assert await blocks_of(source, 2) == [[Item(1, "a"), Item(3, "b")], [Item(4, "c")]]


async def test_a_slow_writers_lines_do_not_wait_for_a_full_block() -> None:
    with Pipe() as pipe:
        async with aclosing(StandardInput(pipe.stream).blocks(1000)) as blocks:
            pipe.input.write(b"a\nb\nc")
            first = await anext(blocks)  # while the writer says no more
            pipe.input.write(b"d\n")
            second = await anext(blocks)
            pipe.input.close()

            assert (first, second) == ([Item(1, "a"), Item(2, "b")], [Item(3, "cd")])
            assert [block async for block in blocks] == []


async def test_lines_that_are_no_text_stay_links_that_cannot_be_sent() -> None:
    with Pipe() as pipe:
        pipe.input.write(b"\xff\xfe\nb\n")
        pipe.input.close()

        assert await links_of(StandardInput(pipe.stream)) == ["\udcff\udcfe", "b"]


async def test_a_line_without_an_end_is_not_collected() -> None:
    content = io.BytesIO(b"a\n" + b"x" * 2 * LONGEST_LINE)
    with pytest.raises(ConfigurationError, match="Line 2 of standard input has over a million"):
        await blocks_of(StandardInput(content))

    assert content.tell() < 1.2 * LONGEST_LINE


async def test_an_input_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb", buffering=0) as stream:
        with pytest.raises(ConfigurationError, match="Standard input cannot be read"):
            await blocks_of(StandardInput(stream))


# Iterables.


@frozen
class Row:
    """As a ledger gives it."""

    link: str


async def slowly(links: Iterable[str]) -> AsyncIterator[Row]:
    for link in links:
        await anyio.lowlevel.checkpoint()
        yield Row(link)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LINKS,
        lambda: tuple(LINKS),
        lambda: iter(LINKS),
        lambda: dict.fromkeys(LINKS),
        lambda: slowly(LINKS),
        lambda: [Media(link, link) for link in LINKS],
    ],
)
async def test_any_iterable_of_links_or_of_what_has_one_is_a_source(
    make: Callable[[], Any],
) -> None:
    blocks = await blocks_of(source_of(make()), 3)

    assert [item for block in blocks for item in block] == list(map(Item, range(1, 6), LINKS))


async def test_a_list_is_surveyed_and_what_is_read_once_is_not() -> None:
    items = list(map(Item, range(1, 6), LINKS))

    assert await Links(LINKS).survey() == Survey(5, 0, digest_of(items))
    assert await Links(iter(LINKS)).survey() is None
    assert await Links(slowly(LINKS)).survey() is None


async def test_a_slow_iterator_does_not_have_to_fill_a_block() -> None:
    def waiting() -> Iterator[str]:
        import time

        yield "a"
        time.sleep(0.25)
        yield "b"
        yield "c"

    assert [len(block) for block in await blocks_of(Links(waiting()), 9)] == [2, 1]


async def test_what_is_no_link_is_told_with_its_place() -> None:
    with pytest.raises(ConfigurationError, match="place 2: int is no link"):
        await source_of(["a", 2]).survey()  # type: ignore[list-item]


# Which source is meant.


def test_a_source_is_taken_as_it_is() -> None:
    source = TextFile("links.txt")

    assert source_of(source) is source


def test_a_dash_is_standard_input() -> None:
    assert source_of("-").name == "standard input"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("links", TextFile),
        ("links.list", TextFile),
        ("links.gz", TextFile),
        ("links.CSV", CSVFile),
        ("links.csv.gz", CSVFile),
        ("links.tsv", CSVFile),
        ("links.ndjson", JSONLines),
        ("links.jsonl.gz", JSONLines),
        ("links.parquet", ParquetFile),
    ],
)
def test_the_suffix_says_what_a_file_is(path: str, kind: type[Source]) -> None:
    assert type(source_of(path)) is kind


async def test_another_column_can_be_named(tmp_path: Path) -> None:
    path = text(tmp_path, "id,url\n1,a\n", "links.csv")

    assert await links_of(source_of(path, column="url")) == ["a"]


def test_a_column_of_a_text_file_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="one link per line and no column 'url'"):
        source_of("links.txt", column="url")


@pytest.mark.parametrize("value", [LINKS[0], b"links.txt", 7, Media("a", "a")])
def test_what_is_no_source_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError):
        source_of(value)
