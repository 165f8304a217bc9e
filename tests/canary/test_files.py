"""The files that ledgers, jobs, reports and the emulator leave: links in some, the key in none."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pixlab_async import ConfigurationError, Ledger
from pixlab_async.cleanup import CleanupJob
from pixlab_async.emulator import Emulator, Fault

from .conftest import Auth, reaching
from .hunting import IN_QUERY, KEY, LINK, VAULT, assert_discreet, assert_silent, files_in
from .telling import shown_by, told_by


def echo() -> bytes:
    """A reply that holds the key, where no frame of a test shows it."""
    links = f'"link":"http://m/{IN_QUERY}.png","id":"{VAULT.open()}"'
    return b'{"status":200,' + links.encode() + b"}"


async def test_the_key_is_in_no_ledger(
    service: Emulator, auth: Auth, tmp_path: Path, picture: bytes
) -> None:
    ledger = Ledger(tmp_path / "media.db")
    async with reaching(service.base_url, auth, ledger=ledger) as pixlab:
        await pixlab.delete(await pixlab.store(picture))
        service.inject(Fault(endpoint="flip", body=echo()))
        await pixlab.flip(picture)
        service.inject(Fault(endpoint="flip", acts=True, reset="before"))
        with pytest.raises(Exception, match="flip") as lost:
            await pixlab.flip(picture)
        open_files = files_in(tmp_path)
        told = [told_by(lost.value), shown_by(ledger), shown_by(await ledger.stats())]
    await ledger.aclose()

    assert {path.name for path in open_files} == {"media.db", "media.db-wal", "media.db-shm"}
    assert_silent(*told, *open_files.values(), *files_in(tmp_path).values())


async def test_a_ledger_that_cannot_be_written_is_silent(
    service: Emulator, tmp_path: Path, picture: bytes
) -> None:
    ledger = Ledger(tmp_path / "no" / "media.db")
    async with reaching(service.base_url, "query", ledger=ledger) as pixlab:
        with pytest.raises(ConfigurationError, match="No such file") as refused:
            await pixlab.store(picture)

    assert_silent(told_by(refused.value), shown_by(ledger))


@pytest.mark.parametrize("rows", [1000, 1])
async def test_the_key_is_in_nothing_that_a_job_leaves(
    service: Emulator, auth: Auth, tmp_path: Path, rows: int
) -> None:
    """Neither in its journal, with rows or with bits, nor in its reports."""
    reports = [tmp_path / f"report.{kind}" for kind in ("jsonl", "csv", "html")]
    service.inject(Fault(endpoint="delete", status=400, body=f'{{"x":"{KEY}"}}'.encode()))
    service.inject(Fault(endpoint="delete", body=f'{{"status":405,"error":"{KEY}"}}'.encode()))
    job = CleanupJob([LINK, "1p0.png", "no link"], tmp_path / "journal", rows=rows, reports=reports)
    async with reaching(service.base_url, auth) as pixlab:
        with pytest.raises(Exception, match="405") as stopped:
            await job.run(pixlab)
        files = files_in(tmp_path)
        told = [
            told_by(stopped.value),
            shown_by(job),
            shown_by(job.progress()),
            shown_by(job.summary()),
        ]
        await job.aclose()

    assert {path.name for path in files} >= {"journal", *(report.name for report in reports)}
    assert_silent(*told, *files.values(), *files_in(tmp_path).values())
    assert_discreet((tmp_path / "report.html").read_bytes())
    assert LINK in (tmp_path / "report.csv").read_text()  # 0600, and said so
    assert all(path.stat().st_mode & 0o077 == 0 for path in files if path.suffix != ".html")


async def test_the_emulators_server_is_silent_at_its_loudest(
    log: io.StringIO, auth: Auth, picture: bytes
) -> None:
    """uvicorn would print whole requests at its own level below DEBUG."""
    with Emulator(api_key=VAULT.open()) as emulator:
        async with reaching(emulator.base_url, auth) as pixlab:
            await pixlab.delete(await pixlab.store(picture))

    assert "uvicorn.error" in log.getvalue()
    assert_silent(log.getvalue())


async def test_the_emulator_keeps_pictures_and_no_keys(tmp_path: Path, picture: bytes) -> None:
    with Emulator(tmp_path, api_key=VAULT.open()) as emulator:
        async with reaching(emulator.base_url, "query") as pixlab:
            await pixlab.store(picture)
        files = files_in(tmp_path)

    assert files
    assert_silent(*files.values(), *files_in(tmp_path).values())
