"""Deletes the links of a list as a job: stop it with Ctrl-C or SIGTERM, run it again to go on.

    python examples/cleanup_job.py links.txt

`pixlab cleanup links.txt` does the same and more. This is how to have it in a program of
your own, which handles signals in its own way.
"""

from __future__ import annotations

import signal
import sys

import anyio

from pixlab_async import AsyncPixLab, PixLabError
from pixlab_async.cleanup import CleanupJob, Row

# What a scheduler should do: nothing, have a person look, run it again.
DONE, LOOK, AGAIN = 0, 1, 5


def tell(row: Row) -> None:
    """Say what could not be deleted; the link itself is somebody's private picture."""
    print(f"line {row.number}: {row.state}, {row.error}", file=sys.stderr)


async def stop_on_signal(job: CleanupJob) -> None:
    """Have the job stop in order at the first signal."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            job.stop()


async def show_progress(job: CleanupJob) -> None:
    """Print how far it is, every five seconds."""
    while True:
        await anyio.sleep(5)
        now = job.progress()
        print(f"{now.settled} of {now.total}, {now.rate_now:.0f}/min", file=sys.stderr)


async def main(links: str) -> int:
    """Run the job; the exit code."""
    job = CleanupJob(links, f"{links}.journal", reports=[f"{links}.html"], failed=tell)
    async with AsyncPixLab() as pixlab, anyio.create_task_group() as group:
        group.start_soon(stop_on_signal, job)
        group.start_soon(show_progress, job)
        try:
            summary = await job.run(pixlab)
        except PixLabError as error:  # in a task group, it would come out in an exception group
            print(f"stopped: {error}", file=sys.stderr)
            return LOOK
        finally:
            group.cancel_scope.cancel()

    print(f"{summary.ended}: {dict(summary.counts)}, {summary.pending or 0} to go")
    return DONE if summary.complete else AGAIN


if __name__ == "__main__":
    raise SystemExit(anyio.run(main, sys.argv[1]))
