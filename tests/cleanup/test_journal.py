"""What stands in a journal's file: each kind of row, written, read and judged again."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from pixlab_async import ConfigurationError, PixLabError, RecordingFailed
from pixlab_async._database import Opened
from pixlab_async.cleanup import _states as states
from pixlab_async.cleanup._items import Survey
from pixlab_async.cleanup._journal import UNSAVED, Journal
from pixlab_async.cleanup._journal_file import (
    KIND,
    SAMPLES,
    Block,
    Op,
    Sampled,
    Settled,
    apply,
    chunk_of,
    readable,
)
from pixlab_async.cleanup._journal_known import Known, known_of
from pixlab_async.cleanup._journal_reads import block_of, counts_of, facts_of
from pixlab_async.cleanup._lock import Lock
from pixlab_async.cleanup._report_data import Row, Sample

FINAL = ["deleted", "already_gone"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # both are what the tests of the feed are about


@pytest.fixture
def file() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:")
    opened.executescript(KIND.schema)
    yield opened
    opened.close()


def settled(place: int, state: str = "failed", *, kept: bool = False, **told: Any) -> Settled:
    facts: dict[str, Any] = {"attempts": 2, "status": 500, "error": "busy", "asked": True, **told}
    return Settled(place, place + 11, f"{place}.png", state, kept=kept, **facts)


def rows(file: sqlite3.Connection) -> list[Any]:
    return file.execute("SELECT * FROM link ORDER BY place").fetchall()


# --- Writing ------------------------------------------------------------------------------


def test_each_kind_of_what_happened_has_its_table(file: sqlite3.Connection) -> None:
    ops: list[Op] = [
        Block(0, 3, b"abc"),
        {"runs": 1, "source": "it"},
        Sampled(1.5, 2, 3, 60.0),
        settled(1),
    ]
    for _ in range(2):  # written twice, it is the same
        apply(file, ops)

        assert file.execute("SELECT * FROM block").fetchall() == [(0, 3, b"abc")]
        assert facts_of(file) == {"runs": 1, "source": "it"}
        assert file.execute("SELECT * FROM sample").fetchall() == [(1.5, 2, 3, 60.0)]
        assert rows(file) == [(1, 12, "1.png", "failed", 2, 500, "busy", 1)]


def test_what_was_written_before_is_written_over(file: sqlite3.Connection) -> None:
    apply(file, [Block(0, 3, b"abc"), {"runs": 1}, Sampled(1.5, 2, 3, 60.0), settled(1)])
    apply(file, [Block(0, 2, b"de"), {"runs": 2}, Sampled(1.5, 4, 5, None), settled(1, "unknown")])

    assert block_of(file, 0) == Block(0, 2, b"de")
    assert facts_of(file) == {"runs": 2}
    assert file.execute("SELECT * FROM sample").fetchall() == [(1.5, 4, 5, None)]
    assert [row[3] for row in rows(file)] == ["unknown"]


@pytest.mark.parametrize(
    ("state", "kept", "code", "has_row"),
    [
        ("deleted", False, states.DELETED, False),
        ("deleted", True, states.DELETED, True),
        ("already_gone", False, states.ALREADY_GONE, False),
        ("already_gone", True, states.ALREADY_GONE, True),
        ("failed", False, states.OTHER, True),
        ("protected", True, states.OTHER, True),
        ("deleted_unconfirmed", False, states.OTHER, True),
    ],
)
@pytest.mark.parametrize("place", [0, 9_999, 10_000, 30_001])
def test_two_bits_say_what_they_can_and_a_row_the_rest(
    file: sqlite3.Connection, state: str, kept: bool, code: int, has_row: bool, place: int
) -> None:
    apply(file, [settled(place, state, kept=kept)])

    number, inside = divmod(place, 10_000)
    assert states.code_at(chunk_of(file, number), inside) == code
    assert file.execute("SELECT chunk FROM map").fetchall() == [(number,)]
    assert len(rows(file)) == has_row
    assert counts_of(file) == {state: 1}


@pytest.mark.parametrize("kept", [True, False])
def test_what_failed_and_is_gone_now_has_a_row_only_where_every_link_has(
    file: sqlite3.Connection, kept: bool
) -> None:
    apply(file, [settled(1), settled(2), settled(3, "rejected")])
    apply(file, [settled(1, "deleted", kept=kept), settled(2, "unknown")])

    states_by_place = {row[0]: row[3] for row in rows(file)}
    assert states_by_place == {**({1: "deleted"} if kept else {}), 2: "unknown", 3: "rejected"}


def test_several_links_of_a_chunk_keep_each_others_bits(file: sqlite3.Connection) -> None:
    apply(file, [settled(place, "deleted") for place in (0, 1, 5)])
    apply(file, [settled(place, "already_gone") for place in (1, 2)])

    chunk = chunk_of(file, 0)
    assert [states.code_at(chunk, place) for place in range(7)] == [1, 2, 2, 0, 0, 1, 0]
    assert counts_of(file) == {"deleted": 2, "already_gone": 2}
    assert chunk_of(file, 1) == bytearray(2500)


def test_a_link_that_is_no_text_is_read_as_it_was(file: sqlite3.Connection) -> None:
    apply(file, [settled(0)._replace(link="\ud800é"), settled(1)._replace(link="é")])

    stored = [row[2] for row in rows(file)]
    assert stored == [b"\xed\xa0\x80\xc3\xa9", "é"]
    assert [readable(link) for link in stored] == ["\ud800é", "é"]
    assert readable(None) is None


def test_of_too_many_samples_every_other_one_goes_but_never_the_ends(
    file: sqlite3.Connection,
) -> None:
    def times() -> list[float]:
        return [at for (at,) in file.execute("SELECT at FROM sample ORDER BY at")]

    apply(file, [Sampled(float(at), 0, 0, None) for at in range(SAMPLES)])
    assert times() == [float(at) for at in range(SAMPLES)]

    apply(file, [Sampled(float(SAMPLES), 0, 0, None)])
    assert times() == [float(at) for at in range(0, SAMPLES + 1, 2)]


# --- Reading ------------------------------------------------------------------------------


def test_a_block_is_found_by_its_begin(file: sqlite3.Connection) -> None:
    apply(file, [Block(0, 3, b"a"), Block(3, 4, b"b")])

    assert (block_of(file, 3), block_of(file, 1)) == (Block(3, 4, b"b"), None)


def test_what_is_known_of_a_block_is_of_its_links_alone(file: sqlite3.Connection) -> None:
    told = [
        settled(9_997, "deleted"),
        settled(9_998),
        settled(9_999, "deleted"),
        settled(10_000, "already_gone", kept=True),
        settled(10_001, "failed", asked=False),
        settled(10_003, "protected", attempts=0),
        settled(10_004, "unknown"),
    ]
    apply(file, told)

    assert known_of(file, Block(9_999, 5, b"")) == {
        9_999: Known("deleted"),
        10_000: Known("already_gone"),
        10_001: Known("failed", asked=False, sent=True),
        10_003: Known("protected", asked=True, sent=False),
    }


@pytest.mark.parametrize(
    ("state", "sent", "is_open"),
    [
        ("failed", True, True),
        ("failed", False, True),
        ("unknown", True, True),
        ("rejected", True, False),
        ("rejected", False, True),
        ("protected", False, True),
        ("protected", True, False),
        ("deleted", True, False),
        ("deleted", False, False),
        ("deleted_unconfirmed", True, False),
        ("already_gone", True, False),
    ],
)
def test_whether_another_run_may_end_otherwise(state: str, sent: bool, is_open: bool) -> None:
    assert Known(state, sent=sent).is_open is is_open


def test_of_what_two_bits_say_it_is_taken_that_it_was_sent() -> None:
    assert (Known("deleted").asked, Known("deleted").sent) == (True, True)


def test_counts_take_each_link_once(file: sqlite3.Connection) -> None:
    told = [settled(place, state, kept=True) for place, state in enumerate([*FINAL, "failed"])]
    apply(file, [*told, settled(20_000, "deleted"), settled(20_001)])

    assert counts_of(file) == Counter(deleted=2, already_gone=1, failed=2)


# --- The journal --------------------------------------------------------------------------


def survey(count: int = 3, digest: bytes = b"\x01\x02", blank: int = 1) -> Survey:
    return Survey(count, blank, digest)


async def test_a_new_journal_notes_what_it_is_of(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "j", "it", survey(), rows=7)
    noted = dict(journal.facts)
    await journal.aclose()

    assert noted == {"source": "it", "count": 3, "digest": "0102", "blank": 1, "rows": 7}
    assert (journal.path, journal.rows, journal.counts) == (tmp_path / "j", 7, Counter())
    assert (journal.crashed, journal.dry, journal.runs) == (False, False, 0)


async def test_a_journal_of_a_stream_knows_nothing_of_its_length(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "j", "it", None)
    noted = dict(journal.facts)
    await journal.aclose()

    assert noted == {"source": "it", "count": None, "digest": None, "blank": 0, "rows": 1_000_000}


@pytest.mark.parametrize(("count", "rows"), [(7, 7), (8, 0)])
async def test_a_large_input_has_rows_for_what_two_bits_cannot_say_alone(
    tmp_path: Path, count: int, rows: int
) -> None:
    journal = await Journal.begin(tmp_path / "j", "it", survey(count), rows=7)
    await journal.aclose()

    assert (journal.rows, journal.facts["rows"]) == (rows, rows)


async def begun(path: Path, **facts: Any) -> None:
    """A journal of an earlier run that noted these facts too."""
    journal = await Journal.begin(path, "it", survey(), rows=7)
    journal.put({**journal.facts, **facts})
    journal.settle(settled(1), None)
    journal.settle(settled(2, "deleted"), None)
    await journal.aclose()


@pytest.mark.parametrize(
    ("facts", "crashed", "runs"),
    [
        ({}, False, 0),
        ({"running": True, "runs": 2}, True, 2),
        ({"running": False}, False, 0),
        ({"running": 1, "runs": "odd"}, False, 0),
    ],
)
async def test_a_journal_is_gone_on_with(
    tmp_path: Path, facts: dict[str, Any], crashed: bool, runs: int
) -> None:
    await begun(tmp_path / "j", **facts)
    journal = await Journal.begin(tmp_path / "j", "it", survey(), rows=99)
    journal.settle(settled(1, "deleted"), "failed")
    await journal.aclose()

    assert (journal.rows, journal.crashed, journal.runs) == (7, crashed, runs)
    assert journal.counts == Counter(deleted=2, failed=0)


@pytest.mark.parametrize(
    ("known", "was"), [(survey(digest=b"\x03"), "3"), (survey(digest=b""), "3"), (None, "3")]
)
async def test_a_journal_of_another_input_is_refused_and_let_go(
    tmp_path: Path, known: Survey | None, was: str
) -> None:
    await begun(tmp_path / "j")

    with pytest.raises(ConfigurationError) as caught:
        await Journal.begin(tmp_path / "j", "other", known)

    assert str(caught.value) == (
        f"The journal {str(tmp_path / 'j')!r} is of another input: of it with {was} links, and "
        f"other is not what that was then. Go on with the unchanged input, or begin anew with "
        f"another journal."
    )
    await begun(tmp_path / "j")


async def test_of_a_stream_it_says_any_number(tmp_path: Path) -> None:
    first = await Journal.begin(tmp_path / "j", "it", None)
    first.put(first.facts)
    await first.aclose()

    with pytest.raises(ConfigurationError, match="of it with any number of links, and other is"):
        await Journal.begin(tmp_path / "j", "other", survey())


async def test_a_dry_journal_counts_and_writes_nothing(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "j", "it", survey(), dry=True)
    journal.settle(settled(1), None)
    await journal.claim(Block(0, 3, b""))
    block, rows_there = await journal.block_at(0), list(journal.rows_of_all())
    await journal.aclose()

    assert (journal.dry, journal.counts["failed"], block, rows_there) == (True, 1, None, [])


async def test_what_stands_in_a_journal_is_read_back(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "j", "it", survey())
    await journal.claim(Block(0, 3, b"abc"))
    journal.settle(settled(0)._replace(link="\ud800"), None)
    journal.settle(settled(1, "deleted", kept=True, status=200, error=None), None)
    journal.settle(settled(20_000, "already_gone"), None)
    journal.put(Sampled(1.5, 2, 3, 60.0))
    await journal.flush()

    block = await journal.block_at(0)
    assert block is not None
    assert block == Block(0, 3, b"abc")
    assert await journal.known(block) == {0: Known("failed"), 1: Known("deleted")}
    failed = Row(11, "\ud800", "failed", 2, 500, "busy")
    gone = Row(12, "1.png", "deleted", 2, 200, None)
    assert list(journal.rows_of_all()) == [failed, gone]
    assert list(journal.rows_with_places()) == [(0, failed), (1, gone)]
    assert list(journal.rows_of_trouble()) == [failed]
    assert journal.samples() == [Sample(1.5, 2, 3, 60.0)]
    assert [len(chunk) for chunk in journal.states()] == [2500] * 3
    assert [states.code_at(chunk, 0) for chunk in journal.states()] == [3, 0, 2]
    await journal.aclose()


async def test_rows_are_read_page_by_page_and_each_once(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "j", "it", None)
    assert list(journal.states()) == []
    for place in range(2001):
        journal.settle(settled(place), None)
    await journal.flush()

    assert [place for place, _ in journal.rows_with_places()] == list(range(2001))
    await journal.aclose()


def changed(path: Path, statement: str) -> None:
    """Have somebody else change the file."""
    file = sqlite3.connect(path, isolation_level=None)
    file.execute(statement)
    file.close()


async def test_a_file_that_is_damaged_is_told_with_its_path(tmp_path: Path) -> None:
    await begun(tmp_path / "j")
    changed(tmp_path / "j", "DROP TABLE job")

    with pytest.raises(ConfigurationError, match=r"^The journal '.*/j' is damaged"):
        await Journal.begin(tmp_path / "j", "it", survey())


async def test_a_file_that_cannot_be_written_is_told_with_its_path(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "j", "it", survey())
    await journal.claim(Block(0, 3, b""))
    changed(tmp_path / "j", "DROP TABLE block")

    with pytest.raises(PixLabError, match=r"^The journal '.*/j' cannot be written"):
        await journal.claim(Block(3, 3, b""))
    with pytest.raises(PixLabError):
        await journal.aclose()


# --- What it asks of its writer -----------------------------------------------------------


class Told:
    """A writer that notes what it is asked for."""

    def __init__(
        self, *, unsaved: int = 0, failure: Exception | None = None, left: Sequence[Op] = ()
    ) -> None:
        self.unsaved, self.failure, self.left = unsaved, failure, left
        self.put_in: list[tuple[Op, bool]] = []
        self.flushed = 0

    def put(self, op: Op, *, full: bool = False) -> None:
        self.put_in.append((op, full))

    async def flush(self) -> None:
        self.flushed += 1

    async def aclose(self) -> None:
        if self.failure is not None:
            raise self.failure

    def abandon(self) -> list[Op]:
        return list(self.left)


def journal_with(writer: Told, path: Path) -> Journal:
    told: Any = writer
    return Journal(path, Lock(path), Opened(lambda: sqlite3.connect(path)), told, 7)


async def test_what_happened_is_put_and_a_block_for_good(tmp_path: Path) -> None:
    writer = Told()
    journal = journal_with(writer, tmp_path / "j")
    journal.settle(settled(1), None)
    journal.put({"runs": 1})
    assert writer.flushed == 0
    await journal.claim(Block(0, 3, b""))
    await journal.aclose()

    assert writer.put_in == [
        (settled(1), False),
        ({"runs": 1}, False),
        (Block(0, 3, b""), True),
    ]
    assert writer.flushed == 1


@pytest.mark.parametrize(
    ("unsaved", "failure", "waits"),
    [
        (UNSAVED, None, False),
        (UNSAVED + 1, None, True),
        (0, RecordingFailed("full"), True),
    ],
)
async def test_the_file_is_waited_for_where_too_much_is_in_memory_alone(
    tmp_path: Path, unsaved: int, failure: Exception | None, waits: bool
) -> None:
    writer = Told(unsaved=unsaved, failure=failure)
    journal = journal_with(writer, tmp_path / "j")
    await journal.keep_up()
    journal.release()

    assert writer.flushed == waits


async def test_what_cannot_be_written_at_the_end_is_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    failure = RecordingFailed("the disk is full")
    journal = journal_with(Told(failure=failure, left=[settled(1)]), tmp_path / "j")

    with pytest.raises(RecordingFailed, match="'.*' cannot be written: the disk is full") as caught:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await journal.aclose()

    assert caught.value.__cause__ is failure
    assert str(tmp_path / "j") in str(caught.value)
    (kept,) = tmp_path.glob("pixlab-cleanup-*.jsonl")
    assert "1.png" in kept.read_text()
    Lock(tmp_path / "j").release()  # it was given up all the same
