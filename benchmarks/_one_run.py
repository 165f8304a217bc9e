"""One contestant, one run, in a process of its own: prints what a call cost as JSON.

So many tasks call in a loop, each over a connection of its own. They begin one after the
other: httpx's pool, given as many requests as connections at once, needs ten times as long
for each until it has settled, and would lose by more than it deserves. What is counted is a
window after that: the process's CPU time and the clock's, over the calls that ended in it.
Usage: python benchmarks/_one_run.py NAME LOOP SETTING_AS_JSON SECONDS
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count

import anyio
from _contestants import CONTESTANTS, KEY, THREADS, TIMEOUT, Setting, read
from _pinning import CLIENT, pin

# Seconds from one task's begin to the next's, and from the last's to the window.
_APART = 0.005
_SETTLE = 0.5


def links() -> Iterator[str]:
    return (f"https://media.example/24p{number:013x}.jpeg" for number in count())


class Window:
    """Counts calls, and what they cost, from when it is opened until it is closed."""

    def __init__(self) -> None:
        self.calls = 0
        self.over = False
        self.result: dict[str, float] = {}

    def open(self) -> None:
        self._began = (self.calls, time.process_time(), time.perf_counter())

    def close(self) -> None:
        ended = (self.calls, time.process_time(), time.perf_counter())
        calls, cpu, wall = (now - then for now, then in zip(ended, self._began, strict=True))
        self.over = True
        self.result = {"calls": calls, "cpu_us": cpu / calls * 1e6, "per_second": calls / wall}


async def measure(name: str, setting: Setting, seconds: float) -> dict[str, float]:
    window, source = Window(), links()
    async with CONTESTANTS[name](setting) as call, anyio.create_task_group() as group:

        async def work(place: int) -> None:
            await anyio.sleep(place * _APART)
            while not window.over:
                await call(next(source))
                window.calls += 1

        for place in range(setting.connections):
            group.start_soon(work, place)
        await anyio.sleep(setting.connections * _APART + _SETTLE)
        window.open()
        await anyio.sleep(seconds)
        window.close()
    return window.result


def measure_threads(setting: Setting, seconds: float) -> dict[str, float]:
    """The vendor's sample: requests. A session for each thread, or ports would run out."""
    import requests  # noqa: PLC0415 - of the extra "bench"

    window, source, lock = Window(), links(), threading.Lock()
    url = f"{setting.base_url}/delete"

    def work() -> None:
        with requests.Session() as session:
            while not window.over:
                with lock:
                    link = next(source)
                reply = session.get(
                    url,
                    params={"link": link, "key": KEY},
                    timeout=TIMEOUT,
                    verify=setting.authority or True,
                )
                read(reply.status_code, reply.content)
                with lock:
                    window.calls += 1

    threads = [threading.Thread(target=work) for _ in range(setting.connections)]
    for thread in threads:
        thread.start()
        time.sleep(_APART)
    time.sleep(_SETTLE)
    window.open()
    time.sleep(seconds)
    window.close()
    for thread in threads:
        thread.join()
    return window.result


def main(name: str, loop: str, setting: Setting, seconds: float) -> None:
    pin(CLIENT)
    if name == THREADS:
        result = measure_threads(setting, seconds)
    else:
        result = anyio.run(
            measure,
            name,
            setting,
            seconds,
            backend="trio" if loop == "trio" else "asyncio",
            backend_options={"use_uvloop": True} if loop == "uvloop" else {},
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Setting(*json.loads(sys.argv[3])), float(sys.argv[4]))
