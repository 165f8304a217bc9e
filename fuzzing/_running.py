"""Runs one target: with atheris where that is installed, and with hypothesis.

    python -m fuzzing.replies                          a minute with each
    python -m fuzzing.replies --seconds 600 --examples 20000
    python -m fuzzing.replies CRASH-FILE               one input again

The corpus that a run begins with is ``fuzzing/corpus/<target>``; what it finds beyond that
goes to ``build/fuzzing/<target>``, and with it begins the next run on this machine. The test
suite runs each target over its corpus and some hundred examples.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.strategies import SearchStrategy

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "fuzzing"


@frozen
class Target:
    """One thing that is fuzzed.

    Attributes:
        name: Its module's name.
        run: Takes any bytes, and raises where a promise is broken.
        inputs: Bytes that lead further into it than most.
        words: What inputs are made of.
    """

    name: str
    run: Callable[[bytes], None]
    inputs: SearchStrategy[bytes]
    words: tuple[bytes, ...]

    @property
    def corpus(self) -> list[Path]:
        """The inputs that every run begins with."""
        return sorted((HERE / "corpus" / self.name).iterdir())

    def over_examples(self, count: int, kept: Path | None = None) -> int:
        """Run it over its corpus and so many examples; how many inputs that were."""
        tried = 0
        database = None if kept is None else DirectoryBasedExampleDatabase(kept)

        @settings(
            max_examples=count,
            database=database,
            derandomize=kept is None,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(self.inputs)
        def run(data: bytes) -> None:
            nonlocal tried
            tried += 1
            gc.disable()  # Hypothesis listens to it, and has no depth left at the recursion limit
            try:
                self.run(data)
            finally:
                gc.enable()

        for path in self.corpus:
            self.run(path.read_bytes())
        run()
        return tried + len(self.corpus)


def main(target: Target) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=f"Fuzz {target.name}.")
    parser.add_argument("--seconds", type=int, default=60, help="for atheris; 0 for none")
    parser.add_argument("--examples", type=int, default=5000, help="for hypothesis; 0 for none")
    parser.add_argument("crash", nargs="?", type=Path, help="a file with one input, to run alone")
    asked = parser.parse_args()
    if asked.crash is not None:
        target.run(asked.crash.read_bytes())
        print(f"{target.name}: {asked.crash} is fine.")
        return

    if asked.examples:
        tried = target.over_examples(asked.examples, BUILD / target.name / "hypothesis")
        print(f"{target.name}: hypothesis tried {tried:,} inputs, and all is well.", flush=True)
    if asked.seconds:
        _in_a_process_of_its_own(target, asked.seconds)


def _in_a_process_of_its_own(target: Target, seconds: int) -> None:
    """Libfuzzer ends the process that it runs in, and wants modules that are not imported yet."""
    if importlib.util.find_spec("atheris") is None:
        print(f"{target.name}: atheris is not installed here, so only hypothesis ran.")
        return

    command = [sys.executable, "-m", "fuzzing._atheris", target.name, str(seconds)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    told = [line for line in done.stderr.splitlines() if line.startswith(("Done ", "stat::"))]
    print(f"{target.name}: atheris: {'; '.join(told[:2])}", flush=True)
    if done.returncode != 0:
        print("\n".join(done.stderr.splitlines()[-60:]))
        sys.exit(f"{target.name}: an input breaks a promise; it is in {BUILD / target.name}.")
