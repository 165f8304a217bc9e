"""A job keeps the rate limit that was learnt, for its next run."""

from __future__ import annotations

from pathlib import Path

from pixlab_async import AsyncPixLab
from pixlab_async.cleanup import CleanupJob
from pixlab_async.emulator import Emulator


async def run(emulator: Emulator, journal: Path, *, known: float | None = None) -> float | None:
    """Run a job of one link; the limit that it came to."""
    async with AsyncPixLab(base_url=emulator.base_url, api_key=emulator.api_key) as pixlab:
        if known is not None:
            pixlab.seed_limit(known)
        return (await CleanupJob(["gone.png"], journal).run(pixlab)).limit


async def test_a_run_begins_at_nine_tenths_of_what_was_learnt(
    emulator: Emulator, tmp_path: Path
) -> None:
    learnt = await run(emulator, tmp_path / "journal", known=1000)

    assert learnt == 900
    assert await run(emulator, tmp_path / "journal") == 810


async def test_runs_that_learn_nothing_do_not_lower_the_limit(
    emulator: Emulator, tmp_path: Path
) -> None:
    await run(emulator, tmp_path / "journal", known=1000)

    limits = [await run(emulator, tmp_path / "journal") for _ in range(3)]

    assert limits == [810, 810, 810]
