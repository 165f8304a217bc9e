"""A job that is killed at any instant, again and again, and whose service is: nothing is lost."""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest
from attrs import define, field

from pixlab_async.cleanup._journal import UNSAVED
from pixlab_async.emulator import Emulator
from pixlab_async.emulator._media import BUCKET, MediaStore

from .processes import (
    TIMEOUT,
    cleanup,
    listed,
    rows,
    sent,
    settle_down,
    started,
    states_in,
    states_of,
    store,
    until,
)

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]

KILLS = 20
# Everything was stored before: "already_gone" would be a lie.
WAS_THERE = {"deleted", "deleted_unconfirmed"}
CONCURRENCY = 10
# Links of one job: some second of work, so that kills strike all of it.
LINKS = 500
# What may have been asked for and not be in the file when a kill strikes. Each such link is
#
# - in the writer's memory: a worker asks for no other while there are more than UNSAVED rows
#   (``Journal.keep_up``, called for each link), so UNSAVED at the most when the last one
#   was let through;
# - an outcome that the job has not taken from the batch yet, or under way: a worker that
#   found room in the window (``Run`` makes it ``max(20, 2 * concurrency)``) adds one at the
#   most, so the window's last but one, and one for each worker.
#
# The writer's group commit (100 rows, a quarter of a second) only makes it less.
UNFLUSHED = UNSAVED + max(20, 2 * CONCURRENCY) - 1
LOST = UNFLUSHED + CONCURRENCY


@define
class Job:
    """One list of links, and what is known of it after each kill."""

    emulator: Emulator
    folder: Path
    kind: tuple[str, ...]
    links: list[str] = field(init=False)
    file: Path = field(init=False)
    report: Path = field(init=False)
    known: dict[int, str] = field(factory=dict[int, str])
    again: int = 0
    held_back: int = 0

    def __attrs_post_init__(self) -> None:
        self.emulator.clear()
        self.folder.mkdir()
        self.links = store(self.emulator, LINKS)
        self.file = listed(self.folder, self.links)
        self.report = self.folder / "out.jsonl"

    @property
    def command(self) -> tuple[object, ...]:
        size = "--concurrency", CONCURRENCY
        return "cleanup", self.file, "--yes", *size, "--report", self.report, *self.kind

    def run_and_kill(self, instant: random.Random) -> bool:
        """Whether the kill struck before the job had ended."""
        with started(*self.command, emulator=self.emulator, stdout=DEVNULL) as process:
            self._wait(instant, process)
            process.kill()
            err = process.communicate(timeout=TIMEOUT)[1]
        assert process.returncode in (0, -signal.SIGKILL), err
        settle_down(self.emulator)
        self._check()
        return process.returncode != 0

    def _wait(self, instant: random.Random, process: Popen[str]) -> None:
        """Until some instant: of the start, of the work, or of the end."""

        def is_over() -> bool:
            return process.poll() is not None

        already = len(self.emulator.received)
        left = len(self.emulator.stored())
        match instant.choice(["start", "work", "work", "end"]):
            case "start":
                time.sleep(instant.uniform(0.0, 1.0))
            case "work":
                wanted = already + instant.randint(1, max(1, left))
                until(lambda: is_over() or len(self.emulator.received) >= wanted)
                time.sleep(instant.uniform(0.0, 0.01))
            case _:
                until(lambda: is_over() or not self.emulator.stored())
                time.sleep(instant.uniform(0.0, 0.4))

    def _check(self) -> None:
        """Compare what stands in the journal with what it held before, and with the service."""
        journal = self.file.with_name(f"{self.file.name}.journal")
        found = states_of(journal, self.folder / "copy")
        assert found.items() >= self.known.items(), "an acknowledged row was lost or changed"

        stored = set(self.emulator.stored())
        assert not stored & {self.links[place] for place in found}, "noted, and never deleted"
        asked = set(sent(self.emulator))
        lost = len(asked - {self.links[place] for place in found})
        # While nothing was found, 404s are kept back: those for links that an earlier kill
        # made unknown come on top.
        assert lost <= LOST + self.held_back
        self.again += lost
        self.held_back = 0 if "deleted" in found.values() else lost
        self.known = found

    def finish(self) -> None:
        """Bring it to its end."""
        done = cleanup(*self.command[1:], emulator=self.emulator)
        assert done.returncode == 0, done.stderr
        self._check()
        self.see_that_it_is_done()

    def see_that_it_is_done(self) -> None:
        """Nothing is missing, nothing is there twice."""
        assert self.emulator.stored() == []
        assert set(self.known) == set(range(LINKS))
        assert [row["link"] for row in rows(self.report)] == self.links
        assert set(states_in(self.report)) <= WAS_THERE
        twice = len(sent(self.emulator)) - LINKS
        assert twice <= self.again


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", [(), ("--compact",)], ids=["rows", "two-bits"])
def test_a_job_that_is_killed_again_and_again_loses_nothing_and_repeats_little(
    emulator: Emulator, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    instant = random.Random(20)
    job = Job(emulator, tmp_path / "0", kind)
    kills = 0
    for turn in range(1, 3 * KILLS):
        if job.run_and_kill(instant):
            kills += 1
        else:
            job.see_that_it_is_done()
            job = Job(emulator, tmp_path / str(turn), kind)
        if kills == KILLS:
            break
    job.finish()

    assert kills == KILLS


def serving(stack: ExitStack, folder: Path, port: int, key: Path) -> tuple[Popen[str], str]:
    """The emulator as a process of its own, and its base URL."""
    args = ["--port", port, "--folder", folder, "--api-key-file", key, "--json"]
    process = stack.enter_context(started("serve", *args))
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["base_url"]


@pytest.mark.timeout(180)
def test_a_job_gets_over_the_death_of_its_service(tmp_path: Path) -> None:
    instant = random.Random(3)
    folder, key, report = tmp_path / "media", tmp_path / "key", tmp_path / "out.jsonl"
    folder.mkdir()
    key.write_text("the-key-of-this-test")
    key.chmod(0o600)
    store = MediaStore(folder)
    names = [store.save(b"x", "png", "1p") for _ in range(1200)]
    with ExitStack() as stack:
        service, url = serving(stack, folder, 0, key)
        port = int(url.rpartition(":")[2])
        links = listed(tmp_path, [f"{url}/{BUCKET}/{name}" for name in names])
        args = [links, "--yes", "--base-url", url, "--key-file", key, "--report", report]
        with started("cleanup", *args, stdout=DEVNULL) as job:
            for left in (1000, 500):
                until(lambda: job.poll() is not None or len(store.ids()) < left)  # noqa: B023
                time.sleep(instant.uniform(0.0, 0.05))
                service.kill()
                service.wait(TIMEOUT)
                service, _ = serving(stack, folder, port, key)
            err = job.communicate(timeout=TIMEOUT)[1]
        codes = [job.returncode]
        while codes[-1] == 5 and len(codes) < 4:
            codes.append(cleanup(*args).returncode)

    assert set(codes[:-1]) <= {5}, err
    assert codes[-1] == 0
    assert store.ids() == []
    assert len(rows(report)) == len(names)
    assert set(states_in(report)) <= WAS_THERE
