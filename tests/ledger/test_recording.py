"""What calls leave in the ledger, over a real socket and in a real file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from pixlab_async import (
    AsyncPixLab,
    Call,
    ConfigurationError,
    ConnectionFailed,
    Media,
    NotFound,
    PixLabError,
    RetryPolicy,
    Success,
    UnreadableReply,
    UnsupportedMedia,
)
from pixlab_async._endpoint import ENDPOINTS
from pixlab_async.emulator import Emulator, Fault
from pixlab_async.ledger import Ledger, StoredMedia
from pixlab_async.ledger._rows import Kept
from pixlab_async.transports import Reply, Request

from ..databases import ask, mounted
from ..scripted import http, serve, wait_until

KEY = "0123456789abcdef0123456789abcdef"


async def links(ledger: Ledger, **which: Any) -> list[str]:
    return [media.link async for media in ledger.stored(**which)]


async def states(ledger: Ledger) -> tuple[int, int, int]:
    """How many are stored, uncertain, gone."""
    stats = await ledger.stats()
    return stats.stored, stats.uncertain, stats.gone


def client_of(base_url: str, ledger: Ledger, **options: Any) -> AsyncPixLab:
    return AsyncPixLab(base_url=base_url, api_key="some-key", ledger=ledger, **options)


# What is stored.


async def test_a_stored_picture_is_in_the_ledger(
    pixlab: AsyncPixLab, ledger: Ledger, picture: bytes
) -> None:
    stored = await pixlab.with_options(tag="avatars").store(picture)

    rows = [media async for media in ledger.stored()]
    assert rows == [
        StoredMedia(
            stored.link,
            stored.id,
            endpoint="store",
            stored_at=rows[0].stored_at,
            tag="avatars",
            temporary=False,
        )
    ]
    assert timedelta() <= datetime.now(UTC) - rows[0].stored_at < timedelta(minutes=1)


async def test_the_link_is_in_the_file_when_the_method_returns(
    pixlab: AsyncPixLab, ledger: Ledger, picture: bytes
) -> None:
    stored = await pixlab.store(picture)

    query = "SELECT link, id FROM media WHERE gone IS NULL"
    assert ask(ledger.path, query) == [(stored.link, stored.id)]


async def test_an_intent_is_in_the_file_before_anything_is_sent(ledger: Ledger) -> None:
    seen: list[object] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.extend(ask(ledger.path, "SELECT endpoint, tag, link FROM media"))
        return httpx.Response(200, json={"status": 200, "link": "http://m/a.png", "id": "a.png"})

    async with client_of(
        "http://127.0.0.1:9", ledger, transport=httpx.MockTransport(answer), tag="b"
    ) as pixlab:
        await pixlab.flip("http://example.org/a.png")

    assert seen == [("flip", "b", None)]


async def test_a_generic_call_is_recorded_too(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    await pixlab.call("flip", source=picture)

    assert await links(ledger, endpoint="flip") == emulator.stored()


async def test_bytes_leave_no_trace(pixlab: AsyncPixLab, ledger: Ledger, picture: bytes) -> None:
    await pixlab.blob.flip(picture)

    assert not ledger.path.exists()


async def test_what_leaves_nothing_stored_leaves_no_trace(
    pixlab: AsyncPixLab, ledger: Ledger
) -> None:
    await pixlab.status()

    assert not ledger.path.exists()


async def test_a_picture_that_comes_within_the_reply_leaves_no_row(ledger: Ledger) -> None:
    picture = http(b"\x89PNG....", headers=["Content-Type: image/png"])
    with serve([picture]) as script:
        async with client_of(script.base_url, ledger) as pixlab:
            await pixlab.bgremove("http://example.org/a.png")

    assert await states(ledger) == (0, 0, 0)


async def test_a_rendering_is_found_by_its_url(ledger: Ledger) -> None:
    with serve([http(b'{"status":200,"url":"http://m/r.png"}')]) as script:
        async with client_of(script.base_url, ledger) as pixlab:
            await pixlab.template(template_id="a", output="image", data={})

    assert await links(ledger) == ["http://m/r.png"]


async def test_a_picture_is_recorded_although_its_reply_is_no_result(ledger: Ledger) -> None:
    def no_result(success: Success) -> Media:
        success.lacks("size", "a number")

    with serve([http(b'{"status":200,"link":"http://m/a.png"}')]) as script:
        async with client_of(script.base_url, ledger) as pixlab:
            with pytest.raises(UnreadableReply):
                await pixlab.send(Call(ENDPOINTS["flip"], no_result))

    assert await links(ledger) == ["http://m/a.png"]


async def test_a_link_that_is_no_text_in_utf_8_does_not_stop_the_ledger(ledger: Ledger) -> None:
    odd = http(b'{"status":200,"link":"http://m/\\ud83d.png","id":"\\ud83d"}')
    good = http(b'{"status":200,"link":"http://m/b.png","id":"b"}')
    with serve([odd, good]) as script:
        async with client_of(script.base_url, ledger) as pixlab:
            await pixlab.flip("http://example.org/a.png")
            await pixlab.flip("http://example.org/a.png")

    assert await links(ledger) == ["http://m/?.png", "http://m/b.png"]


async def test_a_link_is_kept_although_its_intent_was_forgotten_meanwhile(ledger: Ledger) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        other = Ledger(ledger.path)
        assert await other.forget_all("uncertain") == 1
        await other.aclose()
        return httpx.Response(200, json={"status": 200, "link": "http://m/a.png", "id": "a.png"})

    async with client_of(
        "http://127.0.0.1:9", ledger, transport=httpx.MockTransport(answer), tag="a"
    ) as pixlab:
        await pixlab.flip("http://example.org/a.png")

    assert await links(ledger, tag="a", endpoint="flip") == ["http://m/a.png"]


async def test_a_success_without_the_link_that_it_promises_is_uncertain(ledger: Ledger) -> None:
    with serve([http(b'{"status":200}')]) as script:
        async with client_of(script.base_url, ledger) as pixlab:
            with pytest.raises(UnreadableReply):
                await pixlab.flip("http://example.org/a.png")

    assert await states(ledger) == (0, 1, 0)


async def test_sources_that_are_stored_for_a_call_are_recorded_and_marked(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    await pixlab.meme(picture, bottom="b")

    rows = ask(ledger.path, "SELECT endpoint, temporary, gone IS NULL FROM media ORDER BY row")
    await ledger.flush()
    assert rows[0][:2] == ("store", 1)
    assert rows[1] == ("meme", 0, 1)
    assert await states(ledger) == (1, 0, 1)


async def test_derived_clients_share_the_ledger_and_have_their_own_tags(
    pixlab: AsyncPixLab, ledger: Ledger, picture: bytes
) -> None:
    tagged = pixlab.with_options(tag="a")
    stored = [
        (await client.store(picture)).link
        for client in (pixlab, tagged, tagged.with_options(timeout=5), tagged.with_options(tag=""))
    ]

    assert await links(ledger, tag="a") == stored[1:3]
    assert await links(ledger, tag="") == [stored[0], stored[3]]


async def test_a_tag_is_printable_text(pixlab: AsyncPixLab) -> None:
    with pytest.raises(ConfigurationError, match="tag must be a str of printable"):
        pixlab.with_options(tag="a\nb")


def test_a_ledger_is_a_ledger() -> None:
    wrong: Any = "media.db"
    with pytest.raises(ConfigurationError, match=r"ledger=Ledger\('media.db'\), not str"):
        AsyncPixLab(api_key="a", ledger=wrong)


# What is not, or not for certain.


async def test_a_refused_call_leaves_no_row(pixlab: AsyncPixLab, ledger: Ledger) -> None:
    with pytest.raises(UnsupportedMedia):
        await pixlab.store(b"no picture")

    assert await states(ledger) == (0, 0, 0)


async def test_a_call_that_is_never_sent_leaves_no_row(ledger: Ledger, picture: bytes) -> None:
    async with client_of("http://127.0.0.1:9", ledger, retry=RetryPolicy(attempts=1)) as pixlab:
        with pytest.raises(ConnectionFailed):
            await pixlab.store(picture)

    assert await states(ledger) == (0, 0, 0)


async def test_a_source_that_cannot_be_read_leaves_no_row(
    pixlab: AsyncPixLab, ledger: Ledger, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await pixlab.store(tmp_path / "no.png")

    assert await states(ledger) == (0, 0, 0)


async def test_a_lost_reply_leaves_an_uncertain_row(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="store", acts=True, reset="before"))
    with pytest.raises(ConnectionFailed):
        await pixlab.with_options(tag="a").store(picture)

    rows = [call async for call in ledger.uncertain()]
    assert [(call.endpoint, call.tag, call.temporary) for call in rows] == [("store", "a", False)]
    assert len(emulator.stored()) == 1


async def test_an_attempt_that_was_lost_before_one_that_worked_stays_uncertain(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    """The caller opted in: it may be stored twice."""
    emulator.inject(Fault(endpoint="store", acts=True, reset="before"))
    policy = RetryPolicy(base=0.001, cap=0.002, repeat_stored=True)
    await pixlab.with_options(retry=policy).store(picture)

    assert len(emulator.stored()) == 2
    assert await states(ledger) == (1, 1, 0)


async def test_a_call_that_is_cancelled_after_it_was_sent_stays_uncertain(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="store", latency=0.2))
    async with anyio.create_task_group() as group:
        group.start_soon(pixlab.store, picture)
        while not emulator.received:
            await anyio.sleep(0.001)
        group.cancel_scope.cancel()

    assert await states(ledger) == (0, 1, 0)
    wait_until(emulator.stored)  # it is, since nobody told the service


async def test_a_call_that_is_cancelled_while_its_intent_is_written_leaves_no_row(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    with ledger._writer._opened.use():
        async with anyio.create_task_group() as group:
            group.start_soon(pixlab.store, picture)
            while not ledger._writer.unsaved:
                await anyio.sleep(0)
            group.cancel_scope.cancel()

    assert await states(ledger) == (0, 0, 0)
    assert not emulator.received


async def test_a_link_is_kept_although_its_caller_is_cancelled_while_it_is_written(
    ledger: Ledger,
) -> None:
    lock = ledger._writer._opened._lock

    async def answer(request: httpx.Request) -> httpx.Response:
        lock.acquire()  # the writer waits from now on
        return httpx.Response(200, json={"status": 200, "link": "http://m/a.png", "id": "a.png"})

    async with client_of(
        "http://127.0.0.1:9", ledger, transport=httpx.MockTransport(answer)
    ) as pixlab:
        async with anyio.create_task_group() as group:
            group.start_soon(pixlab.flip, "http://example.org/a.png")
            while not any(isinstance(row, Kept) for row in ledger._writer._pending):
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
        lock.release()

    assert await links(ledger) == ["http://m/a.png"]


# What is gone.


@pytest.mark.parametrize("name", ["link", "id"])
async def test_a_deletion_marks_its_row(
    pixlab: AsyncPixLab, ledger: Ledger, picture: bytes, name: str
) -> None:
    stored = await pixlab.store(picture)
    await pixlab.delete(getattr(stored, name))

    assert await states(ledger) == (0, 0, 1)


async def test_a_deletion_by_the_secure_link_marks_its_row(ledger: Ledger) -> None:
    reply = b'{"status":200,"link":"http://m/a.png","id":"a","ssl_link":"https://m/a.png"}'
    with serve([http(reply), http()]) as script:
        async with client_of(script.base_url, ledger) as pixlab:
            await pixlab.flip("http://example.org/a.png")
            await pixlab.delete("https://m/a.png")

    assert await states(ledger) == (0, 0, 1)


async def test_a_batch_marks_its_rows_while_it_reads_them(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    for _ in range(5):
        await pixlab.store(picture)
    outcomes = [outcome async for outcome in pixlab.delete_many(ledger.stored())]

    assert [outcome.state for outcome in outcomes] == ["deleted"] * 5
    assert (emulator.stored(), await states(ledger)) == ([], (0, 0, 5))


async def test_a_picture_that_is_gone_already_is_marked(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    stored = await pixlab.store(picture)
    emulator.clear()
    with pytest.raises(NotFound):
        await pixlab.delete(stored)
    await ledger.flush()

    assert ask(ledger.path, "SELECT ending FROM media") == [("already_gone",)]


async def test_a_deletion_whose_reply_was_lost_is_marked(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    stored = await pixlab.store(picture)
    emulator.inject(Fault(endpoint="delete", acts=True, reset="before"))
    await pixlab.delete(stored)
    await ledger.flush()

    assert ask(ledger.path, "SELECT ending FROM media") == [("deleted_unconfirmed",)]


async def test_a_deletion_that_is_not_confirmed_marks_nothing(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    stored = await pixlab.store(picture)
    for fault in (
        Fault(endpoint="delete", status=500, times=3),
        Fault(endpoint="delete", status=400),
        Fault(endpoint="delete", body=b'{"status":200,"deleted":false}', times=3),
        Fault(endpoint="delete", body=b"<html>", http_status=404, times=3),
    ):
        emulator.inject(fault)
        with pytest.raises(PixLabError):
            await pixlab.delete(stored)

    assert await states(ledger) == (1, 0, 0)


async def test_a_deletion_without_a_link_is_the_services_to_refuse(
    pixlab: AsyncPixLab, ledger: Ledger
) -> None:
    with pytest.raises(PixLabError):
        await pixlab.call("delete")

    assert await states(ledger) == (0, 0, 0)


# What should be gone.


async def test_a_temporary_picture_is_marked_as_one(
    pixlab: AsyncPixLab, ledger: Ledger, picture: bytes
) -> None:
    kept = await pixlab.store(picture)
    async with pixlab.temporary(pixlab.flip(picture)) as media:
        assert await links(ledger, temporary=True) == [media.link]
        assert await links(ledger, temporary=False) == [kept.link]

    assert await states(ledger) == (1, 0, 1)


async def test_what_is_stored_within_the_block_is_not_temporary(
    pixlab: AsyncPixLab, ledger: Ledger, picture: bytes
) -> None:
    async def use(media: Media) -> Media:
        return await pixlab.copy(media)

    kept = await pixlab.generate_then_delete(pixlab.flip(picture), use=use)

    assert await links(ledger) == await links(ledger, temporary=False) == [kept.link]


# A ledger that cannot be written.


@pytest.mark.parametrize("path", ["no/media.db", "file/media.db", "."])
async def test_a_bad_path_is_told_before_anything_is_sent(
    emulator: Emulator, tmp_path: Path, picture: bytes, path: str
) -> None:
    (tmp_path / "file").touch()
    ledger = Ledger(tmp_path / path)
    async with client_of(emulator.base_url, ledger) as pixlab:
        for _ in range(3):
            with pytest.raises(ConfigurationError, match="The ledger"):
                await pixlab.store(picture)

    assert (list(emulator.received), ledger.unsaved) == ([], 0)


async def test_a_read_only_file_system_is_told_before_anything_is_sent(
    emulator: Emulator, tmp_path: Path, picture: bytes
) -> None:
    with mounted(tmp_path / "mounted", "-t", "tmpfs", "-o", "ro", "tmpfs") as folder:
        async with client_of(emulator.base_url, Ledger(folder / "media.db")) as pixlab:
            with pytest.raises(ConfigurationError, match="Read-only file system"):
                await pixlab.store(picture)

    assert list(emulator.received) == []


async def test_a_disk_that_is_full_after_the_picture_was_made_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=512k", "tmpfs") as folder:
        ballast = folder / "ballast"
        long = "http://m/" + "a" * 200_000

        async def answer(request: httpx.Request) -> httpx.Response:
            with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                while True:
                    file.write(b"\0" * 4096)
            return httpx.Response(200, json={"status": 200, "link": long, "id": "a.png"})

        ledger = Ledger(folder / "media.db")
        async with client_of(
            "http://127.0.0.1:9", ledger, transport=httpx.MockTransport(answer)
        ) as pixlab:
            stored = await pixlab.flip("http://example.org/a.png")
            assert stored.link == long
            assert "A picture's link is not in the ledger yet" in caplog.text
            assert "full" in str(ledger.failure)
            with pytest.raises(PixLabError, match="rows wait in memory"):
                await pixlab.flip("http://example.org/a.png")

            ballast.unlink()
            assert await links(ledger) == [long]
            assert ledger.failure is None
        await ledger.aclose()


async def test_the_end_of_a_client_flushes_the_ledger(
    emulator: Emulator, ledger: Ledger, picture: bytes
) -> None:
    async with client_of(emulator.base_url, ledger) as pixlab:
        pass
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, ledger=ledger
    ) as pixlab:
        await pixlab.delete(await pixlab.store(picture))
    assert ledger.unsaved == 0


async def test_an_end_that_cannot_flush_is_logged_and_goes_on(
    emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(tmp_path / "no" / "media.db")
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, ledger=ledger
    ) as pixlab:
        with pytest.raises(NotFound):
            await pixlab.delete("1p0000000000000.png")

    assert "No such file or directory" in caplog.text
    (tmp_path / "no").mkdir()
    await ledger.aclose()


# Many at once.


async def test_a_hundred_callers_lose_nothing(
    pixlab: AsyncPixLab, ledger: Ledger, emulator: Emulator, picture: bytes
) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(pixlab.store, picture)

    assert sorted(await links(ledger)) == sorted(emulator.stored())
    assert await states(ledger) == (100, 0, 0)


class Answering:
    """A transport whose caller is cancelled in the moment in which the reply is whole."""

    def __init__(self, cancel: Callable[[], object]) -> None:
        self._cancel = cancel

    async def send(self, request: Request) -> Reply:
        self._cancel()
        link = "https://media.example/a.png"
        body = json.dumps({"status": 200, "id": "a.png", "link": link}).encode()
        return Reply(200, {"content-type": "application/json"}, body)

    def fetch(self, url: str, *, timeout: float) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to close."""


async def test_a_reply_that_came_as_its_caller_was_cancelled_is_on_record(ledger: Ledger) -> None:
    with anyio.CancelScope() as scope:
        transport: Any = Answering(scope.cancel)
        async with AsyncPixLab(api_key=KEY, transport=transport, ledger=ledger) as pixlab:
            await pixlab.newimage(width=2, height=2)

    assert [media.id async for media in ledger.stored()] == ["a.png"]
    assert (await ledger.stats()).uncertain == 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_reply_that_came_as_its_task_was_cancelled_is_on_record(ledger: Ledger) -> None:
    tasks: list[asyncio.Task[Media]] = []

    def cancel() -> None:
        tasks[0].cancel()

    transport: Any = Answering(cancel)
    async with AsyncPixLab(api_key=KEY, transport=transport, ledger=ledger) as pixlab:
        tasks.append(asyncio.ensure_future(pixlab.newimage(width=2, height=2)))
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    assert [media.id async for media in ledger.stored()] == ["a.png"]
    assert (await ledger.stats()).uncertain == 0
