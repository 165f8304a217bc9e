"""Downloads: whole or not at all, without the key, from safe addresses only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from pixlab_async import (
    AsyncPixLab,
    ConfigurationError,
    ConnectionFailed,
    Media,
    NotFound,
    RateLimited,
    ReplyError,
    TimedOut,
    UnreadableReply,
)
from pixlab_async.emulator import Emulator, Fault

from .conftest import QUICK, Lane
from .scripted import Cut, http, serve, wait_until

KEY = "0123456789abcdef0123456789abcdef"

# Each test over both lanes.
pytestmark = pytest.mark.usefixtures("lane")


async def test_a_stored_picture_is_fetched_whole(
    pixlab: AsyncPixLab, picture: bytes, tmp_path: Path
) -> None:
    media = await pixlab.store(picture)

    path = await pixlab.download(media, tmp_path / "cat.png")

    assert path.read_bytes() == picture


async def test_a_link_will_do_and_a_file_that_is_there_is_replaced(
    pixlab: AsyncPixLab, picture: bytes, tmp_path: Path
) -> None:
    media = await pixlab.store(picture)
    path = tmp_path / "cat.png"
    path.write_bytes(b"old")

    await pixlab.download(media.link, str(path))

    assert path.read_bytes() == picture
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("auth", ["query", "header"])
async def test_the_key_does_not_go_along(
    emulator: Emulator, tmp_path: Path, auth: str, lane: Lane
) -> None:
    with serve([http(b"bytes", 200, ["Set-Cookie: a=1"])] * 2) as script:
        async with AsyncPixLab(
            transport=lane,
            base_url=script.base_url,
            api_key=KEY,
            auth=auth,  # type: ignore[arg-type]  # from a table
        ) as pixlab:
            await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a")

    assert KEY.encode() not in script.requests[0]
    assert script.requests[0].startswith(b"GET /a.png HTTP/1.1\r\n")


async def test_a_half_file_never_appears(tmp_path: Path, lane: Lane) -> None:
    with serve([Cut(http(b"half", length=1000))]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, retry=QUICK) as pixlab:
            with pytest.raises(ConnectionFailed) as caught:
                await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")

    assert list(tmp_path.iterdir()) == []
    assert caught.value.attempts == 3


async def test_a_broken_download_is_tried_again(tmp_path: Path, lane: Lane) -> None:
    with serve([Cut(http(b"half", length=1000))], [http(b"whole")]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, retry=QUICK) as pixlab:
            path = await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")

    assert path.read_bytes() == b"whole"


async def test_a_cancelled_download_leaves_no_file(tmp_path: Path, lane: Lane) -> None:
    with serve([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", b""]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url) as pixlab:
            with anyio.move_on_after(0.1) as scope:
                await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")

    assert scope.cancelled_caught
    assert list(tmp_path.iterdir()) == []


async def test_the_deadline_covers_a_download(tmp_path: Path, lane: Lane) -> None:
    with serve([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", b""]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, deadline=0.1) as pixlab:
            with pytest.raises(TimedOut):
                await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")

    assert list(tmp_path.iterdir()) == []


async def test_a_file_over_the_limit_is_refused_and_not_kept(
    pixlab: AsyncPixLab, picture: bytes, tmp_path: Path
) -> None:
    media = await pixlab.store(picture)

    with pytest.raises(UnreadableReply, match="limit of 10 bytes"):
        await pixlab.download(media, tmp_path / "cat.png", max_bytes=10)

    assert list(tmp_path.iterdir()) == []


async def test_a_missing_picture_is_not_found(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path
) -> None:
    with pytest.raises(NotFound) as caught:
        await pixlab.download(f"{emulator.base_url}/media.pixlab.xyz/a.png", tmp_path / "a")

    assert caught.value.endpoint == "download"


async def test_a_redirect_is_not_followed(tmp_path: Path, lane: Lane) -> None:
    with serve([http(b"", 302, ["Location: http://127.0.0.1/other"])]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url) as pixlab:
            with pytest.raises(ReplyError) as caught:
                await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")

    assert caught.value.status == 302


async def test_an_encoding_that_was_not_asked_for_is_refused(tmp_path: Path, lane: Lane) -> None:
    with serve([http(b"zipped", 200, ["Content-Encoding: gzip"])]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, retry=QUICK) as pixlab:
            with pytest.raises(UnreadableReply, match="encoded as 'gzip'"):
                await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")


@pytest.mark.parametrize(
    "link",
    [
        "http://example.org/a.png",
        "ftp://example.org/a",
        "file:///etc/passwd",
        "a.png",
        "",
        "x y",
        "https://[bad/x",
        "https://127.0.0.1:99999/x",
        "https://xn--/x",
        "https://" + "a" * 64 + "/x",
        "https://a..b/x",
        "https://\u2024a/x",
        7,
    ],
)
async def test_an_address_that_is_not_safe_is_refused(
    pixlab: AsyncPixLab, tmp_path: Path, link: Any
) -> None:
    with pytest.raises(ConfigurationError):
        await pixlab.download(link, tmp_path / "a.png")


async def test_the_secure_one_of_two_links_is_taken(
    pixlab: AsyncPixLab, picture: bytes, tmp_path: Path
) -> None:
    stored = await pixlab.store(picture)
    media = Media("http://media.example/a.png", stored.id, {"ssl_link": stored.link})

    assert (await pixlab.download(media, tmp_path / "a.png")).read_bytes() == picture


async def test_a_folder_that_is_not_there_is_told(
    pixlab: AsyncPixLab, picture: bytes, tmp_path: Path
) -> None:
    media = await pixlab.store(picture)

    with pytest.raises(ConfigurationError, match="none' cannot be written: No such file"):
        await pixlab.download(media, tmp_path / "none" / "a.png")


async def test_a_destination_that_is_a_folder_is_told(
    pixlab: AsyncPixLab, picture: bytes, tmp_path: Path
) -> None:
    media = await pixlab.store(picture)

    with pytest.raises(ConfigurationError, match="cannot be written: Is a directory"):
        await pixlab.download(media, tmp_path)

    assert list(tmp_path.parent.glob(".*.part")) == []


async def test_a_nameless_host_is_never_reached(pixlab: AsyncPixLab, tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await pixlab.download("https://no-such-host.invalid/a.png", tmp_path / "a.png")

    assert not caught.value.sent


async def test_more_downloads_than_connections_wait_their_turn(
    emulator: Emulator, picture: bytes, tmp_path: Path, lane: Lane
) -> None:
    async with AsyncPixLab(
        transport=lane, base_url=emulator.base_url, api_key=emulator.api_key, connections=2
    ) as pixlab:
        media = await pixlab.store(picture)
        async with anyio.create_task_group() as group:
            for number in range(10):
                group.start_soon(pixlab.download, media, tmp_path / f"{number}.png")

    assert {path.read_bytes() for path in tmp_path.iterdir()} == {picture}
    assert len(list(tmp_path.iterdir())) == 10


async def test_a_transport_of_the_callers_downloads_too(
    emulator: Emulator, picture: bytes, tmp_path: Path
) -> None:
    transport = httpx.AsyncHTTPTransport(verify=False)
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, transport=transport
    ) as pixlab:
        media = await pixlab.store(picture)
        path = await pixlab.download(media, tmp_path / "a.png")

    assert path.read_bytes() == picture


async def test_a_client_of_the_callers_downloads_without_its_own_headers(tmp_path: Path) -> None:
    with serve([http(b"bytes")]) as script:
        async with (
            httpx.AsyncClient(headers={"X-Secret": "hush"}, cookies={"a": "b"}) as http_client,
            AsyncPixLab(
                base_url=script.base_url,
                api_key=KEY,
                http_client=http_client,
                auth="header",
            ) as pixlab,
        ):
            await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")

    assert b"hush" not in script.requests[0]
    assert b"ookie" not in script.requests[0]


async def test_a_fault_of_the_media_host_is_tried_again(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, tmp_path: Path
) -> None:
    media = await pixlab.store(picture)
    emulator.inject(Fault(endpoint="media", status=503))

    assert (await pixlab.download(media, tmp_path / "a.png")).read_bytes() == picture


@pytest.mark.parametrize("lane", ["httpx"])
async def test_the_link_is_not_in_httpx_s_log(
    pixlab: AsyncPixLab, picture: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    media = await pixlab.store(picture)

    with caplog.at_level("DEBUG"):
        await pixlab.download(media, tmp_path / "a.png")

    assert "HTTP Request: GET http://127.0.0.1" in caplog.text
    assert media.id not in caplog.text


async def test_a_query_in_the_link_goes_along(tmp_path: Path, lane: Lane) -> None:
    with serve([http(b"bytes")]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url) as pixlab:
            await pixlab.download(f"{script.base_url}/a%20b.png?v=1&w=%C3%A9#part", tmp_path / "a")

    assert script.requests[0].startswith(b"GET /a%20b.png?v=1&w=%C3%A9 HTTP/1.1\r\n")


async def test_the_real_service_cannot_send_us_to_this_machine(tmp_path: Path) -> None:
    async with AsyncPixLab(api_key=KEY) as pixlab:
        with pytest.raises(ConfigurationError, match="leads to this machine"):
            await pixlab.download("http://127.0.0.1:1/a.png", tmp_path / "a.png")


async def test_a_limit_of_the_media_host_is_waited_for(tmp_path: Path, lane: Lane) -> None:
    busy = http(b"", 429, ["Retry-After: 0.3"])
    with serve([busy, http(b"whole")], [http(b"whole")]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, retry=QUICK) as pixlab:
            began = anyio.current_time()
            await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")

            assert anyio.current_time() - began >= 0.3


async def test_a_file_over_the_limit_is_fetched_once(tmp_path: Path, lane: Lane) -> None:
    with serve([http(b"bytes")]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, retry=QUICK) as pixlab:
            with pytest.raises(UnreadableReply) as caught:
                await pixlab.download(f"{script.base_url}/a", tmp_path / "a", max_bytes=2)

    assert (len(script.requests), caught.value.attempts) == (1, 1)


async def test_a_wait_that_the_deadline_would_cut_is_not_begun(tmp_path: Path, lane: Lane) -> None:
    busy = http(b"", 429, ["Retry-After: 30"])
    with serve([busy]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, deadline=5) as pixlab:
            with pytest.raises(RateLimited) as caught:
                await pixlab.download(f"{script.base_url}/a.png", tmp_path / "a.png")

    assert (caught.value.retry_after, caught.value.history[0][:3]) == (30.0, "429")


async def test_the_wait_for_a_free_connection_is_covered_too(
    emulator: Emulator, picture: bytes, tmp_path: Path, lane: Lane
) -> None:
    emulator.inject(Fault(endpoint="media", latency=0.5))
    async with AsyncPixLab(
        transport=lane, base_url=emulator.base_url, api_key=emulator.api_key, connections=1
    ) as pixlab:
        media = await pixlab.store(picture)
        async with anyio.create_task_group() as group:
            group.start_soon(pixlab.download, media, tmp_path / "a")
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(TimedOut) as caught:
                await pixlab.with_options(deadline=0.05).download(media, tmp_path / "b")

    assert (caught.value.phase, caught.value.endpoint) == ("queue", "download")


async def test_a_download_that_is_cancelled_tells_nothing_of_the_hosts_limit(
    lane: Lane, tmp_path: Path
) -> None:
    busy = http(b"", 429, ["Retry-After: 0", "Connection: close"])
    with serve([busy], [b""]) as script:
        async with AsyncPixLab(
            base_url=script.base_url, api_key=KEY, retry=QUICK, transport=lane
        ) as pixlab:
            async with anyio.create_task_group() as group:
                link = f"{script.base_url}/cat.png"
                group.start_soon(pixlab.download, link, tmp_path / "cat.png")
                await anyio.to_thread.run_sync(wait_until, lambda: len(script.requests) == 2)
                group.cancel_scope.cancel()

            pacer = pixlab._core.downloads.pacer
            # Only a reply says that the host takes requests again.
            assert (pacer._probing, pacer._probe_out) == (True, False)


@pytest.mark.parametrize("destination", ["", ".", "a\0b"])
async def test_a_destination_that_names_no_file_is_told(
    pixlab: AsyncPixLab, picture: bytes, destination: str
) -> None:
    media = await pixlab.store(picture)

    with pytest.raises(ConfigurationError):
        await pixlab.download(media, destination)


async def test_a_long_name_is_fine(pixlab: AsyncPixLab, picture: bytes, tmp_path: Path) -> None:
    media = await pixlab.store(picture)

    assert (await pixlab.download(media, tmp_path / ("a" * 250))).exists()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_downloads_under_way_at_the_end_of_a_program_leave_no_parts(
    emulator: Emulator, tmp_path: Path, lane: Lane
) -> None:
    """asyncio.run cancels every task natively, those that the client works in too."""
    with serve([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", b""]) as script:

        async def main() -> None:
            pixlab = AsyncPixLab(transport=lane, base_url=script.base_url)
            link = f"{script.base_url}/a.png"
            tasks = [
                asyncio.create_task(pixlab.download(link, tmp_path / f"{n}")) for n in range(9)
            ]
            await asyncio.sleep(0.2)
            assert not any(task.done() for task in tasks)
            await pixlab.aclose()

        await anyio.to_thread.run_sync(asyncio.run, main())

    assert list(tmp_path.iterdir()) == []
