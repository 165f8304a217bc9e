"""Whole programs: the command, and what others' tools tell of a program that uses the package."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import io
import json
import os
import stat
import subprocess
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from pixlab_async import AsyncPixLab, PixLabError
from pixlab_async.emulator import Emulator, Fault

from ..cleanup.processes import started
from ..databases import ROOT
from ..scripted import http, serve, wait_until
from .conftest import TRUST, Auth, Way, made, reaching
from .hunting import KEY, LINK, VAULT, assert_discreet, assert_silent, files_in, hunt

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def run(
    code: str, *args: str, given: str = "", env: Mapping[str, str] | None = None, expect: int = 0
) -> tuple[str, str]:
    """What a Python program says, on both streams."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        timeout=55,
    )
    assert done.returncode == expect, done.stderr
    return done.stdout, done.stderr


# --- Others' tools ------------------------------------------------------------------------


def test_all_that_sentry_would_send_is_silent(service: Emulator) -> None:
    service.inject(Fault(endpoint="oilpaint", status=500, times=None))

    told, said = run("from tests.canary.loud import sentry; sentry()", service.base_url)

    sent = [json.loads(line) for one in json.loads(told) for line in one.splitlines()]
    kinds = [line["type"] for line in sent if "content_type" in line]
    assert (kinds.count("event"), kinds.count("transaction")) == (6, 6)
    assert "/oilpaint" in told  # in spans and breadcrumbs
    assert_silent(told, said)


@pytest.mark.parametrize(("auth", "planted"), [("header", ""), ("query", "planted")])
def test_an_error_that_rich_shows_is_silent(service: Emulator, auth: Auth, planted: str) -> None:
    service.inject(Fault(endpoint="oilpaint", status=400, times=None))

    code = "from tests.canary.loud import uncaught; uncaught()"
    told = run(code, service.base_url, auth, planted, env={"COLUMNS": "300"}, expect=1)

    assert "BadRequest" in told[1]
    assert bool(hunt(*told)) is bool(planted)


FAILING = """
import os, pytest
from pixlab_async import AsyncPixLab
from pixlab_async.emulator import Emulator

@pytest.fixture(scope="module")
def emulator():
    with Emulator(api_key=os.environ["PIXLAB_API_KEY"]) as running:
        yield running

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture(params=["query", "header"])
async def pixlab(emulator, request):
    async with AsyncPixLab(base_url=emulator.base_url, auth=request.param) as made:
        yield made

async def test_raises(pixlab):
    await pixlab.oilpaint("https://media.example/no.png", radius=1)

async def test_compares(pixlab, emulator):
    await pixlab.status()
    assert [*emulator.received] == []

async def test_shows(pixlab):
    options, core, stats = pixlab._options, pixlab._core, pixlab.stats()
    assert (pixlab, options) == (core, stats)
"""
PLANTED = """
import os
def test_tells():
    told = os.environ["PIXLAB_API_KEY"]
    assert not told
"""


@pytest.mark.parametrize("source", [FAILING, PLANTED], ids=["failing", "planted"])
def test_what_pytest_shows_of_a_failing_test_is_silent(tmp_path: Path, source: str) -> None:
    (tmp_path / "test_it.py").write_text(source)
    (tmp_path / "pytest.ini").write_text("[pytest]\nanyio_mode = auto\n")
    code = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    args = ["-vv", "--showlocals", "--tb=long", "--log-level=1", "-p", "no:xdist"]
    env = {"PIXLAB_API_KEY": VAULT.open(), "PYTHONDONTWRITEBYTECODE": "1"}
    told = run(code, *args, str(tmp_path), env=env, expect=1)

    assert ("6 failed" in told[0]) is (source == FAILING), told[0]
    assert bool(hunt(*told)) is (source == PLANTED)


def told_by_faulthandler(folder: Path) -> bytes:
    with (folder / "dump").open("w") as file:
        faulthandler.dump_traceback(file, all_threads=True)
    return (folder / "dump").read_bytes()


async def test_a_dump_of_all_threads_is_silent(
    pixlab: AsyncPixLab, service: Emulator, tmp_path: Path
) -> None:
    service.inject(Fault(latency=0.2))

    async with anyio.create_task_group() as group:
        group.start_soon(pixlab.status)
        await anyio.sleep(0.02)
        told = told_by_faulthandler(tmp_path)

    assert b"test_programs.py" in told
    assert_silent(told)


def test_a_dump_with_the_key_in_it_is_found(tmp_path: Path) -> None:
    planted: dict[str, Any] = {"tell": told_by_faulthandler}
    exec(f"def {KEY[:16]}(folder): return tell(folder)", planted)

    assert hunt(planted[KEY[:16]](tmp_path))


# --- asyncio's own -----------------------------------------------------------------------


async def busy(base_url: str, auth: Auth, way: Way, picture: bytes) -> None:
    async with reaching(base_url, auth, way) as pixlab:
        await pixlab.delete(LINK, missing_ok=True)
        await pixlab.store(picture)
        with pytest.raises(PixLabError):
            await pixlab.call("nosuch", {"img": LINK})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await pixlab.oilpaint(LINK, radius=1)


def test_asyncio_in_debug_mode_is_discreet(
    service: Emulator, auth: Auth, way: Way, picture: bytes, log: io.StringIO
) -> None:
    """Which prints every task and callback that takes long, and here that is each."""
    service.inject(Fault(endpoint="oilpaint", latency=0.2))
    with asyncio.Runner(debug=True) as runner:
        runner.get_loop().slow_callback_duration = 0.0
        runner.run(busy(service.base_url, auth, way, picture))

    assert "Executing <" in log.getvalue()
    (assert_silent if way == "client" else assert_discreet)(log.getvalue())


@pytest.mark.filterwarnings("always")
def test_a_client_that_is_never_closed_warns_in_silence(
    auth: Auth, way: Way, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    async def careless(base_url: str) -> None:
        given = {"http_client": httpx.AsyncClient(verify=TRUST)} if way == "client" else {}
        pixlab = made(base_url, auth, way, **given)
        await pixlab.delete(LINK, missing_ok=True)

    with serve([http()]) as script, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(careless(script.base_url))
        gc.collect()
        told = [f"{one.message} {one.source!r}" for one in caught]
        for _ in range(3):  # what was never closed hangs on them, and some hang on others
            caught.clear()
            gc.collect()

    assert any("never closed" in one for one in told)
    told += [log.getvalue(), *capfd.readouterr()]
    (assert_silent if way == "client" else assert_discreet)(*told)


# --- The command --------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, picture: bytes) -> Path:
    """A home with a key file, a picture and a list."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "picture.png").write_bytes(picture)
    (tmp_path / "links.txt").write_text(f"{LINK}\nno link\n")
    key_file = tmp_path / "keys" / "key"
    key_file.parent.mkdir()
    key_file.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    key_file.write_text(VAULT.open())
    return tmp_path


def settings(home: Path, service: Emulator) -> dict[str, str]:
    return {
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
        "PIXLAB_BASE_URL": service.base_url,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def written(home: Path) -> list[bytes]:
    """All files that were not there before."""
    return [content for path, content in files_in(home).items() if path.parent.name != "keys"]


@pytest.mark.parametrize(("by", "auth"), [("environment", "query"), ("file", "header")])
def test_the_command_tells_and_writes_the_key_nowhere(
    service: Emulator, home: Path, by: str, auth: Auth
) -> None:
    picture, ledger = f"{home}/picture.png", f"{home}/media.db"
    reached = ["--auth", auth] + (["--key-file", f"{home}/keys/key"] if by == "file" else [])
    recorded = [*reached, "--ledger", ledger]
    reports = [f"--report={home}/report.{kind}" for kind in ("jsonl", "csv", "html")]
    lines = [
        ["--help"],
        ["--version"],
        *([name, "--help"] for name in ("store", "cleanup", "ledger", "serve", "call", "probe")),
        ["status", *reached, "--json"],
        ["store", picture, *recorded],
        ["oilpaint", picture, "--radius", "1", "-o", f"{home}/out.png", *recorded, "--json"],
        ["delete", LINK, *recorded],
        ["delete", LINK, *recorded, "--json"],
        ["call", "tagimg", f"img={LINK}", *reached],
        ["grayscale", LINK, *reached],
        ["probe", *reached, "--yes", "--show-links", "-o", f"{home}/probe.json"],
        ["ledger", "list", "--ledger", ledger],
        ["ledger", "stats", "--ledger", ledger],
        ["ledger", "export", f"{home}/exported.jsonl", "--ledger", ledger],
        ["cleanup", f"{home}/links.txt", *reached, *reports, "--dry-run"],
        ["cleanup", f"{home}/links.txt", *reached, *reports, "--json", "--missing-ok"],
    ]
    env = settings(home, service) | ({"PIXLAB_API_KEY": VAULT.open()} if by != "file" else {})
    code = "from tests.canary.loud import commands; commands()"
    told = json.loads(run(code, given=json.dumps(lines), env=env)[0])

    assert [one for one in told if one["broken"]] == []
    assert len([one for one in told if one["code"] == 0]) > 12, told
    assert VAULT.open() in {request.key for request in service.received}
    assert len(written(home)) > 8
    assert_silent(*(one["told"] for one in told), *written(home))


MISTAKES: dict[str, list[str]] = {
    "an option that is none": ["delete", "a.png", "--key", KEY],
    "another": ["--api-key", KEY, "status"],
    "with a sign": ["status", f"--api-key={KEY}"],
    "a parameter": ["call", "tagimg", f"key={KEY}"],
    "in the base URL": ["status", "--base-url", f"http://127.0.0.1:9/?key={KEY}"],
    "of a user": ["status", "--base-url", f"http://{KEY[:16]}@127.0.0.1:9"],
    "instead of its file": ["status", "--key-file", KEY.replace("/+&=", "")],
    "instead of its file to serve": ["serve", "--api-key-file", KEY.replace("/+&=", "")],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_key_in_the_wrong_place_is_not_repeated(mistake: str) -> None:
    from .loud import everything

    (told,) = everything([MISTAKES[mistake]])

    assert (told["code"] in (1, 2), told["broken"]) == (True, None)
    assert_silent(told["told"])


@linux
def test_whoever_lists_the_processes_sees_no_key(service: Emulator, home: Path) -> None:
    service.inject(Fault(endpoint="delete", latency=5))
    args = ["delete", LINK, "--key-file", home / "keys" / "key"]
    with started(*args, env=settings(home, service)) as process:
        wait_until(lambda: service.received, seconds=20)
        seen = seen_of(process.pid)

    assert b"--key-file" in b"".join(seen)
    assert_silent(*seen, *written(home))


@linux
def test_a_server_with_a_key_of_its_own_shows_and_stores_none(
    service: Emulator, home: Path
) -> None:
    args = [
        "serve",
        "--port",
        0,
        "--api-key-file",
        home / "keys" / "key",
        "--folder",
        home / "media",
    ]
    with started(*args, "--json", env=settings(home, service)) as process:
        assert process.stdout is not None
        told = process.stdout.readline()

        async def store() -> None:
            async with reaching(json.loads(told)["base_url"], "query") as pixlab:
                await pixlab.store(home / "picture.png")
                await pixlab.delete(LINK, missing_ok=True)

        anyio.run(store)
        seen = seen_of(process.pid)
        process.terminate()
        rest = process.communicate(timeout=20)

    assert len(written(home)) > 2
    assert_silent(told, *rest, *seen, *written(home))


def seen_of(pid: int) -> list[bytes]:
    """What the system shows of a process, its threads and its children."""
    found: list[bytes] = []
    for task in Path("/proc", str(pid), "task").iterdir():
        found += [(task / part).read_bytes() for part in ("cmdline", "environ", "comm")]
        for descriptor in (task / "fd").iterdir():
            with suppress(FileNotFoundError):  # it may be closed by now
                found.append(bytes(descriptor.readlink()))
        for child in (task / "children").read_text().split():
            found += seen_of(int(child))
    return found


@linux
def test_a_key_among_the_processes_is_found() -> None:
    for how in ({"args": [KEY]}, {"env": {"A": KEY}}):
        args: list[str] = [sys.executable, "-c", "input()", *how.get("args", [])]
        extra: Any = {"env": how["env"]} if "env" in how else {}
        with subprocess.Popen(args, stdin=subprocess.PIPE, **extra) as process:
            wait_until(lambda: Path(f"/proc/{process.pid}/cmdline").read_bytes())
            seen = seen_of(process.pid)
            process.kill()
        assert hunt(*seen)
