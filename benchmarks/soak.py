"""A soak: ten minutes of mixed load and trouble, with an eye on what the process holds.

`nox -s soak`, or `python benchmarks/soak.py --minutes 10`. Both lanes run side by side, each
with a client in one process and an emulator in another, which answers some requests with 429
and 500, late, cut off or by a reset. One action in three is cancelled. Every few
seconds all that has begun is let end, and what the process holds then is noted. Says at the end
whether memory, descriptors, threads, tasks or objects grow in the second half, and exits with 1
where one does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from _report import table
from _soak_chart import MEASURES, chart, trend
from _soak_load import Lane, Sample, soak
from _speed import versions

from pixlab_async.emulator import Emulator, Fault

Found: TypeAlias = dict[str, dict[str, Any]]

_ROOT = Path(__file__).parent.parent
FIGURES = Path(__file__).with_name("soak.json")
CHART = _ROOT / "docs" / "_static" / "soak.svg"
PAGE = _ROOT / "docs" / "explanation" / "soak-figures.md"
LANES: tuple[Lane, ...] = ("httpx", "fast")
KEY = "0123456789abcdef0123456789abcdef"
# What a measure may grow by in the second half, as a share of itself, and be called flat.
_FLAT = {"rss_mb": 0.02, "descriptors": 0.25, "threads": 0.25, "tasks": 0.25, "objects": 0.02}
_TROUBLE: tuple[dict[str, Any], ...] = (
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 500},
    {"status": 503, "acts": True},
    {"reset": "before"},
    {"reset": "before", "acts": True},
    {"reset": "middle"},
    {"truncated": True},
    {"latency": 0.2},
    {"http_status": 502, "body": b"<html>no</html>", "media_type": "text/html"},
    {"endpoint": "media", "reset": "middle"},
    {"endpoint": "media", "status": 404},
)
# Seconds between two of them.
_EVERY = 0.15


def serve() -> None:
    """An emulator with trouble, until standard input ends."""
    random = Random(11)
    with Emulator(api_key=KEY) as emulator:
        print(emulator.base_url, flush=True)
        ended = threading.Event()

        def watch() -> None:
            sys.stdin.read()
            ended.set()

        threading.Thread(target=watch, daemon=True).start()
        while not ended.wait(random.uniform(0, 2 * _EVERY)):
            emulator.inject(Fault(**random.choice(_TROUBLE)))


def one_run(lane: Lane, base_url: str, seconds: float) -> None:
    """The client's process: a line of JSON for each sample, and one for the counts."""

    def tell(sample: Sample) -> None:
        print(json.dumps(sample), flush=True)

    counts = asyncio.run(soak(base_url, KEY, lane, seconds, tell))
    print(json.dumps({"counts": counts}), flush=True)


def measured(lane: Lane, seconds: float, found: Found) -> None:
    """Run both processes of a lane, and keep what they tell."""
    command = [sys.executable, __file__]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "--serve"], **pipes) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        base_url = server.stdout.readline().strip()
        run = [*command, "--one", lane, base_url, str(seconds)]
        with subprocess.Popen(run, **pipes) as client:
            assert client.stdout is not None
            for line in client.stdout:
                told = json.loads(line)
                if "counts" in told:
                    found[lane]["counts"] = told["counts"]
                else:
                    found[lane]["samples"].append(told)
                    _show(lane, told)
        server.stdin.close()
    if client.returncode:
        raise SystemExit(f"{lane}: the client's process ended with {client.returncode}")


def _show(lane: str, sample: Sample) -> None:
    figures = "  ".join(f"{name} {sample[name]:,.1f}" for name in ("minute", *MEASURES, "calls"))
    print(f"... {lane:<6}{figures}", file=sys.stderr, flush=True)


def verdicts(found: Found) -> list[list[str]]:
    """For each lane and measure: where it lies, what it grows by, and what that means."""
    rows = [["lane", "measure", "at half time", "grows from then on by", "verdict"]]
    for lane, run in found.items():
        for measure, called in MEASURES.items():
            line = trend(run["samples"], measure)
            digits = 1 if measure == "rss_mb" else 0
            rows.append(
                [
                    lane,
                    called,
                    f"{line.begin:,.{digits}f}",
                    f"{line.growth:+,.{digits + 1}f} ({line.share:+.1%})",
                    "flat" if line.share <= _FLAT[measure] else "GROWS",
                ]
            )
    return rows


def record(found: Found) -> None:
    """Keep the samples, and show them in the documentation."""
    FIGURES.write_text(json.dumps({"versions": versions(), "lanes": found}) + "\n")
    write(found)


def write(found: Found) -> None:
    """The chart and the tables of what was found."""
    CHART.write_text(chart({lane: run["samples"] for lane, run in found.items()}))
    head, *rows = verdicts(found)
    lines = [head, ["---"] * 2 + ["---:"] * 2 + ["---"], *rows]
    tables = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    PAGE.write_text(f"{tables}\n\n{_told(found)}\n")


def _told(found: Found) -> str:
    """What was done in that time, in a sentence for each lane."""
    sentences: list[str] = []
    for lane, run in found.items():
        counts: Mapping[str, int] = run["counts"]
        last: Sample = run["samples"][-1]
        cut = counts["cut off by a scope"] + counts["cut off natively"]
        failed = sum(count for name, count in counts.items() if name[0].isupper())
        sentences.append(
            f"*{lane}*: {last['minute']:.0f} minutes, {last['calls']:,.0f} calls of one client, "
            f"{counts['another client']:,} further clients that were opened and closed; "
            f"{cut:,} actions were cut off, {failed:,} ended with an error; at the end "
            f"{counts['slots left in use']} slots were in use, and {counts['files left']} "
            f"temporary files were left."
        )
    return "\n\n".join(sentences)


def main(minutes: float, lanes: Sequence[Lane], *, keep: bool) -> int:
    found: Found = {lane: {"samples": [], "counts": {}} for lane in lanes}
    threads = [
        threading.Thread(target=measured, args=(lane, minutes * 60, found)) for lane in lanes
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = verdicts(found)
    print(table(f"A soak of {(time.monotonic() - began) / 60:.1f} minutes", rows))
    print(f"\n{_told(found)}")
    if keep:
        record(found)
    clean = all(
        run["counts"]["slots left in use"] == run["counts"]["files left"] == 0
        for run in found.values()
    )
    return 0 if clean and all(row[-1] != "GROWS" for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0, help="default 10")
    parser.add_argument("--lane", choices=LANES, action="append", help="one alone; default both")
    parser.add_argument("--record", action="store_true", help="into the documentation")
    parser.add_argument("--draw", action="store_true", help="anew what was recorded; no soak")
    return parser


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve()
    elif sys.argv[1:2] == ["--one"]:
        one_run("fast" if sys.argv[2] == "fast" else "httpx", sys.argv[3], float(sys.argv[4]))
    else:
        given = _parser().parse_args()
        if given.draw:
            write(json.loads(FIGURES.read_text())["lanes"])
            sys.exit()
        sys.exit(main(given.minutes, given.lane or LANES, keep=given.record))
