"""Every benchmark, one command: `nox -s bench`, or `python benchmarks/run.py`.

Prints tables and asserts nothing. The server runs on one core and the client on another;
contestants take turns, each run in a process of its own. Use ratios: what else the machine
does changes the figures, and less so their ratios.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import import_time
import layers
import memory
import second_client
from _contestants import ENTRIES, THREADS, Setting
from _pages import BARS_AT, recorded, write
from _report import DELAY, FAR, latency_rows, speed_table, table
from _server import Certificate, server
from _speed import Effort, Runs, run_all, versions

Found: TypeAlias = dict[str, Any]

LEVELS = (1, 10, 100, 1000)
FULL, QUICK = Effort(rounds=5, seconds=1.5), Effort(rounds=2, seconds=0.4)
_OF_ALL_LOOPS = ("ours", "ours, fast")
_FAR = [
    entry
    for entry in ENTRIES
    if entry.name in (*_OF_ALL_LOOPS, "httpx", "aiohttp", "floor", "pyreqwest")
]
# Those that can be told to trust an authority of our own, in the same way.
_TLS = [entry for entry in ENTRIES if entry.name in (*_OF_ALL_LOOPS, "httpx", "aiohttp", THREADS)]


def speed(found: Found, effort: Effort, levels: Sequence[int]) -> None:
    """CPU and calls per second at each of the numbers of connections."""
    by_level: dict[str, Runs] = {}
    with server() as base_url:
        for level in levels:
            runs = run_all(ENTRIES, Setting(base_url, level, None), effort)
            print(speed_table(f"{level:,} connections", runs))
            by_level[str(level)] = runs
    found["speed"] = by_level


def latency(found: Found, effort: Effort) -> None:
    """A service that is 50 ms away."""
    with server(delay=DELAY) as base_url:
        runs = run_all(_FAR, Setting(base_url, FAR, None), effort)
    print(table(f"{FAR} connections, {DELAY * 1000:.0f} ms away", latency_rows(runs)))
    found["latency"] = runs


def tls(found: Found, effort: Effort) -> None:
    """The same over TLS, with open connections."""
    import trustme  # noqa: PLC0415 - of the extra "bench"

    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    with tempfile.TemporaryDirectory() as folder:
        root, chain, key = (str(Path(folder, name)) for name in ("root", "chain", "key"))
        authority.cert_pem.write_to_path(root)
        issued.private_key_pem.write_to_path(key)
        for certificate in issued.cert_chain_pems:
            certificate.write_to_path(chain, append=True)
        with server(tls=Certificate(chain, key)) as base_url:
            runs = run_all(_TLS, Setting(base_url, BARS_AT, root), effort)
    print(speed_table(f"TLS, {BARS_AT} connections", runs))
    found["tls"] = runs


def layer_costs(found: Found) -> None:
    """What our own layers add, on each event loop."""
    costs: dict[str, dict[str, float]] = {}
    for loop in ("asyncio", "uvloop", "trio"):
        command = [sys.executable, layers.__file__, loop, "--json"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        costs[loop] = json.loads(done.stdout)
        print(f"\nOur own layers, {loop}\n{layers.told(costs[loop])}")
    found["layers"] = costs


def small_ones(found: Found) -> None:
    """Import time, and what a second client costs."""
    found["import_ms"] = imported = import_time.measure()
    print(f"\nImport\n{import_time.told(imported)}")
    found["client_ms"] = clients = second_client.measure()
    print(f"\nMaking, using and closing a client\n{second_client.told(clients)}")


def memories(found: Found, *, quick: bool) -> None:
    """Memory for many links."""
    found["memory"] = runs = memory.measure(memory.QUICK if quick else memory.FULL)
    print(f"\nMemory\n{memory.told(runs)}")


def main() -> None:
    options = _parser().parse_args()
    effort = QUICK if options.quick else FULL
    levels = options.connections or ((10, BARS_AT) if options.quick else LEVELS)
    parts: dict[str, Callable[[Found], None]] = {
        "layers": layer_costs,
        "small": small_ones,
        "speed": lambda found: speed(found, effort, levels),
        "latency": lambda found: latency(found, effort),
        "tls": lambda found: tls(found, effort),
        "memory": lambda found: memories(found, quick=options.quick),
    }
    found: Found = {"versions": versions(), "effort": effort._asdict()}
    for name in options.only or parts:
        parts[name](found)
        if options.record:
            write({**recorded(), **found})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    names = ["layers", "small", "speed", "latency", "tls", "memory"]
    parser.add_argument("only", nargs="*", metavar="PART", help=f"some of: {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="two short rounds, for development")
    parser.add_argument("--connections", type=int, nargs="+", help=f"instead of {LEVELS}")
    parser.add_argument(
        "--record",
        action="store_true",
        help="put the figures into benchmarks/figures.json, and on the page of the documentation",
    )
    return parser


if __name__ == "__main__":
    main()
