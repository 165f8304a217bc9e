"""Everything of the public API that waits, as scenes to be cancelled anywhere: a table."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from typing import Any

import anyio

from pixlab_async import DeletionState, Media, Outcome, Rectangle, RetryPolicy
from pixlab_async._bulk import DeleteMany
from pixlab_async._gate import Priority, Verdict
from pixlab_async.cleanup import CleanupJob
from pixlab_async.emulator import Emulator, Fault
from pixlab_async.ledger import Ledger

from .databases import ask
from .sweeping import KNOWN, Scenario, Stage, Work

Scene = Callable[[Stage], AbstractAsyncContextManager[Work]]

SCENARIOS: dict[str, Scenario] = {}

BOX = Rectangle(2, 1, 4, 3)
A_CALL = "AsyncPixLab.send"
CLIENT = ["AsyncPixLab.__aenter__", "AsyncPixLab.__aexit__"]


def swept(*covers: str, **how: Any) -> Callable[[Callable[[Stage], AsyncGenerator[Work]]], None]:
    """Put a scene into the table; see ``Scenario``."""

    def put(scene: Callable[[Stage], AsyncGenerator[Work]]) -> None:
        scenario = Scenario(asynccontextmanager(scene), frozenset(covers), **how)
        SCENARIOS[scenario.name] = scenario

    return put


async def turns(number: int) -> None:
    """Let others run so often."""
    for _ in range(number):
        await anyio.lowlevel.checkpoint()


# --- A client -------------------------------------------------------------------------------


@swept(*CLIENT, A_CALL)
async def a_client_for_one_call(stage: Stage) -> AsyncGenerator[Work]:
    link = stage.stored()

    async def work() -> None:
        async with stage.client() as stage.pixlab:
            await stage.pixlab.delete(link)

    yield work
    assert not stage.ended or not stage.emulator.stored()


@swept("AsyncPixLab.close", "AsyncPixLab.aclose", stride=1)
async def closing_idle_connections(stage: Stage) -> AsyncGenerator[Work]:
    async with anyio.create_task_group() as group:
        for link in [stage.stored(), stage.stored(), stage.stored()]:
            group.start_soon(stage.pixlab.delete, link)
    yield stage.pixlab.close


@swept("AsyncPixLab.aclose", "Ledger.flush", ledger=True)
async def closing_with_a_ledger(stage: Stage) -> AsyncGenerator[Work]:
    async with anyio.create_task_group() as group:
        for link in [stage.stored(), stage.stored()]:
            group.start_soon(stage.pixlab.delete, link)
    yield stage.pixlab.aclose


# --- A call in each of its phases -----------------------------------------------------------


@swept(A_CALL)
async def a_call(stage: Stage) -> AsyncGenerator[Work]:
    link = stage.stored()
    yield lambda: stage.pixlab.delete(link)


@swept(A_CALL)
async def a_call_over_an_idle_connection(stage: Stage) -> AsyncGenerator[Work]:
    link = stage.stored()
    await stage.pixlab.delete("nothing.png", missing_ok=True)
    yield lambda: stage.pixlab.delete(link)


@swept(A_CALL)
async def a_call_over_a_connection_that_the_host_closed(stage: Stage) -> AsyncGenerator[Work]:
    link = stage.stored()
    stage.emulator.inject(Fault("delete", status=404, headers={"Connection": "close"}))
    await stage.pixlab.delete("nothing.png", missing_ok=True)
    yield lambda: stage.pixlab.delete(link)


@swept(A_CALL)
async def a_call_to_a_host_that_is_looked_up(stage: Stage) -> AsyncGenerator[Work]:
    link = stage.stored()
    stage.options["base_url"] = stage.emulator.base_url.replace("127.0.0.1", "localhost")
    stage.pixlab = stage.client()
    yield lambda: stage.pixlab.delete(link)


@swept(A_CALL, options={"connections": 1})
async def a_call_that_waits_for_the_gate(stage: Stage) -> AsyncGenerator[Work]:
    link, gate = stage.stored(), stage.pixlab._core.main.gate
    ticket = gate.try_enter(Priority.INTERACTIVE, anyio.current_time())
    assert ticket is not None
    begun = anyio.Event()

    async def hold() -> None:
        await begun.wait()
        await turns(5)
        gate.leave(ticket, Verdict.UNSENT)

    async def work() -> None:
        begun.set()
        await stage.pixlab.delete(link)

    async with anyio.create_task_group() as group:
        group.start_soon(hold)
        yield work
        begun.set()


@swept(A_CALL, options={"rate": "12000/min"})
async def a_call_that_waits_for_its_pace(stage: Stage) -> AsyncGenerator[Work]:
    link, gate = stage.stored(), stage.pixlab._core.main.gate
    while gate.try_enter(Priority.INTERACTIVE, anyio.current_time()) is not None:
        pass
    stage.spent = gate.in_use
    gate.in_use = 0
    yield lambda: stage.pixlab.delete(link)


@swept(A_CALL, options={"retry": RetryPolicy(base=0.005, cap=0.005)})
async def a_call_in_its_back_off(stage: Stage) -> AsyncGenerator[Work]:
    link = stage.stored()
    stage.emulator.inject(Fault("delete", status=500))
    yield lambda: stage.pixlab.delete(link)
    stage.emulator._faults.clear()


@swept(A_CALL, stride=8, options={"rate": "60000/min"})
async def a_call_in_the_pause_after_a_refusal(stage: Stage) -> AsyncGenerator[Work]:
    link = stage.stored()
    stage.pixlab._core.main.gate.pacer._random.seed(SHORT)
    stage.emulator.inject(Fault("delete", status=429, headers={"Retry-After": "0"}))
    yield lambda: stage.pixlab.delete(link)
    stage.emulator._faults.clear()


# Whose first draw is near the shortest of pauses.
SHORT = 1651


@swept(A_CALL)
async def a_call_that_asks_for_its_key(stage: Stage) -> AsyncGenerator[Work]:
    async def key() -> str:
        await turns(4)
        return stage.emulator.api_key

    link = stage.stored()
    pixlab = stage.pixlab.with_options(api_key=key)
    yield lambda: pixlab.delete(link)


@swept(A_CALL, "BlobPictures.send")
async def a_call_for_a_blob(stage: Stage) -> AsyncGenerator[Work]:
    yield lambda: stage.pixlab.blob.oilpaint(stage.pictures[0], radius=1)
    assert not stage.emulator.stored()


# --- Storing --------------------------------------------------------------------------------


@swept(A_CALL, "Ledger.record", ledger=True)
async def a_call_that_stores(stage: Stage) -> AsyncGenerator[Work]:
    yield lambda: stage.pixlab.newimage(width=2, height=2)


@swept(A_CALL, "Ledger.record", ledger=True)
async def a_call_that_deletes_on_record(stage: Stage) -> AsyncGenerator[Work]:
    media = await stage.pixlab.newimage(width=2, height=2)
    stage.in_doubt.add(media.link)
    yield lambda: stage.pixlab.delete(media)


@swept(A_CALL, ledger=True)
async def an_upload_of_bytes(stage: Stage) -> AsyncGenerator[Work]:
    yield lambda: stage.pixlab.store(stage.pictures[0])


@swept(A_CALL, stride=4)
async def an_upload_of_many_bytes(stage: Stage) -> AsyncGenerator[Work]:
    yield lambda: stage.pixlab.store(stage.pictures[1])


@swept(A_CALL, stride=4)
async def an_upload_of_a_path(stage: Stage) -> AsyncGenerator[Work]:
    path = stage.file("picture.png", stage.pictures[1])
    yield lambda: stage.pixlab.store(path)


@swept(A_CALL, stride=4)
async def an_upload_of_a_file(stage: Stage) -> AsyncGenerator[Work]:
    file = io.BytesIO(stage.pictures[1])
    yield lambda: stage.pixlab.store(file)


@swept(A_CALL, stride=4)
async def an_upload_of_a_file_of_anyio(stage: Stage) -> AsyncGenerator[Work]:
    path = stage.file("picture.png", stage.pictures[1])
    async with await anyio.open_file(path, "rb") as file:
        yield lambda: stage.pixlab.store(file)


@swept(A_CALL, stride=4)
async def an_upload_of_chunks(stage: Stage) -> AsyncGenerator[Work]:
    def chunks() -> Generator[bytes]:
        for begin in range(0, len(stage.pictures[1]), 30_000):
            yield stage.pictures[1][begin : begin + 30_000]

    given = chunks()
    yield lambda: stage.pixlab.store(given)


@swept(A_CALL, stride=4)
async def an_upload_of_chunks_that_come(stage: Stage) -> AsyncGenerator[Work]:
    begun: list[bool] = []

    async def chunks() -> AsyncIterator[bytes]:
        begun.append(True)
        try:
            for begin in range(0, len(stage.pictures[1]), 30_000):
                await turns(1)
                yield stage.pictures[1][begin : begin + 30_000]
        finally:
            begun.clear()

    yield lambda: stage.pixlab.store(chunks())
    assert not begun, "the source was left open"


# --- Pictures that live for a while ---------------------------------------------------------


def nothing_is_stored(stage: Stage) -> None:
    """Nor does the ledger hold anything, not even an intent."""
    assert not stage.emulator.stored()
    path = stage.folder / "media.db"
    if path.exists():
        assert not ask(path, "SELECT link FROM media WHERE gone IS NULL")


TEMPORARY: dict[str, Any] = {"ledger": True, "finally_": nothing_is_stored}


@swept("AsyncPixLab.temporary", **TEMPORARY)
async def a_temporary_picture(stage: Stage) -> AsyncGenerator[Work]:
    async def work() -> None:
        async with stage.pixlab.temporary(stage.pixlab.newimage(width=2, height=2)) as media:
            await turns(3)
            assert stage.emulator.stored() == [media.link]
            await turns(3)

    yield work


@swept("AsyncPixLab.temporary", **TEMPORARY)
async def a_temporary_upload(stage: Stage) -> AsyncGenerator[Work]:
    path = stage.file("picture.png", stage.pictures[0])

    async def work() -> None:
        async with stage.pixlab.temporary(stage.pixlab.store(path)):
            await turns(3)

    yield work


@swept("AsyncPixLab.temporary", **{**TEMPORARY, "stride": 4})
async def a_temporary_picture_of_a_stored_source(stage: Stage) -> AsyncGenerator[Work]:
    async def work() -> None:
        making = stage.pixlab.mogrify(stage.pictures[0], [BOX])
        async with stage.pixlab.temporary(making):
            await turns(3)

    yield work


@swept("AsyncPixLab.temporary", **TEMPORARY)
async def a_temporary_picture_after_an_error(stage: Stage) -> AsyncGenerator[Work]:
    async def fail() -> None:
        async with stage.pixlab.temporary(stage.pixlab.newimage(width=2, height=2)):
            raise KeyError

    async def work() -> None:
        with suppress(KeyError):
            await fail()

    yield work


@swept("AsyncPixLab.generate_then_delete", **TEMPORARY)
async def a_picture_that_is_generated_then_deleted(stage: Stage) -> AsyncGenerator[Work]:
    async def use(media: Media) -> str:
        await turns(3)
        return media.id

    making = stage.pixlab.newimage
    yield lambda: stage.pixlab.generate_then_delete(making(width=2, height=2), use)


def no_source_is_stored(stage: Stage) -> None:
    assert len(stage.emulator.stored()) <= 1
    path = stage.folder / "media.db"
    if path.exists():
        rows = "SELECT endpoint FROM media WHERE gone IS NULL AND endpoint = 'store'"
        assert not ask(path, rows)


@swept(A_CALL, ledger=True, finally_=no_source_is_stored)
async def a_call_whose_source_is_stored_for_it(stage: Stage) -> AsyncGenerator[Work]:
    yield lambda: stage.pixlab.mogrify(stage.pictures[0], [BOX])


@swept("AsyncPixLab.download")
async def a_download(stage: Stage) -> AsyncGenerator[Work]:
    link, path = stage.stored(stage.pictures[1]), stage.file("picture.png", b"before")
    yield lambda: stage.pixlab.download(link, path)
    assert path.read_bytes() in (
        [stage.pictures[1]] if stage.ended else [b"before", stage.pictures[1]]
    )


# --- Many deletions -------------------------------------------------------------------------


async def see_outcomes(stage: Stage, batch: DeleteMany, outcomes: list[Outcome]) -> None:
    """Each link that was taken has one outcome, and none says that what is there is gone."""
    batch.stop()
    async for outcome in batch:
        outcomes.append(outcome)
    stored = set(stage.emulator.stored())
    assert len({outcome.index for outcome in outcomes}) == len(outcomes)
    for outcome in outcomes:
        assert not (outcome.state.gone and outcome.link in stored)
        if outcome.state is DeletionState.NOT_SENT:
            assert outcome.link in stored
    if stage.ended:
        assert [outcome.state for outcome in outcomes] == [DeletionState.DELETED] * 4


MANY: dict[str, Any] = {"more": 2, "stride": 4}


@swept("AsyncPixLab.delete_many", "DeleteMany.__anext__", **MANY)
async def many_deletions_in_a_loop(stage: Stage) -> AsyncGenerator[Work]:
    outcomes: list[Outcome] = []
    links = [stage.stored() for _ in range(4)]
    batch = stage.pixlab.delete_many(links, concurrency=2)

    async def work() -> None:
        async for outcome in batch:
            outcomes.append(outcome)

    yield work
    await see_outcomes(stage, batch, outcomes)


@swept("DeleteMany.__aenter__", "DeleteMany.__aexit__", "DeleteMany.__anext__", **MANY)
async def many_deletions_in_the_background(stage: Stage) -> AsyncGenerator[Work]:
    outcomes: list[Outcome] = []
    links = [stage.stored() for _ in range(4)]
    batch = stage.pixlab.delete_many(links, concurrency=2, order="input")

    async def work() -> None:
        async with batch:
            async for outcome in batch:
                outcomes.append(outcome)
                await turns(1)

    yield work
    await see_outcomes(stage, batch, outcomes)


@swept("DeleteMany.__aexit__", **MANY)
async def many_deletions_that_are_left(stage: Stage) -> AsyncGenerator[Work]:
    outcomes: list[Outcome] = []
    links = [stage.stored() for _ in range(4)]
    batch = stage.pixlab.delete_many(links, concurrency=2)

    async def work() -> None:
        async with batch:
            async for outcome in batch:
                outcomes.append(outcome)
                break

    yield work
    stage.ended = False  # whatever came of the others
    await see_outcomes(stage, batch, outcomes)


@swept("AsyncPixLab.delete_all", **MANY)
async def all_of_an_async_generator(stage: Stage) -> AsyncGenerator[Work]:
    links = [stage.stored() for _ in range(4)]

    async def given() -> AsyncGenerator[str]:
        for link in links:
            await turns(1)
            yield link

    async with aclosing(given()) as iterated:
        yield lambda: stage.pixlab.delete_all(iterated, concurrency=2)
    assert not stage.ended or not stage.emulator.stored()


@swept(
    "DeleteMany.recall", "Ledger.recall", "Ledger.stored", "Pages.__anext__", ledger=True, **MANY
)
async def all_of_a_ledger(stage: Stage) -> AsyncGenerator[Work]:
    assert stage.ledger is not None
    links = [stage.stored() for _ in range(4)]
    await stage.ledger.add(links)
    stage.in_doubt |= set(links)
    batch = stage.pixlab.delete_many(stage.ledger.stored(), concurrency=2)

    async def work() -> None:
        async for _ in batch:
            pass
        await batch.recall()

    yield work
    batch.stop()
    async for _ in batch:
        pass


# --- A ledger -------------------------------------------------------------------------------

READ = ["count", "stats", "stored", "uncertain"]
WRITTEN = ["add", "forget", "forget_all", "recall", "flush"]


@swept(
    *(f"Ledger.{name}" for name in [*READ, *WRITTEN]),
    "Pages.__anext__",
    wire=False,
    ledger=True,
)
async def a_ledger_that_is_written_and_read(stage: Stage) -> AsyncGenerator[Work]:
    ledger, links = stage.ledger, [stage.stored() for _ in range(2)]
    assert ledger is not None
    stage.in_doubt |= {"elsewhere"}

    async def work() -> None:
        assert await ledger.add([*links, "elsewhere"]) == 3
        assert await ledger.count() == 3
        assert await ledger.forget(["elsewhere"]) == 1
        assert [media.link async for media in ledger.stored()] == links
        assert [row async for row in ledger.uncertain()] == []
        assert (await ledger.stats()).stored == 2
        assert await ledger.forget_all("gone") == 0
        assert await ledger.recall(within="1h") == 0
        await ledger.flush()

    yield work
    assert await ledger.add(links) in (0, 1, 2)
    assert await ledger.forget(["elsewhere"]) in (0, 1)


@swept("Ledger.__aenter__", "Ledger.__aexit__", "Ledger.aclose", wire=False, stride=1, ledger=True)
async def a_ledger_that_is_opened_and_closed(stage: Stage) -> AsyncGenerator[Work]:
    links = [stage.stored() for _ in range(2)]
    assert stage.ledger is not None
    path = stage.ledger.path
    made: list[Ledger] = []

    async def work() -> None:
        async with Ledger(path) as ledger:
            made.append(ledger)
            await ledger.add(links)

    yield work
    for ledger in made:
        await ledger.aclose()
    await stage.ledger.add(links)
    assert sorted(str(link) for (link,) in ask(path, KNOWN)) == sorted(links)


# --- A job ----------------------------------------------------------------------------------


@swept("CleanupJob.run", "CleanupJob.open", "CleanupJob.aclose", more=2, stride=8)
async def a_job_with_a_report(stage: Stage) -> AsyncGenerator[Work]:
    links = [stage.stored() for _ in range(4)]
    source = stage.file("links.txt", "\n".join(links).encode())
    journal, report = stage.folder / "journal", stage.folder / "report.html"
    job = CleanupJob(source, journal, concurrency=2, reports=[report])
    yield lambda: job.run(stage.pixlab)
    assert not stage.ended or not stage.emulator.stored()
    summary = await CleanupJob(source, journal, concurrency=2).run(stage.pixlab)
    assert summary.counts.keys() <= {"deleted", "deleted_unconfirmed"}
    assert not stage.emulator.stored()
    stage.left |= {"journal", "report.html", *(f"journal{end}" for end in JOURNAL_FILES)}


JOURNAL_FILES = ["-wal", "-shm", ".lock"]


@swept("CleanupJob.open", "CleanupJob.aclose", wire=False, stride=2)
async def a_job_that_is_opened_and_closed(stage: Stage) -> AsyncGenerator[Work]:
    source = stage.file("links.txt", stage.stored().encode())
    journal = stage.folder / "journal"
    job = CleanupJob(source, journal)

    async def work() -> None:
        assert (await job.open()).pending == 1
        await job.aclose()

    yield work
    await job.aclose()
    again = CleanupJob(source, journal)
    assert (await again.open()).pending == 1
    await again.aclose()
    stage.left |= {"journal", *(f"journal{end}" for end in JOURNAL_FILES)}


# --- The emulator ---------------------------------------------------------------------------


@swept("Emulator.__aenter__", "Emulator.__aexit__", wire=False, stride=2)
async def an_emulator(stage: Stage) -> AsyncGenerator[Work]:
    made: list[Emulator] = []

    async def work() -> None:
        made.append(Emulator())
        async with made[0]:
            await turns(2)

    yield work
    assert all(emulator._server is None for emulator in made)
