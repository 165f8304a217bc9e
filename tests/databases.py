"""What tests of SQLite files share: small file systems, and programs of their own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@contextmanager
def mounted(folder: Path, *options: str) -> Generator[Path]:
    """A file system of its own at the folder, gone afterwards; skips where that is not allowed."""
    folder.mkdir(exist_ok=True)
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a file system needs root, and Linux")

    done = subprocess.run(
        ["mount", *options, str(folder)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")

    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def program(code: str, *args: object) -> subprocess.Popen[str]:
    """A Python program of its own, in a process that its caller ends or waits for."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def run_program(code: str, *args: object) -> str:
    """What a Python program prints, which must end well."""
    with program(code, *args) as running:
        printed, _ = running.communicate(timeout=50)
    assert running.returncode == 0
    return printed


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    """What a file answers, over a connection of its own."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
