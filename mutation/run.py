"""Mutation testing: mutmut over the modules of ``modules.toml``, and who survived it.

    python -m mutation.run                       every module
    python -m mutation.run _retry ledger         those whose path has one of the words

Each module gets a folder of its own under ``build/mutation``, a configuration and its few
tests. A mutant that no test noticed must be in ``survivors.toml`` with a reason; one that
is not, and a reason that nobody needs any more, fail the run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from attrs import field, frozen

HERE = Path(__file__).parent
ROOT = HERE.parent
BUILD = ROOT / "build" / "mutation"
SHARED = ("pixlab_async", "tests", "benchmarks", "conftest.py")
DETECTED = {"killed", "timeout", "segfault"}
# Beside the project's own options: one process, one event loop, and examples that are the
# same each time, without limits of time that a busy machine could break.
OPTIONS = ("-p", "no:xdist", "-p", "no:cacheprovider", "-k", "not trio", "--hypothesis-profile=ci")


@frozen
class Module:
    """What is mutated, and the tests that are meant to notice.

    Attributes:
        seconds: How long one test may take at most.
    """

    path: str
    tests: list[str]
    without: list[str] = field(factory=list[str])
    seconds: int = 60

    @property
    def name(self) -> str:
        """The path without package and suffix."""
        return self.path.removeprefix("pixlab_async/").removesuffix(".py")


@frozen
class Survivor:
    """A mutant that no test noticed: the function, what stood there, and what stands there."""

    module: str
    function: str
    was: str
    became: str


@frozen
class Reasons:
    """Why some survive: one by one, and lines in which the case of letters means nothing."""

    one_by_one: dict[Survivor, str]
    without_case: list[tuple[str, re.Pattern[str]]]

    def has(self, survivor: Survivor) -> bool:
        """Whether it is one that is meant to be."""
        if survivor in self.one_by_one:
            return True

        same = survivor.was.lower() == survivor.became.lower()
        return same and any(
            survivor.module.startswith(module) and line.search(survivor.was)
            for module, line in self.without_case
        )


@frozen
class Score:
    """What became of a module's mutants."""

    module: str
    total: int
    survivors: list[Survivor]
    seconds: float


def main() -> None:
    """Run what was asked for; exit with 1 where a survivor has no reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="parts of the paths of modules; default: all")
    words: list[str] = parser.parse_args().words
    modules = [
        module
        for module in read_modules()
        if not words or any(word in module.path for word in words)
    ]
    reasons = read_reasons()
    print(f"{'module':28} {'mutants':>8} {'killed':>8} {'justified':>9} {'left':>6} {'minutes':>8}")
    fine = [tell(run(module), reasons) for module in modules]
    sys.exit(0 if modules and all(fine) else 1)


def read_modules() -> list[Module]:
    """What ``modules.toml`` says."""
    tables = tomllib.loads((HERE / "modules.toml").read_text())["module"]
    return [Module(**table) for table in tables]


def read_reasons() -> Reasons:
    """The survivors that are meant to be, and why."""
    tables = tomllib.loads((HERE / "survivors.toml").read_text())
    one_by_one = {
        Survivor(table["module"], table["function"], table["was"], table["became"]): table["why"]
        for table in tables["survivor"]
    }
    return Reasons(
        one_by_one, [(table["module"], re.compile(table["was"])) for table in tables["case"]]
    )


def run(module: Module) -> Score:
    """Let mutmut do its work in a folder of the module's own."""
    began = time.monotonic()
    folder = BUILD / module.name.replace("/", ".")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    (folder / "pyproject.toml").write_text(
        (ROOT / "pyproject.toml").read_text() + configuration(module)
    )
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    with (folder / "log.txt").open("w") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=False, env=calm())
    if done.returncode != 0:
        tail = "\n".join((folder / "log.txt").read_text().splitlines()[-40:])
        sys.exit(f"{tail}\n{module.name}: mutmut ended with {done.returncode}")

    told = subprocess.run(
        [sys.executable, HERE / "_mutants.py"], cwd=folder, capture_output=True, check=True
    )
    mutants: list[dict[str, str]] = json.loads(told.stdout)
    survivors = [survivor(module, mutant) for mutant in mutants if mutant["status"] not in DETECTED]
    return Score(module.name, len(mutants), survivors, time.monotonic() - began)


def calm() -> dict[str, str]:
    """The environment, without what would make a worker speak."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def configuration(module: Module) -> str:
    """Mutmut's own settings for the module."""
    without = (f"--deselect={test}" for test in module.without)
    options = [*OPTIONS, f"--timeout={module.seconds}", *without]
    return "\n".join(
        [
            "\n[tool.mutmut]",
            'source_paths = ["pixlab_async/"]',
            f"only_mutate = {json.dumps([module.path])}",
            'also_copy = ["benchmarks", "conftest.py"]',
            # Says of itself that no test gets there.
            """do_not_mutate_patterns = ['raise AssertionError."unreachable".']""",
            f"pytest_add_cli_args = {json.dumps(options)}",
            f"pytest_add_cli_args_test_selection = {json.dumps(module.tests)}",
            # What loops for ever is found by its processor time; a busy machine finds nobody.
            "timeout_multiplier = 8.0",
            "timeout_constant = 2.0",
            "",
        ]
    )


def survivor(module: Module, mutant: dict[str, str]) -> Survivor:
    """The mutant, as a description that outlives another line above it."""
    lines = mutant["diff"].splitlines()
    was = [line[1:].strip() for line in lines if line.startswith("-") and line[:3] != "---"]
    became = [line[1:].strip() for line in lines if line.startswith("+") and line[:3] != "+++"]
    return Survivor(module.name, mutant["function"], " ".join(was), " ".join(became))


def tell(score: Score, reasons: Reasons) -> bool:
    """Print the module's figures; whether every survivor has a reason, and is one."""
    left = [survivor for survivor in score.survivors if not reasons.has(survivor)]
    unneeded = [
        reason
        for reason in reasons.one_by_one
        if reason.module == score.module and reason not in score.survivors
    ]
    survived = len(score.survivors)
    print(
        f"{score.module:28} {score.total:8} {score.total - survived:8} {survived - len(left):9} "
        f"{len(left):6} {score.seconds / 60:8.1f}",
        flush=True,
    )
    for found in left:
        print(f"\n[[survivor]]\nmodule = {json.dumps(found.module)}", end="")
        print(f"\nfunction = {json.dumps(found.function)}", end="")
        print(f"\nwas = {json.dumps(found.was)}\nbecame = {json.dumps(found.became)}", flush=True)
    for found in unneeded:
        print(f"  no survivor any more: {found}", flush=True)
    return not left and not unneeded


if __name__ == "__main__":
    main()
