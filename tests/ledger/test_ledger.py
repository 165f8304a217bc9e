"""What can be asked of a ledger, and what is put there by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

import pixlab_async
from pixlab_async import AsyncPixLab, ConfigurationError, Media, RecordingFailed
from pixlab_async.emulator import Emulator
from pixlab_async.ledger import Age, Ledger
from pixlab_async.ledger._rows import Gone, Intent, Kept, Row, now
from pixlab_async.ledger._values import seconds_of

from ..databases import ask
from ..scripted import http, serve


async def links(ledger: Ledger, **which: Any) -> list[str]:
    return [media.link async for media in ledger.stored(**which)]


def age(ledger: Ledger, link: str, seconds: float) -> None:
    """Let a row have been stored earlier."""
    import sqlite3

    with sqlite3.connect(ledger.path) as connection:
        connection.execute(
            "UPDATE media SET stored = stored - ?, begun = begun - ? WHERE link = ?",
            (seconds * 1000, seconds * 1000, link),
        )
    connection.close()


def test_the_front_door_has_the_ledger() -> None:
    assert pixlab_async.Ledger is Ledger


def test_making_a_ledger_does_nothing(tmp_path: Path) -> None:
    Ledger(tmp_path / "no" / "media.db")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["", None, 3])
def test_a_path_is_a_path(path: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be a file's path"):
        Ledger(path)


def test_a_ledger_prints_its_path() -> None:
    assert repr(Ledger("media.db")) == "Ledger('media.db')"


def test_a_ledger_can_be_handed_to_another_process() -> None:
    import pickle

    assert pickle.loads(pickle.dumps(Ledger("media.db"))).path == Path("media.db")


# Ages.


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7d", 604800),
        ("12h", 43200),
        ("30m", 1800),
        ("90s", 90),
        (" 1.5 h ", 5400),
        ("2w", 1209600),
        ("0s", 0),
        (timedelta(days=1), 86400),
        (2.5, 2.5),
        (0, 0),
    ],
)
def test_ages(written: Age, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "7", "d", "-1d", "1y", "1e3s", -1, float("nan"), float("inf"), True, None, []]
)
def test_what_is_no_age(written: Any) -> None:
    with pytest.raises(ConfigurationError, match="older_than must be seconds, a timedelta"):
        seconds_of(written)


# Links from elsewhere.


async def test_links_can_be_added_and_are_told_by_their_id_too(ledger: Ledger) -> None:
    assert await ledger.add(["http://m/a.png", "b.png"], tag="old") == 2

    rows = [(media.link, media.id, media.endpoint, media.tag) async for media in ledger.stored()]
    assert rows == [("http://m/a.png", "a.png", None, "old"), ("b.png", "b.png", None, "old")]


async def test_what_is_known_of_a_picture_is_added_with_it(ledger: Ledger) -> None:
    assert await ledger.add([Media("http://m/a.png", "a")]) == 1

    assert [(media.link, media.id) async for media in ledger.stored()] == [("http://m/a.png", "a")]


async def test_adding_twice_adds_once(ledger: Ledger) -> None:
    assert await ledger.add(["a.png", "b.png", "a.png"]) == 2
    assert await ledger.add(["b.png", "c.png"], tag="new") == 1

    assert await links(ledger, tag="") == ["a.png", "b.png"]


async def test_what_is_stored_again_is_added_again(ledger: Ledger) -> None:
    await ledger.add([Media("http://m/a.png", "a")])
    with serve([http()]) as script:
        async with AsyncPixLab(api_key="a", base_url=script.base_url, ledger=ledger) as pixlab:
            await pixlab.delete("a")

    assert await links(ledger) == []
    assert await ledger.add(["http://m/a.png"]) == 1


async def test_async_iterables_are_added(ledger: Ledger) -> None:
    async def many() -> AsyncIterator[str]:
        for number in range(1234):
            yield f"http://m/{number}.png"

    assert await ledger.add(many()) == 1234
    assert await ledger.count() == 1234


@pytest.mark.parametrize("bad", ["", "a b", 3, Media("", "b")])
async def test_what_is_no_link_is_not_added(ledger: Ledger, bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="^The link "):
        await ledger.add(["a.png", bad])

    assert await links(ledger) == ["a.png"]


@pytest.mark.parametrize("tag", [3, "a\nb", "\ud83d"])
async def test_a_tag_of_added_links_is_printable(ledger: Ledger, tag: Any) -> None:
    with pytest.raises(ConfigurationError, match="tag must be a str of printable"):
        await ledger.add(["a.png"], tag=tag)


async def test_a_single_str_is_no_list(ledger: Ledger) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await ledger.add("a.png")

    assert str(caught.value) == "Pass an iterable of links, such as a list, not one str."


async def test_a_ledger_that_cannot_be_written_stops_the_reading_of_links(tmp_path: Path) -> None:
    read: list[str] = []

    def many() -> Iterator[str]:
        for number in range(2000):
            read.append(f"{number}.png")
            yield read[-1]

    ledger = Ledger(tmp_path / "later" / "media.db")
    with pytest.raises(ConfigurationError, match="No such file"):
        await ledger.add(many())
    assert len(read) == 500

    (tmp_path / "later").mkdir()
    await ledger.aclose()
    assert await links(ledger) == read


# What is stored.


async def test_the_oldest_come_first(ledger: Ledger) -> None:
    await ledger.add(["a.png", "b.png", "c.png"])
    age(ledger, "c.png", 60)

    assert await links(ledger) == ["c.png", "a.png", "b.png"]


async def test_only_what_is_older(ledger: Ledger) -> None:
    await ledger.add(["a.png", "b.png", "c.png"])
    age(ledger, "b.png", 8 * 86400)

    assert await links(ledger, older_than="7d") == ["b.png"]
    assert await links(ledger, older_than="9d") == []
    assert await ledger.count(older_than=timedelta(days=7)) == 1
    assert await ledger.count(older_than=0) == 3


async def test_conditions_are_all_to_be_met(ledger: Ledger) -> None:
    await ledger.add(["a.png"], tag="a")
    await ledger.add(["b.png"], tag="b")

    assert await links(ledger, tag="a", endpoint="", temporary=False) == ["a.png"]
    assert await links(ledger, tag="a", endpoint="store") == []
    assert await ledger.count(tag="b", temporary=True) == 0


@pytest.mark.parametrize(
    "condition", [{"tag": 3}, {"tag": "\ud83d"}, {"endpoint": b"a"}, {"older_than": "soon"}]
)
async def test_bad_conditions_are_refused(ledger: Ledger, condition: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        ledger.stored(**condition)


async def test_many_pages_come_in_order_and_once(ledger: Ledger) -> None:
    names = [f"{number}.png" for number in range(1501)]
    await ledger.add(names)

    assert await links(ledger) == names


async def test_rows_may_go_while_they_are_read(ledger: Ledger) -> None:
    await ledger.add(f"{number}.png" for number in range(1200))

    seen: list[str] = []
    async for media in ledger.stored():
        seen.append(media.link)
        await ledger.forget([media])
    assert len(seen) == len(set(seen)) == 1200


async def test_a_cancelled_step_can_be_taken_again(ledger: Ledger) -> None:
    await ledger.add(["a.png"])
    pages = ledger.stored()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await anext(pages)

    assert (await anext(pages)).link == "a.png"


async def test_the_secure_link_is_kept(pixlab: AsyncPixLab, ledger: Ledger, picture: bytes) -> None:
    stored = await pixlab.store(picture)

    assert [media.extra async for media in ledger.stored()] == [stored.extra]


# Forgetting.


async def test_links_are_forgotten_by_any_of_their_names(ledger: Ledger) -> None:
    await ledger.add(["http://m/a.png", "http://m/b.png", "http://m/c.png"])

    assert await ledger.forget(["a.png", "http://m/b.png", "nowhere"]) == 2
    assert await links(ledger) == ["http://m/c.png"]


async def test_rows_are_forgotten_by_their_state(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    await ledger.add(["a.png"], tag="old")
    await pixlab.delete(await pixlab.store(picture))

    assert await ledger.forget_all("gone") == 1
    assert await ledger.forget_all("uncertain") == 0
    assert await ledger.forget_all("stored", tag="new") == 0
    assert await ledger.forget_all("stored", tag="old") == 1
    assert ask(ledger.path, "SELECT count(*) FROM media") == [(0,)]


async def test_a_state_is_one_of_three(ledger: Ledger) -> None:
    wrong: Any = "lost"
    with pytest.raises(ConfigurationError, match="stored, uncertain, gone"):
        await ledger.forget_all(wrong)


async def test_what_a_404_made_gone_can_be_recalled(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    await pixlab.delete(await pixlab.store(picture))
    missing = await pixlab.store(picture)
    emulator.clear()
    await pixlab.delete(missing, missing_ok=True)

    assert await ledger.recall(within="1h") == 1
    assert await links(ledger) == [missing.link]
    with pytest.raises(ConfigurationError, match="within must be seconds"):
        await ledger.recall(within="soon")


async def test_only_what_a_404_made_gone_lately_is_recalled(ledger: Ledger) -> None:
    hours_ago = now() - 1_000_000_000  # nearly 278
    await ledger.add(["a.png"])
    ledger._writer.put(Gone("a.png", "already_gone", hours_ago))

    assert await ledger.recall(within=999_500) == 0
    assert await ledger.recall(within=1_000_500) == 1


async def test_what_is_no_link_is_not_forgotten(ledger: Ledger) -> None:
    with pytest.raises(ConfigurationError, match="^The link is empty"):
        await ledger.forget([""])


# Counts.


async def test_an_empty_ledger_has_counts(ledger: Ledger) -> None:
    stats = await ledger.stats()

    assert (stats.stored, stats.temporary, stats.uncertain, stats.gone) == (0, 0, 0, 0)
    assert (stats.oldest, stats.unsaved) == (None, 0)


async def test_counts_by_endpoint_and_tag(
    pixlab: AsyncPixLab, ledger: Ledger, picture: bytes
) -> None:
    await ledger.add(["a.png", "b.png"], tag="old")
    stored = await pixlab.store(picture)
    async with pixlab.temporary(pixlab.flip(stored)):
        stats = await ledger.stats()

    assert (stats.stored, stats.temporary) == (4, 1)
    assert dict(stats.by_endpoint) == {"": 2, "flip": 1, "store": 1}
    assert dict(stats.by_tag) == {"old": 2, "": 2}
    assert stats.oldest == (await anext(ledger.stored())).stored_at


# Conditions, as they reach the file.


async def filled(ledger: Ledger) -> None:
    """One picture from elsewhere, one that was made to be temporary, and two lost calls."""
    await ledger.add(["a.png"], tag="a")
    made = Intent("flip", "b", temporary=True)
    hour_ago = Intent("flop", "", temporary=False, begun=now() - 3_600_000)
    rows: list[Row] = [made, Kept(made, "b.png", "b", None), Intent("flip", "c", True), hour_ago]
    for row in rows:
        ledger._writer.put(row)


async def test_each_condition_reaches_the_file(ledger: Ledger) -> None:
    await filled(ledger)

    conditions: list[dict[str, Any]] = [{"tag": "b"}, {"endpoint": "flip"}, {"temporary": True}]
    for condition in conditions:
        assert await links(ledger, **condition) == ["b.png"]
        assert await ledger.count(**condition) == 1


async def test_lost_calls_are_told_by_tag_and_age(ledger: Ledger) -> None:
    await filled(ledger)

    async def lost(**which: Any) -> list[str]:
        return [each.endpoint async for each in ledger.uncertain(**which)]

    assert await lost() == ["flop", "flip"]
    assert await lost(tag="c") == ["flip"]
    assert await lost(older_than="30m") == ["flop"]


async def test_each_condition_is_one_of_what_is_forgotten(ledger: Ledger) -> None:
    await filled(ledger)

    assert await ledger.forget_all("uncertain", older_than="30m") == 1
    assert await ledger.forget_all("uncertain", endpoint="flop") == 0
    assert await ledger.forget_all("stored", temporary=True) == 1
    assert await links(ledger) == ["a.png"]


# Files that are not as they should be.


async def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "media.db").write_text("my diary, " * 1000)

    with pytest.raises(ConfigurationError, match="is no SQLite file"):
        await Ledger(tmp_path / "media.db").count()


async def test_a_file_that_cannot_be_written_is_named(ledger: Ledger) -> None:
    await ledger.count()
    ask(ledger.path, "ALTER TABLE media RENAME TO other")
    with pytest.raises(RecordingFailed) as caught:
        await ledger.add(["a.png"])

    assert str(caught.value) == (
        f"The ledger {str(ledger.path)!r} cannot be written; 1 rows wait in memory: "
        f"no such table: media"
    )
    ask(ledger.path, "ALTER TABLE other RENAME TO media")
    await ledger.flush()
    assert await links(ledger) == ["a.png"]


async def test_a_file_that_breaks_is_told(ledger: Ledger) -> None:
    await ledger.add(f"http://m/{number}.png" for number in range(2000))
    await ledger.aclose()
    content = bytearray(ledger.path.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    ledger.path.write_bytes(content)

    with pytest.raises(RecordingFailed, match="cannot be read"):
        await ledger.count()
