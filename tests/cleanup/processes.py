"""``pixlab cleanup`` as a process of its own, and what its journal holds when that has ended."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen
from typing import Any

from click.testing import CliRunner

from pixlab_async.cleanup import _states as states
from pixlab_async.cleanup._journal_file import NAMES
from pixlab_async.cli._commands import pixlab
from pixlab_async.emulator import Emulator

MAIN = "from pixlab_async.cli import main; main()"
# Seconds: for the slowest machine, never waited for in vain.
TIMEOUT = 60.0
GONE = {"deleted", "deleted_unconfirmed", "already_gone"}


def surroundings(emulator: Emulator | None = None, **more: str) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIXLAB_")}
    if emulator is not None:
        env |= {"PIXLAB_BASE_URL": emulator.base_url, "PIXLAB_API_KEY": emulator.api_key}
    return env | more


@contextmanager
def started(
    *args: object,
    emulator: Emulator | None = None,
    code: str = MAIN,
    env: Mapping[str, str] | None = None,
    **how: Any,
) -> Generator[Popen[str]]:
    """A ``pixlab`` command that runs; killed where the block is left before it ends."""
    command = [sys.executable, "-c", code, *map(str, args)]
    how = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, **how}
    settings = surroundings(emulator, **(env or {}))
    with Popen(command, text=True, env=settings, **how) as process:
        try:
            yield process
        finally:
            process.kill()


def cleanup(
    *args: object, emulator: Emulator | None = None, given: str | None = None, **how: Any
) -> CompletedProcess[str]:
    """Run ``pixlab cleanup`` to its end."""
    with started("cleanup", *args, emulator=emulator, **how) as process:
        out, err = process.communicate(given, timeout=TIMEOUT)
    assert "Traceback" not in err, err
    return CompletedProcess(process.args, process.returncode, out, err)


def here(
    emulator: Emulator, *args: object, given: str = "", env: Mapping[str, str] | None = None
) -> CompletedProcess[str]:
    """The same within this process, where nothing depends on its end."""
    command = ["cleanup", *map(str, args)]
    settings = {"PIXLAB_BASE_URL": emulator.base_url, "PIXLAB_API_KEY": emulator.api_key}
    done = CliRunner().invoke(pixlab, command, input=given, env=settings | dict(env or {}))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return CompletedProcess(command, done.exit_code, done.stdout, done.stderr)


def until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.002)


def store(emulator: Emulator, count: int) -> list[str]:
    """Links of so many pictures; their bytes are nobody's business here."""
    service = emulator._running()
    return [service.link(service.store.save(b"x", "png", "1p")) for _ in range(count)]


def missing(emulator: Emulator, count: int) -> list[str]:
    """Links at which nothing is stored."""
    return [f"{emulator.base_url}/media.pixlab.xyz/1p{n:013x}.png" for n in range(count)]


def listed(folder: Path, links: Iterable[str], name: str = "links.txt") -> Path:
    path = folder / name
    path.write_text("".join(f"{link}\n" for link in links))
    return path


def sent(emulator: Emulator) -> list[str]:
    """The links that the service was asked to delete, in order."""
    return [each.params["link"] for each in list(emulator.received) if each.endpoint == "delete"]


def settle_down(emulator: Emulator) -> None:
    """Wait until a killed client's last requests have had their effect."""
    until(lambda: emulator.connections == 0)


def rows(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text().splitlines()]


def states_in(report: Path) -> list[str]:
    return [row["state"] for row in rows(report)]


def states_of(journal: Path, scratch: Path) -> dict[int, str]:
    """What a journal that nobody has open says of each link, by its place; it must be sound.

    It is read in a copy, so that the next run meets it as it was left.
    """
    scratch.mkdir(exist_ok=True)
    for old in scratch.iterdir():
        old.unlink()
    for suffix in ("", "-wal"):
        part = journal.with_name(journal.name + suffix)
        if part.exists():
            shutil.copy(part, scratch / part.name)
    if not journal.exists():
        return {}

    found: dict[int, str] = {}
    with closing(sqlite3.connect(scratch / journal.name)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return {}

        for chunk, bits in file.execute("SELECT chunk, states FROM map"):
            for inside, code in enumerate(states.codes(bits)):
                if code != states.PENDING:
                    found[chunk * states.CHUNK + inside] = NAMES.get(code, "other")
        for place, state in file.execute("SELECT place, state FROM link"):
            assert found[place] in (state, "other")
            found[place] = state
    return found
