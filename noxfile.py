"""Every check of the project: `nox` runs them all, `nox --list` names them."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2025.10.16"
# With uv, where it is there: it installs in seconds what takes pip half a minute.
nox.options.default_venv_backend = "uv|venv"
nox.options.download_python = "never"
nox.options.error_on_external_run = True
nox.options.sessions = ["tests", "lint", "types", "docs"]

PYTHONS = ["3.11", "3.12", "3.13"]
# The rooms that every user relies on; the emulator and the command line are measured too,
# but not held to the last branch.
CORE = "pixlab_async/*.py,pixlab_async/_bulk/*,pixlab_async/endpoints/*,pixlab_async/transports/*"
# A key that is like no other text: see tests/canary/hunting.py.
CANARY = "bird7Zq0Kx9Wm3Tb/+&=Yr5Ng8Hd2Jc4Lf6V"
# What takes long and is the same on every Python, as the examples of the documentation are, is
# tested by the first session alone.
_tested: list[str] = []


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests; on the first Python that is there with the coverage of the core.

    `nox -s tests-3.12 -- -k delete` runs some.
    """
    session.install("-q", "-e", ".[all,test]")
    session.env["PYTHONDONTWRITEBYTECODE"] = ""  # or each of hundreds of programs compiles it all
    if session.posargs:
        session.run("pytest", *session.posargs)
        return

    # Half of a test's time is waiting, so two cores have work for four. A file stays with one
    # worker: the blocks of a page share their names, and tests of a file what they measure.
    command = ["pytest", "-q", "-n", "4", "-m"]
    by_file = ["--dist", "loadfile", "--no-loadscope-reorder"]
    if _tested:
        session.run(*command, "not once", *by_file, "tests")
        return

    _tested.append(session.name)
    # Traced, what takes long takes more than twice as long, and covers nothing new.
    session.run(*command, "once", "--maxschedchunk", "1", "tests")
    session.run(*command, "not once", *by_file, "--cov", "--cov-report=")
    session.run("coverage", "report")
    # 100 in most runs; which of two racing tasks comes first decides the last branch or two.
    session.run("coverage", "report", f"--include={CORE}", "--fail-under=99")


@nox.session
def sweep(session: nox.Session) -> None:
    """Everything that waits, cancelled at every step in every way, and a thousand clients.

    Half an hour; `nox -s sweep -- -k download` sweeps some.
    """
    session.install("-q", "-e", ".[all,test]")
    files = ["tests/test_sweeps.py", "tests/test_life_cycle_many.py"]
    command = ["pytest", "-q", "-n", "4", *files, *session.posargs]
    session.run(*command, env={"PIXLAB_SWEEP": "full"})


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, as linter and as formatter."""
    session.install("-q", "-e", ".[lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy and pyright, both strict."""
    session.install("-q", "-e", ".[all,test,types,docs,bench]", "nox")
    session.run("mypy")
    session.run("pyright", "--pythonpath", f"{session.bin}/python")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation; a warning is an error, and so is a key in any page."""
    session.install("-q", "-e", ".[all,docs]")
    command = ("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")
    session.run(*command, env={"PIXLAB_API_KEY": CANARY})
    session.run("python", "-m", "tests.canary.hunting", "docs/_build/html")


@nox.session
def bench(session: nox.Session) -> None:
    """Speed against other clients, layers, memory, import; prints figures, asserts none.

    `nox -s bench -- --quick` takes a few minutes, `-- speed --connections 100` runs one part,
    `-- --record` puts the figures into the documentation.
    """
    session.install("-q", "-e", ".[all,bench]")
    session.run("python", "benchmarks/run.py", *session.posargs)
    if not session.posargs:  # the whole of it: the limit learner and the durable job too
        session.run("python", "benchmarks/limits.py")
        session.run("python", "benchmarks/shared_limit.py")
        session.run("python", "benchmarks/job.py", "--million")


@nox.session
def mutation(session: nox.Session) -> None:
    """Mutants of the modules on which all else stands; fails where one survives without a reason.

    Half an hour; `nox -s mutation -- _retry ledger` takes those whose path has one of the words.
    """
    session.install("-q", "-e", ".[all,test,mutation]")
    session.run("python", "-m", "mutation.run", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Every fuzz target with hypothesis, and with atheris where that installs.

    A minute for each; `nox -s fuzz -- --seconds 600 --examples 50000` takes longer.
    """
    session.install("-q", "-e", ".[all,test,fuzz]")
    for target in sorted(Path("fuzzing").glob("[a-z]*.py")):
        session.run("python", "-m", f"fuzzing.{target.stem}", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Ten minutes of load and trouble; fails where memory, descriptors or tasks grow.

    `nox -s soak -- --minutes 60` takes longer, `-- --record` puts it into the documentation.
    """
    session.install("-q", "-e", ".[all]")
    session.run("python", "benchmarks/soak.py", *session.posargs)
