"""Several processes and one ledger; processes that are killed."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import anyio
import pytest

from pixlab_async import AsyncPixLab
from pixlab_async.emulator import Emulator, Fault
from pixlab_async.ledger import Ledger

from ..databases import ask, program

KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL

_STORES = """
import sys, anyio
from pathlib import Path
from pixlab_async import AsyncPixLab, Ledger
path, picture, url, key = sys.argv[1:]
async def main():
    async with Ledger(path) as ledger, AsyncPixLab(
        base_url=url, api_key=key, ledger=ledger
    ) as pixlab:
        sys.stdin.readline()
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(pixlab.store, Path(picture))
anyio.run(main)
"""

_LENDS = """
import sys, anyio
from pathlib import Path
from pixlab_async import AsyncPixLab, Ledger
path, picture, url, key = sys.argv[1:]
async def main():
    pixlab = AsyncPixLab(base_url=url, api_key=key, ledger=Ledger(path), tag="lent")
    async with pixlab.temporary(pixlab.flip(Path(picture))) as media:
        print(media.link, flush=True)
        await anyio.sleep_forever()
anyio.run(main)
"""


@pytest.fixture
def file(tmp_path: Path, picture: bytes) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(picture)
    return path


async def links(ledger: Ledger) -> list[str]:
    return [media.link async for media in ledger.stored()]


def test_ten_processes_that_write_at_once_lose_no_row(
    emulator: Emulator, tmp_path: Path, file: Path
) -> None:
    path = tmp_path / "media.db"
    arguments = (path, file, emulator.base_url, emulator.api_key)
    running = [program(_STORES, *arguments) for _ in range(10)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        process.communicate(timeout=50)

    assert [process.returncode for process in running] == [0] * 10
    known = anyio.run(links, Ledger(path))
    assert len(known) == 200
    assert sorted(known) == sorted(emulator.stored())
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_temporary_picture_of_a_killed_process_is_found(
    emulator: Emulator, tmp_path: Path, file: Path
) -> None:
    path = tmp_path / "media.db"
    with program(_LENDS, path, file, emulator.base_url, emulator.api_key) as running:
        assert running.stdout is not None
        link = running.stdout.readline().strip()
        running.send_signal(KILL)

    async def clean_up() -> None:
        async with (
            Ledger(path) as ledger,
            AsyncPixLab(
                base_url=emulator.base_url, api_key=emulator.api_key, ledger=ledger
            ) as pixlab,
        ):
            left = [media async for media in ledger.stored(temporary=True)]
            assert [(media.link, media.tag) for media in left] == [(link, "lent")]
            assert [outcome.state async for outcome in pixlab.delete_many(left)] == ["deleted"]
            assert await ledger.count() == 0

    anyio.run(clean_up)
    assert emulator.stored() == []


def test_a_process_that_is_killed_before_the_reply_leaves_its_intent(
    emulator: Emulator, tmp_path: Path, file: Path
) -> None:
    emulator.inject(Fault(endpoint="flip", latency=1, status=500))
    path = tmp_path / "media.db"
    with program(_LENDS, path, file, emulator.base_url, emulator.api_key) as running:
        while not emulator.received:
            assert running.poll() is None
        running.send_signal(KILL)

    rows = ask(path, "SELECT endpoint, tag, temporary, link FROM media")
    assert rows == [("flip", "lent", 1, None)]
    emulator.clear()
