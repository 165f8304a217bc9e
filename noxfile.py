"""Every check of the project: `nox` runs them all, `nox --list` names them."""

from __future__ import annotations

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.error_on_external_run = True
nox.options.sessions = ["tests", "lint", "types", "docs"]

PYTHONS = ["3.11", "3.12", "3.13"]
# The rooms that every user relies on; the emulator and the command line are measured too,
# but not held to the last branch.
CORE = "pixlab_async/*.py,pixlab_async/_bulk/*,pixlab_async/endpoints/*,pixlab_async/transports/*"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests, with the coverage of the core: `nox -s tests -- -k delete` runs some."""
    session.install("-q", "-e", ".[all,test]")
    if session.posargs:
        session.run("pytest", *session.posargs)
        return

    # A file stays with one worker: the blocks of a page share their names.
    session.run("pytest", "-q", "-n", "2", "--dist", "loadfile", "--cov", "--cov-report=")
    session.run("coverage", "report")
    # 100 in most runs; which of two racing tasks comes first decides the last branch or two.
    session.run("coverage", "report", f"--include={CORE}", "--fail-under=99")


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
    """The documentation; a warning is an error."""
    session.install("-q", "-e", ".[all,docs]")
    session.run(
        "sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html"
    )


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
def soak(session: nox.Session) -> None:
    """Ten minutes of load and trouble; fails where memory, descriptors or tasks grow.

    `nox -s soak -- --minutes 60` takes longer, `-- --record` puts it into the documentation.
    """
    session.install("-q", "-e", ".[all]")
    session.run("python", "benchmarks/soak.py", *session.posargs)
