"""A ledger's rows, one kind of change after the other, and what is asked of them."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pixlab_async import ConfigurationError
from pixlab_async.ledger import LedgerStats, StoredMedia, Uncertain
from pixlab_async.ledger import _queries as queries
from pixlab_async.ledger._queries import BEGIN, PAGE, Which, count, which
from pixlab_async.ledger._rows import (
    LEDGER,
    Added,
    Dropped,
    Forgotten,
    Gone,
    Intent,
    Kept,
    Recalled,
    Row,
    Void,
    apply,
    now,
)
from pixlab_async.ledger._values import moment, seconds_of

COLUMNS = "endpoint, tag, temporary, begun, stored, gone, ending, link, id, ssl_link"


@pytest.fixture
def file() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.executescript(LEDGER.schema)
    yield opened
    opened.close()


def rows(file: sqlite3.Connection) -> list[Any]:
    return file.execute(f"SELECT {COLUMNS} FROM media ORDER BY row").fetchall()


def kept(name: str, *, stored: int = 20, tag: str = "t", temporary: bool = False) -> list[Row]:
    intent = Intent("flip", tag, temporary, begun=stored - 10)
    return [intent, Kept(intent, f"http://m/{name}.png", name, f"https://m/{name}.png", stored)]


def stored_row(name: str, gone: int | None = None, ending: str | None = None) -> tuple[Any, ...]:
    links = (f"http://m/{name}.png", name, f"https://m/{name}.png")
    return ("flip", "t", 0, 10, 20, gone, ending, *links)


# --- Changes ------------------------------------------------------------------------------


def test_times_are_milliseconds_of_now() -> None:
    assert abs(now() - time.time() * 1000) < 60_000
    intent = Intent("flip", "", temporary=False)

    assert abs(intent.begun - now()) < 60_000
    assert (intent.row, intent.kept) == (None, False)


def test_an_intent_has_no_link_yet_and_knows_its_row(file: sqlite3.Connection) -> None:
    intents = [Intent("flip", "t", temporary, begun=10) for temporary in (True, False)]
    apply(file, intents)

    assert [intent.row for intent in intents] == [1, 2]
    assert rows(file) == [
        ("flip", "t", temporary, 10, None, None, None, None, None, None) for temporary in (1, 0)
    ]


def test_a_call_that_stored_nothing_leaves_no_row(file: sqlite3.Connection) -> None:
    intents = [Intent("flip", "t", temporary=False, begun=10) for _ in range(2)]
    apply(file, [*intents, Void(intents[0])])

    assert file.execute("SELECT row FROM media").fetchall() == [(2,)]


def test_a_call_that_stored_a_picture_has_its_links(file: sqlite3.Connection) -> None:
    other = Intent("flip", "t", temporary=False, begun=10)
    apply(file, [other, *kept("a")])

    assert rows(file)[1:] == [stored_row("a")]
    assert rows(file)[0][7] is None


def test_a_row_that_somebody_forgot_meanwhile_is_made_anew(file: sqlite3.Connection) -> None:
    intent, link = kept("a")
    apply(file, [intent])
    file.execute("DELETE FROM media")
    apply(file, [link])

    assert rows(file) == [stored_row("a")]


def test_links_that_are_no_text_are_stored_as_well_as_can_be(file: sqlite3.Connection) -> None:
    intent = Intent("flip", "t", temporary=False, begun=10)
    apply(file, [intent, Kept(intent, "\ud800é", "a", None, 20), Added("b", "\ud800", "", 30)])

    assert [row[7:] for row in rows(file)] == [("?é", "a", None), ("b", "?", None)]
    apply(file, [Gone("\ud800é", "deleted", 40)])
    assert rows(file)[0][5:7] == (40, "deleted")


@pytest.mark.parametrize("name", ["http://m/a.png", "a", "https://m/a.png"])
def test_a_picture_is_gone_by_any_of_its_names_and_once(
    file: sqlite3.Connection, name: str
) -> None:
    apply(file, [*kept("a"), *kept("b"), Gone(name, "deleted", 40), Gone(name, "later", 50)])

    assert rows(file) == [stored_row("a", 40, "deleted"), stored_row("b")]


def test_only_what_a_404_made_gone_since_then_is_recalled(file: sqlite3.Connection) -> None:
    changes = [*kept("a"), *kept("b"), *kept("c"), *kept("d")]
    changes += [Gone("a", "already_gone", 40), Gone("b", "already_gone", 39)]
    recalled = Recalled(40)
    apply(file, [*changes, Gone("c", "deleted", 50), recalled])

    assert recalled.count == 1
    assert rows(file) == [
        stored_row("a"),
        stored_row("b", 39, "already_gone"),
        stored_row("c", 50, "deleted"),
        stored_row("d"),
    ]
    assert Recalled(0).count == 0


def test_a_link_from_elsewhere_is_added_where_it_is_not_stored(file: sqlite3.Connection) -> None:
    first, again = Added("a.png", "a", "old", 30), Added("a.png", "a", "new", 31)
    after = Added("a.png", "a", "new", 41)
    assert (first.fresh, again.fresh) == (False, False)
    apply(file, [first, again])

    assert (first.fresh, again.fresh) == (True, False)
    apply(file, [Gone("a.png", "deleted", 40), after])
    assert after.fresh
    assert rows(file) == [
        ("", "old", 0, 30, 30, 40, "deleted", "a.png", "a", None),
        ("", "new", 0, 41, 41, None, None, "a.png", "a", None),
    ]
    assert abs(Added("b", "b", "").stored - now()) < 60_000


@pytest.mark.parametrize("name", ["http://m/a.png", "a", "https://m/a.png"])
def test_a_picture_is_dropped_by_any_of_its_names_unless_it_is_gone(
    file: sqlite3.Connection, name: str
) -> None:
    apply(file, [*kept("a"), Gone("a", "deleted", 40), *kept("a"), *kept("a"), *kept("b")])
    dropped, nothing = Dropped(name), Dropped(name)
    assert dropped.count == 0
    apply(file, [dropped, nothing])

    assert (dropped.count, nothing.count) == (2, 0)
    assert rows(file) == [stored_row("a", 40, "deleted"), stored_row("b")]


def test_rows_are_forgotten_by_a_condition(file: sqlite3.Connection) -> None:
    forgotten = Forgotten("id = ? OR id = ?", ("a", "c"))
    assert forgotten.count == 0
    apply(file, [*kept("a"), *kept("b"), *kept("c"), forgotten])

    assert forgotten.count == 2
    assert rows(file) == [stored_row("b")]


# --- Conditions ---------------------------------------------------------------------------


def test_a_condition_names_its_columns_and_values() -> None:
    assert which("stored") == Which("gone IS NULL AND link IS NOT NULL", (), "stored")
    assert which("uncertain", tag="t", endpoint="e", temporary=True) == Which(
        "link IS NULL AND tag = ? AND endpoint = ? AND temporary = ?", ("t", "e", True), "begun"
    )
    assert which("gone", tag="", temporary=False) == Which(
        "gone IS NOT NULL AND tag = ? AND temporary = ?", ("", False), "gone"
    )


@pytest.mark.parametrize("state", ["stored", "uncertain", "gone"])
def test_an_age_counts_from_now(state: Any) -> None:
    rows = which(state, older_than=1e6)

    assert rows.where == f"{which(state).where} AND {rows.time} <= ?"
    (since,) = rows.values
    assert isinstance(since, int)
    assert abs(now() - 1_000_000_000 - since) < 60_000


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ({"state": "lost"}, "state must be one of stored, uncertain, gone, not 'lost'."),
        ({"tag": 3}, "tag must be printable text, not 3."),
        ({"tag": "a\n"}, "tag must be printable text, not 'a\\n'."),
        ({"endpoint": b"a"}, "endpoint must be printable text, not b'a'."),
        (
            {"older_than": "soon"},
            (
                "older_than must be seconds, a timedelta, or a text such as '7d', '12h', '30m' "
                "or '90s', and not 'soon'."
            ),
        ),
    ],
)
def test_what_is_no_condition_is_told(condition: dict[str, Any], problem: str) -> None:
    chosen: dict[str, Any] = {"state": "stored", **condition}
    with pytest.raises(ConfigurationError) as caught:
        which(**chosen)

    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0.5s", 0.5), ("123456789w", 123456789 * 604800.0), ("1.123456789d", 1.123456789 * 86400)],
)
def test_an_age_may_be_very_small_or_very_large(written: str, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    ("age", "seconds"), [(0, 0), (2.5, 2.5), (9e14, 9e14), ("0s", 0), (timedelta(days=1), 86400)]
)
def test_an_age_may_be_a_number_or_a_timedelta(age: Any, seconds: float) -> None:
    assert seconds_of(age) == seconds


@pytest.mark.parametrize(
    "written",
    [math.inf, 1e15, -0.001, timedelta(-1), "1s2", "1 s s", True, None, [], b"7d"],
)
def test_what_is_no_age_is_told_with_the_name_of_the_argument(written: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^within must be seconds, a timedelta"):
        seconds_of(written, "within")


def test_a_row_holds_milliseconds() -> None:
    assert moment(1_500) == datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)


# --- Questions ----------------------------------------------------------------------------


def test_stored_pictures_come_oldest_first_with_all_that_is_known(
    file: sqlite3.Connection,
) -> None:
    changes = [*kept("b", stored=2000, temporary=True), *kept("a", stored=1000)]
    added = Added("c.png", "c", "", 2000)
    apply(file, [*changes, added, *kept("d", stored=500), Gone("d", "deleted", 600)])

    page = queries.page_of_stored(file, which("stored"), BEGIN)

    assert [place for place, _ in page] == [(1000, 2), (2000, 1), (2000, 3)]
    values = [value for _, value in page]
    assert values == [
        stored("a", 1, temporary=False),
        stored("b", 2, temporary=True),
        StoredMedia("c.png", "c", stored_at=moment(2000)),
    ]
    assert [value.extra for value in values] == [
        {"ssl_link": "https://m/a.png"},
        {"ssl_link": "https://m/b.png"},
        {},
    ]
    assert queries.page_of_stored(file, which("stored"), (2000, 1)) == page[2:]
    assert queries.page_of_stored(file, which("stored", tag="t"), (1000, 2)) == page[1:2]


def stored(name: str, second: int, *, temporary: bool) -> StoredMedia:
    return StoredMedia(
        f"http://m/{name}.png",
        name,
        endpoint="flip",
        stored_at=moment(1000 * second),
        tag="t",
        temporary=temporary,
    )


def test_calls_without_a_link_come_oldest_first(file: sqlite3.Connection) -> None:
    apply(
        file,
        [
            Intent("flip", "t", temporary=True, begun=2000),
            Intent("flop", "", temporary=False, begun=1000),
            *kept("a"),
        ],
    )

    assert queries.page_of_uncertain(file, which("uncertain"), BEGIN) == [
        ((1000, 2), Uncertain("flop", moment(1000))),
        ((2000, 1), Uncertain("flip", moment(2000), "t", temporary=True)),
    ]


def test_a_page_has_an_end(file: sqlite3.Connection) -> None:
    apply(file, [Added(f"{number}", "", "", number) for number in range(PAGE + 1)])

    page = queries.page_of_stored(file, which("stored"), BEGIN)

    assert (len(page), page[-1][0]) == (PAGE, (PAGE - 1, PAGE))
    assert [value.link for _, value in page] == [str(number) for number in range(PAGE)]


def test_an_empty_ledger_has_nothing_to_count(file: sqlite3.Connection) -> None:
    assert queries.stats(file) == LedgerStats(0, 0, 0, 0, None, {}, {})


def test_all_is_counted_by_state_and_what_is_stored_by_what_made_it(
    file: sqlite3.Connection,
) -> None:
    changes = [*kept("a", stored=3000), *kept("b", temporary=True), *kept("c"), *kept("d")]
    changes += [Added("x", "x", "", 5000), Intent("flip", "t", temporary=True)]
    apply(file, [*changes, Gone("b", "deleted"), Gone("c", "deleted")])
    temporary = kept("e", stored=2000, temporary=True, tag="")
    apply(file, [*temporary, *kept("f", stored=1000)])

    assert count(file, which("stored")) == 5
    assert queries.stats(file) == LedgerStats(
        5, 1, 1, 2, moment(20), {"flip": 4, "": 1}, {"t": 3, "": 2}
    )
    assert list(queries.stats(file).by_tag) == ["t", ""]
    assert not file.in_transaction
