"""Cancelling at every step: the ways to do it, and what must hold after each time.

A scene prepares something, gives the work that is to be cancelled, and looks at what came of
it; ``swept`` has them all. ``sweep`` plays it again and again, cancelled one step later each
time, until the work ends before it is struck.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import tempfile
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
from attrs import define, field, frozen

from pixlab_async import AsyncPixLab
from pixlab_async.emulator import Emulator
from pixlab_async.ledger import Ledger

from .conftest import QUICK, Lane
from .databases import ask
from .stepping import Alarm, SteppingLoop, run, stepping_uvloop

Work = Callable[[], Awaitable[object]]

# Seconds for what ends by itself, and soon.
PATIENCE = 5.0
# What this process has open, where the system tells.
FILES = Path("/proc/self/fd")
# Steps from the first native cancellation to the second.
GAPS = (2, 3, 5, 8, 13, 21)


# --- How to cancel --------------------------------------------------------------------------


async def by_scope(work: Work, steps: int, alarm: Alarm) -> bool:
    """Cancel the work so many steps after its begin; whether that came too late.

    Such a cancellation is due until it is raised: who is past the last wait, or waits
    behind a shield, may end well, and whoever waits next is cancelled.
    """
    with anyio.CancelScope() as scope:
        alarm.set(steps, scope.cancel)
        await work()
        if alarm.rang:
            await anyio.lowlevel.checkpoint()
    late = not alarm.rang
    alarm.set(-1, _nothing)
    assert late or scope.cancelled_caught, "the cancellation was swallowed"
    return late


def natively(gaps: Iterable[int] = ()) -> Callable[[Work, int, Alarm], Awaitable[bool]]:
    """The same with ``Task.cancel``; once more after one of the gaps, where there are some."""
    gaps = tuple(gaps)

    async def cancel(work: Work, steps: int, alarm: Alarm) -> bool:
        task = asyncio.ensure_future(work())
        struck: list[bool] = []

        def ring() -> None:
            struck.append(task.cancel())
            if gaps:
                alarm.set(gaps[steps % len(gaps)], task.cancel)

        alarm.set(steps, ring)
        await asyncio.wait({task})
        alarm.set(-1, _nothing)
        if any(struck) and task.cancelled():
            return False

        await task  # what it raised, if it did
        assert not any(struck), "the cancellation was swallowed"
        return not struck

    return cancel


async def by_timeout(work: Work, steps: int, alarm: Alarm) -> bool:
    """The same by an ``asyncio.timeout`` that comes then."""
    came = False
    async with asyncio.timeout(None) as outer:  # whose own end is a bug of the inner one's
        try:
            async with asyncio.timeout(None) as timeout:
                alarm.set(steps, lambda: timeout.reschedule(0.0))
                await work()
        except TimeoutError as error:
            assert type(error) is TimeoutError
            came = True
    rang = alarm.rang
    alarm.set(-1, _nothing)
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling(), "a cancellation is still counted"
    assert came == timeout.expired(), "the timeout was swallowed"
    assert not outer.expired()
    return not rang


def _nothing() -> None:
    """Nobody is cancelled any more."""


@frozen
class Way:
    """A way to cancel.

    Attributes:
        backend: "asyncio", "uvloop" or "trio".
        cancel: Runs a work, and cancels it after so many steps; whether that came too late.
    """

    backend: str
    cancel: Callable[[Work, int, Alarm], Awaitable[bool]]


WAYS: Mapping[str, Way] = {
    "by scope": Way("asyncio", by_scope),
    "natively": Way("asyncio", natively()),
    "natively twice at once": Way("asyncio", natively([1])),
    "natively twice": Way("asyncio", natively(GAPS)),
    "by timeout": Way("asyncio", by_timeout),
    "by scope on uvloop": Way("uvloop", by_scope),
    "natively on uvloop": Way("uvloop", natively()),
    "natively twice on uvloop": Way("uvloop", natively(GAPS)),
    "by timeout on uvloop": Way("uvloop", by_timeout),
    "by scope on trio": Way("trio", by_scope),
}


LOOPS: Mapping[str, Any] = {"asyncio": SteppingLoop, "uvloop": stepping_uvloop, "trio": None}


# --- What is played -------------------------------------------------------------------------


@define(eq=False)
class Stage:
    """What one play of a scene has: new each time, but for the emulator.

    Attributes:
        emulator: Empty in the beginning.
        folder: Empty; what the client made for itself must be gone from it in the end.
        lane: The client's.
        pictures: Two to upload: a small one, and one of several chunks.
        options: The client's, beyond the usual ones.
        ledger: Open, where the scene has asked for one.
        pixlab: The client; the next call is made with it.
        ended: Whether the work came to its end, cancelled or not; known after it.
        spent: What the pacer counts that was not sent, of the scene's own.
        left: Names in the folder that are there rightly.
        in_doubt: Links that may be deleted though the ledger has them.
    """

    emulator: Emulator
    folder: Path
    lane: Lane
    pictures: tuple[bytes, bytes]
    options: dict[str, Any]
    ledger: Ledger | None = None
    pixlab: AsyncPixLab = field(init=False)
    ended: bool = False
    spent: int = 0
    left: set[str] = field(factory=set[str])
    in_doubt: set[str] = field(factory=set[str])

    def __attrs_post_init__(self) -> None:
        self.pixlab = self.client()

    def client(self) -> AsyncPixLab:
        usual: dict[str, Any] = {
            "base_url": self.emulator.base_url,
            "api_key": self.emulator.api_key,
            "retry": QUICK,
            "transport": self.lane,
            "ledger": self.ledger,
        }
        return AsyncPixLab(**{**usual, **self.options})

    def stored(self, picture: bytes | None = None) -> str:
        """The link of a picture that was stored before."""
        service = self.emulator._running()
        return service.link(service.store.save(picture or self.pictures[0], "png", "1p"))

    def file(self, name: str, content: bytes) -> Path:
        """A file in the folder, that stays there."""
        path = self.folder / name
        path.write_bytes(content)
        self.left.add(name)
        return path


Scene = Callable[[Stage], AbstractAsyncContextManager[Work]]


@frozen
class Scenario:
    """Something that may be cancelled, and how it is swept.

    Attributes:
        scene: Prepares, yields the work that is cancelled, and looks at what came of it.
        covers: What of the public API is at work in it.
        wire: Whether it sends anything: then it is swept on each lane.
        stride: In the suite, every so manieth step is one at which it is cancelled.
        ledger: Whether the client keeps one.
        options: The client's, beyond the usual ones.
        more: So many requests may be under way when it is struck.
        finally_: Looks at what came of it when the client is closed and the service at rest.
    """

    scene: Scene
    covers: frozenset[str]
    wire: bool = True
    stride: int = 3
    ledger: bool = False
    options: Mapping[str, Any] = field(factory=dict[str, Any])
    more: int = 1
    finally_: Callable[[Stage], None] = lambda stage: None

    @property
    def name(self) -> str:
        return getattr(self.scene, "__name__", "").replace("_", " ")

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return ("httpx", "fast") if self.wire else ("httpx",)


@define(eq=False)
class Sweep:
    """Plays a scenario on one lane, cancelled in several ways, which take turns.

    Attributes:
        ways: All of one backend.
        points: At how many steps it was cancelled.
    """

    scenario: Scenario
    ways: Sequence[Way]
    lane: Lane
    emulator: Emulator
    folder: Path
    pictures: tuple[bytes, bytes]
    points: int = 0

    def run(self, *, first: int = 0, stride: int = 1, calm: int = 1) -> int:
        """Cancel at every so manieth step, until that comes too late, so many times.

        Returns:
            At how many steps it was cancelled.
        """
        with _temporary_files_in(self.folder / "temporary"):
            run(lambda alarm: self._all(alarm, first, stride, calm), LOOPS[self.ways[0].backend])
            gc.collect(1)  # what was left open complains in this test
        return self.points

    async def _all(self, alarm: Alarm, first: int, stride: int, calm: int) -> None:
        # What is made once for an event loop or a process is there afterwards.
        await self._play(self.ways[0], 1_000_000, alarm, rehearsal=True)
        steps, ended = first, 0
        ways = cycle(self.ways)
        while ended < calm:
            try:
                late = await self._play(next(ways), steps, alarm)
            except BaseException as error:
                error.add_note(f"It was cancelled at step {steps}.")
                raise

            ended += late
            self.points += not late
            steps += stride

    async def _play(self, way: Way, steps: int, alarm: Alarm, *, rehearsal: bool = False) -> bool:
        self.emulator.clear()
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        files = open_files()
        ledger = Ledger(folder / "media.db") if self.scenario.ledger else None
        options = dict(self.scenario.options)
        stage = Stage(self.emulator, folder, self.lane, self.pictures, options, ledger)
        with _no_complaints():
            try:
                tasks = _tasks()
                witness = _Witness(stage.emulator.api_key)
                async with self.scenario.scene(stage) as work:
                    late = await way.cancel(witness.of(work), steps, alarm)
                    stage.ended = witness.ended
                more = self.scenario.more + stage.spent
                await see_that_nothing_is_taken(stage.pixlab, self.emulator, more)
                await see_that_no_task_is_left(tasks)
                await see_that_it_goes_on(stage.pixlab)
            finally:
                await stage.pixlab.aclose()
                if ledger is not None:
                    await ledger.aclose()
            await come_to_rest(self.emulator)
            if not rehearsal:
                await see_that_files_are_closed(files)
        see_that_no_file_is_left(stage, self.folder / "temporary")
        if ledger is not None:
            see_that_the_ledger_is_right(stage)
        self.scenario.finally_(stage)
        return late


class _Witness:
    """Sees what leaves the work: the result, or the very cancellation, bare of the key."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.ended = False

    def of(self, work: Work) -> Work:
        async def watched() -> None:
            try:
                await work()
            except anyio.get_cancelled_exc_class() as cancellation:
                see_that_no_frame_tells(cancellation, self._key)
                raise

            self.ended = True

        return watched


# --- What must hold -------------------------------------------------------------------------


async def see_that_nothing_is_taken(pixlab: AsyncPixLab, emulator: Emulator, more: int) -> None:
    """All slots are back, nobody waits, and the pacer counts what may have been sent."""
    core = pixlab._core
    for gate in (*(lane.gate for lane in core.lanes), core.downloads):
        assert (gate.in_use, gate.queued) == (0, 0), "a slot is taken, or somebody waits"
        assert not gate.pacer._probe_out, "the pacer waits for a reply that nobody reads"

    counted = core.main.gate.pacer._sent.total(anyio.current_time())
    received = len(emulator.received)
    assert counted <= received + more, "the pacer counts what was never sent"


async def see_that_no_task_is_left(before: set[Any]) -> None:
    """No task goes on but those that were there before."""
    give_up = anyio.current_time() + PATIENCE
    while left := _tasks() - before:
        assert anyio.current_time() < give_up, f"tasks are left: {left}"
        await anyio.sleep(0.0005)


async def see_that_it_goes_on(pixlab: AsyncPixLab) -> None:
    """The next call over the same client works."""
    if pixlab._core.closed:
        return

    with anyio.fail_after(PATIENCE):
        deletion = await pixlab.delete("nothing.png", missing_ok=True)
    assert not deletion.deleted


async def see_that_files_are_closed(before: int) -> None:
    """No socket and no other file is open that was not open before."""
    give_up = anyio.current_time() + PATIENCE
    while open_files() > before:
        assert anyio.current_time() < give_up, f"files are open: {_open_files()}"
        await anyio.sleep(0.001)


def see_that_no_file_is_left(stage: Stage, temporary: Path) -> None:
    names = {path.name for path in stage.folder.iterdir() if not path.name.startswith("media.db")}
    assert names <= stage.left, f"files are left: {names - stage.left}"
    assert not list(temporary.iterdir()), "temporary files are left"


def see_that_the_ledger_is_right(stage: Stage) -> None:
    """What is stored is known, or an intent tells of it; what is known is stored."""
    path = stage.folder / "media.db"
    if not path.exists():
        assert not stage.emulator.stored()
        return

    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    known = {str(link) for (link,) in ask(path, KNOWN)}
    intents = len(ask(path, "SELECT 1 FROM media WHERE link IS NULL"))
    stored = set(stage.emulator.stored())
    assert len(stored - known) <= intents, "the ledger does not know of what is stored"
    assert known - stored <= stage.in_doubt, "the ledger has what is not there"
    assert not (stage.ended and intents), "the ledger is uncertain of what came to its end"


KNOWN = "SELECT link FROM media WHERE gone IS NULL AND link IS NOT NULL"


def see_that_no_frame_tells(cancellation: BaseException, key: str) -> None:
    """No variable of the package's, or of what is below it, shows the key."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [cancellation]
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue

        seen.add(id(error))
        waiting += [error.__cause__, error.__context__]
        step = error.__traceback__
        while step is not None:
            if not step.tb_frame.f_globals.get("__name__", "").startswith("tests"):
                for name, value in step.tb_frame.f_locals.items():
                    assert key not in repr(value), f"{name} of {step.tb_frame.f_code} tells the key"
            step = step.tb_next


async def come_to_rest(emulator: Emulator) -> None:
    """Wait until the service is done with what was cancelled, also what it had not seen yet."""
    at = urlsplit(emulator.base_url)
    assert at.hostname is not None
    assert at.port is not None
    with socket.create_connection((at.hostname, at.port)) as knocking:  # all before are let in
        knocking.sendall(b"GET /not/there HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while knocking.recv(4096):
            pass
    give_up = anyio.current_time() + PATIENCE
    while not emulator.idle:
        assert anyio.current_time() < give_up, "the service is still asked something"
        await anyio.sleep(0.0005)


def open_files() -> int:
    """How many files this process has open; 0 where that cannot be seen."""
    return len(list(FILES.iterdir())) if FILES.is_dir() else 0


def _open_files() -> list[str]:
    found: list[str] = []
    for entry in FILES.iterdir() if FILES.is_dir() else ():
        with suppress(OSError):  # it is closed meanwhile
            found.append(str(entry.readlink()))
    return found


def _tasks() -> set[Any]:
    try:
        return set(asyncio.all_tasks())
    except RuntimeError:  # of trio's, none can be left
        return set()


@contextmanager
def _temporary_files_in(folder: Path) -> Generator[None]:
    folder.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _no_complaints() -> Generator[None]:
    """Nothing is logged as an error, by us or by the event loop."""
    told: list[str] = []
    handler = _Telling(told)
    loggers = [logging.getLogger(name) for name in ("pixlab_async", "asyncio")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
    assert not told, told


class _Telling(logging.Handler):
    def __init__(self, told: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self._told.append(record.getMessage())
