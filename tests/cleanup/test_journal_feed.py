"""What a job reads, hands out and remembers: its feed and its journal, on real files."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixlab_async import ConfigurationError, DeletionState
from pixlab_async._bulk import Taken
from pixlab_async.cleanup import Item
from pixlab_async.cleanup import _states as states
from pixlab_async.cleanup._items import Survey, digest_of
from pixlab_async.cleanup._journal import UNSAVED, Journal
from pixlab_async.cleanup._journal_feed import Guard, JournalFeed
from pixlab_async.cleanup._journal_file import SAMPLES, Sampled, Settled
from pixlab_async.cleanup._journal_known import Known

from ..databases import ask

STATES = [*(state.value for state in DeletionState if state.value != "not_sent"), "protected"]


class Blocks:
    """A source whose blocks are cut as it is told; it waits before the one named."""

    name = "the blocks"

    def __init__(
        self, links: Sequence[str], cut: int, *, stuck_at: int = -1, breaks_at: int = -1
    ) -> None:
        self.links, self.cut = links, cut
        self.stuck_at, self.breaks_at = stuck_at, breaks_at
        self.closed = False
        self.sizes: list[int] = []

    async def survey(self) -> None:
        """Nothing."""

    async def blocks(self, size: int) -> AsyncGenerator[list[Item]]:
        self.sizes.append(size)
        try:
            for start in range(0, len(self.links), self.cut):
                if start == self.stuck_at:
                    await anyio.sleep_forever()
                if start == self.breaks_at:
                    raise ConfigurationError("the source broke off")

                part = self.links[start : start + self.cut]
                yield [Item(number, link) for number, link in enumerate(part, start + 1)]
        finally:
            self.closed = True


@asynccontextmanager
async def feed_of(
    path: Path, source: Blocks, *, ahead: bool = True
) -> AsyncGenerator[tuple[JournalFeed, Journal]]:
    journal = await Journal.begin(path, source.name, None)
    feed = JournalFeed(source, journal, Guard(), False, journal.settle, ahead)
    try:
        yield feed, journal
    finally:
        await feed.aclose()
        await journal.aclose()


async def taken_from(feed: JournalFeed) -> list[str]:
    found: list[str] = []
    while (taken := await feed.next()) is not None:
        found.append(str(taken.link))
    return found


def links(count: int) -> list[str]:
    return [f"{number}.png" for number in range(count)]


def settled(place: int, state: str = "deleted", **told: bool) -> Settled:
    asked, kept = told.get("asked", False), told.get("kept", True)
    return Settled(place, place + 1, f"{place}.png", state, 1, None, None, asked=asked, kept=kept)


# --- The feed -------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [(7, 1000), (1000, 7), (3, 5)])
async def test_an_input_that_is_cut_otherwise_the_next_time_is_the_same_input(
    tmp_path: Path, before: int, after: int
) -> None:
    given_links = links(2000)
    async with feed_of(tmp_path / "journal", Blocks(given_links, before)) as (feed, journal):
        for _ in range(900):
            taken = await feed.next()
            assert taken is not None
            journal.settle(settled(taken.place), None)

    async with feed_of(tmp_path / "journal", Blocks(given_links, after)) as (feed, journal):
        assert await taken_from(feed) == given_links[900:]
        assert feed.skipped == 900


@pytest.mark.parametrize("left", [0, 600, 1999])
async def test_an_input_that_ends_earlier_than_before_is_refused(tmp_path: Path, left: int) -> None:
    async with feed_of(tmp_path / "journal", Blocks(links(2000), 500)) as (feed, _):
        await taken_from(feed)

    async with feed_of(tmp_path / "journal", Blocks(links(left), 500)) as (feed, _):
        with pytest.raises(ConfigurationError, match="is not what it was"):
            await taken_from(feed)


async def test_an_input_that_grew_goes_on(tmp_path: Path) -> None:
    async with feed_of(tmp_path / "journal", Blocks(links(700), 500)) as (feed, journal):
        for place in range(700):
            assert await feed.next()
            journal.settle(settled(place), None)

    async with feed_of(tmp_path / "journal", Blocks(links(710), 500)) as (feed, _):
        assert await taken_from(feed) == links(710)[700:]


async def test_an_input_that_differs_in_the_middle_is_refused_where_it_does(tmp_path: Path) -> None:
    async with feed_of(tmp_path / "journal", Blocks(links(2000), 500)) as (feed, _):
        await taken_from(feed)
    changed = links(2000)
    changed[1200] = "other.png"

    async with feed_of(tmp_path / "journal", Blocks(changed, 500)) as (feed, _):
        with pytest.raises(ConfigurationError, match="it differs from number 1001 on"):
            await taken_from(feed)


async def test_nothing_is_handed_out_before_its_block_stands_in_the_file(tmp_path: Path) -> None:
    async with feed_of(tmp_path / "journal", Blocks(links(40), 40)) as (feed, _):
        await feed.next()

        assert ask(tmp_path / "journal", "SELECT first, size FROM block") == [(0, 40)]


async def test_a_block_is_handed_out_while_the_input_is_waited_for(tmp_path: Path) -> None:
    found: list[Taken | None] = []
    source = Blocks(links(6), 3, stuck_at=3)

    async def work(feed: JournalFeed) -> None:
        while (taken := await feed.next()) is not None:
            found.append(taken)

    async with feed_of(tmp_path / "journal", source) as (feed, _):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(work, feed)
            while len(found) < 3:
                await anyio.sleep(0.001)
            feed.stop()  # or it would be waited for


async def test_a_single_worker_is_not_kept_from_what_is_there(tmp_path: Path) -> None:
    source = Blocks(links(6), 3, stuck_at=3)

    async with feed_of(tmp_path / "journal", source, ahead=False) as (feed, _):
        assert [taken.link for _ in range(3) if (taken := await feed.next())] == links(3)


async def test_no_worker_leaves_while_the_input_goes_on(tmp_path: Path) -> None:
    ended: list[int] = []

    async def work(feed: JournalFeed, number: int) -> None:
        while await feed.next() is not None:
            await anyio.lowlevel.checkpoint()
        ended.append(number)

    async with feed_of(tmp_path / "journal", Blocks(links(50), 1, stuck_at=49)) as (feed, _):
        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(work, feed, number)
            while feed.place < 49:
                await anyio.sleep(0.001)
            assert not ended
            feed.stop()

    assert sorted(ended) == list(range(5))


async def test_a_deadline_ends_the_wait_for_the_input(tmp_path: Path) -> None:
    async with feed_of(tmp_path / "journal", Blocks(links(6), 3, stuck_at=0)) as (feed, _):
        assert await feed.next(anyio.current_time() + 0.05) is None
        assert not feed.exhausted


async def test_a_source_that_breaks_off_lets_other_workers_go(tmp_path: Path) -> None:
    failures: list[Exception] = []

    async def work(feed: JournalFeed) -> None:
        try:
            await taken_from(feed)
        except ConfigurationError as error:
            failures.append(error)
            feed.stop()

    async with feed_of(tmp_path / "journal", Blocks(links(9), 3, breaks_at=6)) as (feed, _):
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                for _ in range(4):
                    group.start_soon(work, feed)

    assert [str(error) for error in failures] == ["the source broke off"]


async def test_nothing_is_handed_out_after_a_stop(tmp_path: Path) -> None:
    async with feed_of(tmp_path / "journal", Blocks(links(6), 3)) as (feed, journal):
        await feed.next()
        other = sqlite3.connect(tmp_path / "journal", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for place in range(UNSAVED + 1):  # so many that the next link waits for the file
            journal.settle(settled(place), None)
        found: list[Taken | None] = []

        async def ask_for_one() -> None:
            found.append(await feed.next())

        async with anyio.create_task_group() as group:
            group.start_soon(ask_for_one)
            await anyio.wait_all_tasks_blocked()
            feed.stop()
            other.close()

    assert found == [None]


async def test_the_input_is_closed_with_the_feed(tmp_path: Path) -> None:
    source = Blocks(links(5000), 500)
    async with feed_of(tmp_path / "journal", source) as (feed, _):
        await feed.next()

    assert source.closed


def refused(guard: Guard, link: str) -> str | None:
    """The state that the guard gives the link."""
    refusal = guard.refuses(link)
    return None if refusal is None else refusal[0]


def test_a_guard_protects_every_link_that_ends_in_a_name_of_its_list() -> None:
    guard = Guard(["https://m/a.png", "b.png"])

    assert guard.refuses("https://other/a.png?x=1") == ("protected", "it is protected")
    assert [refused(guard, link) for link in ("a.png", "b.png", "https://m/c.png", "")] == [
        "protected",
        "protected",
        None,
        None,
    ]


def test_a_guard_lets_through_what_is_of_its_hosts_and_what_has_none() -> None:
    guard = Guard(hosts=["m.example"])

    assert guard.refuses("https://other.example/a.png") == (
        "rejected",
        "its host is not one of those that are allowed",
    )
    assert refused(guard, "https://M.example:8080/a.png") is None
    assert refused(guard, "a.png") is None
    assert refused(Guard(), "https://other.example/a.png") is None


async def begun(path: Path, count: int, *, running: bool = False) -> None:
    """An earlier run that claimed its links and left one of each state in a row."""
    async with feed_of(path, Blocks(links(count), count)) as (feed, journal):
        assert await feed.next()
        journal.put({**journal.facts, "running": running})
        journal.settle(settled(0, "deleted"), None)
        journal.settle(settled(1, "failed", asked=True), None)
        journal.settle(settled(2, "failed", asked=False), None)
        journal.settle(settled(3, "rejected"), None)


@pytest.mark.parametrize("running", [False, True])
async def test_what_an_earlier_run_left_is_handed_out_with_whether_it_was_asked_for(
    tmp_path: Path, running: bool
) -> None:
    await begun(tmp_path / "journal", 6, running=running)

    async with feed_of(tmp_path / "journal", Blocks(links(8), 6)) as (feed, _):
        given = [await feed.next() for _ in range(6)]

        assert given == [
            Taken(1, "1.png", asked=True),
            Taken(2, "2.png", asked=running),
            Taken(4, "4.png", asked=running),
            Taken(5, "5.png", asked=running),
            Taken(6, "6.png", asked=False),
            Taken(7, "7.png", asked=False),
        ]
        assert feed.taken == {
            1: (Item(2, "1.png"), "failed"),
            2: (Item(3, "2.png"), "failed"),
            4: (Item(5, "4.png"), None),
            5: (Item(6, "5.png"), None),
            6: (Item(7, "6.png"), None),
            7: (Item(8, "7.png"), None),
        }
        assert (feed.skipped, feed.place, feed.exhausted) == (2, 8, False)
        assert await feed.next() is None
        assert (feed.at_end, feed.exhausted) == (True, True)


async def test_what_a_guard_refuses_is_settled_and_not_handed_out(tmp_path: Path) -> None:
    await begun(tmp_path / "journal", 6, running=True)
    told: list[tuple[Settled, str | None]] = []

    def settle(op: Settled, before: str | None) -> None:
        told.append((op, before))

    journal = await Journal.begin(tmp_path / "journal", "the blocks", None)
    journal.rows = 4
    guard = Guard(["1.png", "4.png", "6.png"])
    feed = JournalFeed(Blocks(links(7), 6), journal, guard, False, settle)
    assert await taken_from(feed) == ["2.png", "5.png"]
    await feed.aclose()
    await journal.aclose()

    why = "it is protected"
    assert told == [
        (Settled(1, 2, "1.png", "protected", 0, None, why, asked=True, kept=True), "failed"),
        (Settled(4, 5, "4.png", "protected", 0, None, why, asked=True, kept=False), None),
        (Settled(6, 7, "6.png", "protected", 0, None, why, asked=False, kept=False), None),
    ]


async def test_a_dry_run_claims_nothing(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "journal", "the blocks", None)
    feed = JournalFeed(Blocks(links(3), 3), journal, Guard(), True, journal.settle)
    assert await taken_from(feed) == links(3)
    await feed.aclose()
    await journal.aclose()

    assert ask(tmp_path / "journal", "SELECT * FROM block") == []


@pytest.mark.parametrize(
    ("ahead", "first", "then"), [(True, 51, 600), (True, 50, 300), (False, 299, 300)]
)
async def test_the_next_block_is_taken_when_half_a_block_is_left_or_nothing(
    tmp_path: Path, ahead: bool, first: int, then: int
) -> None:
    source = Blocks(links(900), 300)
    async with feed_of(tmp_path / "journal", source, ahead=ahead) as (feed, _):
        for _ in range(first):
            assert await feed.next()
        assert feed.place == 300
        assert await feed.next()

        assert feed.place == then
        assert source.sizes == [500]


def changed(count: int, digest: Sequence[str]) -> Survey:
    return Survey(count, 0, digest_of([Item(0, link) for link in digest]))


@pytest.mark.parametrize(
    ("survey", "handed_out"),
    [(changed(5, links(6)), 0), (changed(7, links(7)), 6), (changed(6, ["x", *links(5)]), 6)],
)
async def test_an_input_that_changed_since_it_was_read_first_sends_no_more(
    tmp_path: Path, survey: Survey, handed_out: int
) -> None:
    journal = await Journal.begin(tmp_path / "journal", "the blocks", None)
    source = Blocks(links(6), 6)
    feed = JournalFeed(source, journal, Guard(), False, journal.settle, False, survey)
    found = 0
    with pytest.raises(ConfigurationError) as caught:
        while await feed.next():
            found += 1
    await feed.aclose()
    await journal.aclose()

    assert found == handed_out
    assert str(caught.value) == (
        f"the blocks changed while the job was running: it has not the {survey.count} links that "
        f"it had. Nothing more was sent; look at it, and run the job again."
    )


@pytest.mark.parametrize("survey", [changed(6, links(6)), Survey(9, 0, None)])
async def test_an_input_that_is_as_it_was_comes_to_its_end(tmp_path: Path, survey: Survey) -> None:
    journal = await Journal.begin(tmp_path / "journal", "the blocks", None)
    feed = JournalFeed(Blocks(links(6), 4), journal, Guard(), False, journal.settle, True, survey)
    assert await taken_from(feed) == links(6)
    await feed.aclose()
    await feed.aclose()
    await journal.aclose()


@pytest.mark.parametrize(("left", "where"), [(0, "at its end"), (2, "from number 1 on")])
async def test_where_an_input_differs_is_told(tmp_path: Path, left: int, where: str) -> None:
    await begun(tmp_path / "journal", 6)

    async with feed_of(tmp_path / "journal", Blocks(links(left), 6)) as (feed, _):
        with pytest.raises(ConfigurationError) as caught:
            await feed.next()

    assert str(caught.value) == (
        f"the blocks is not what it was when the journal {str(tmp_path / 'journal')!r} was begun: "
        f"it differs {where}. Go on with the unchanged input, or begin anew with another journal."
    )


@pytest.mark.parametrize("count", [0, 2])
async def test_an_input_comes_to_its_end_with_nothing_left(tmp_path: Path, count: int) -> None:
    source = Blocks(links(count), 1)
    async with feed_of(tmp_path / "journal", source, ahead=False) as (feed, _):
        assert await taken_from(feed) == links(count)
        assert (feed.at_end, feed.exhausted, feed.place) == (True, True, count)


async def test_nothing_is_handed_out_at_the_deadline(tmp_path: Path) -> None:
    async with feed_of(tmp_path / "journal", Blocks(links(6), 3)) as (feed, _):
        assert await feed.next(anyio.current_time()) is None
        assert (feed.place, feed.exhausted) == (0, False)


# --- The journal ----------------------------------------------------------------------------

OUTCOMES = st.lists(st.tuples(st.integers(0, 30_000), st.sampled_from(STATES), st.booleans()))


@settings(max_examples=40, deadline=None)
@given(outcomes=OUTCOMES, rows=st.sampled_from([0, 1_000_000]))
def test_a_journal_that_is_opened_again_counts_the_same(
    outcomes: list[tuple[int, str, bool]], rows: int
) -> None:
    async def write(path: Path) -> Counter[str]:
        journal = await Journal.begin(path, "it", None, rows=rows)
        known: dict[int, str] = {}
        for place, state, asked in outcomes:
            if not Known(known.get(place, "failed")).is_open:
                continue  # final

            journal.settle(
                settled(place, state, asked=asked, kept=place < journal.rows), known.get(place)
            )
            known[place] = state
        assert +journal.counts == Counter(known.values())
        await journal.aclose()
        return journal.counts

    async def read(path: Path) -> Counter[str]:
        journal = await Journal.begin(path, "it", None, rows=rows)
        await journal.aclose()
        return journal.counts

    with TemporaryDirectory() as folder:
        path = Path(folder, "journal")
        assert +anyio.run(write, path) == anyio.run(read, path)


async def test_samples_are_thinned_so_that_there_are_never_many(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "journal", "it", None)
    for second in range(3 * SAMPLES):
        journal.put(Sampled(float(second), second, 0, None))
    await journal.flush()

    samples = journal.samples()
    await journal.aclose()
    assert SAMPLES / 2 <= len(samples) <= SAMPLES
    assert (samples[0].at, samples[-1].at) == (0.0, 3 * SAMPLES - 1)


async def test_a_second_close_does_not_close_a_file_of_somebody_else(tmp_path: Path) -> None:
    journal = await Journal.begin(tmp_path / "journal", "it", None)
    await journal.aclose()

    with (tmp_path / "other").open("w") as other:  # it gets the same number
        await journal.aclose()
        other.write("still open")


# --- Two bits per link ----------------------------------------------------------------------


@given(
    marks=st.dictionaries(st.integers(0, states.CHUNK - 1), st.integers(0, 3)),
    again=st.dictionaries(st.integers(0, states.CHUNK - 1), st.integers(0, 3)),
)
@settings(deadline=None, max_examples=50)
def test_two_bits_per_link_say_what_was_marked(
    marks: dict[int, int], again: dict[int, int]
) -> None:
    chunk = states.empty()
    for place, code in [*marks.items(), *again.items()]:
        states.mark(chunk, place, code)

    expected = [{**marks, **again}.get(place, states.PENDING) for place in range(states.CHUNK)]
    assert list(states.codes(chunk)) == expected
    assert +states.tally(chunk) == Counter(expected)
    assert [states.code_at(chunk, place) for place in marks] == [expected[p] for p in marks]
