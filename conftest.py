"""Runs the documentation: README.md and docs/ are tests, block by block.

Every block of a page meets the same emulator, in a folder of the page's own that holds a
picture ``cat.jpg``; the environment points to the emulator. Names live on from block to
block. ``python`` blocks run as at the prompt of ``python -m asyncio``, where ``await`` may
stand outside functions; one whose first line is a comment with a file's name is written
to that file instead. ``console`` blocks run line by line, and each command must exit
with 0. What cannot run says so above itself: ``<!-- skip: next "the reason" -->``.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from inspect import CO_COROUTINE
from types import FunctionType

import anyio
import pytest
from PIL import Image
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, SkipParser

from pixlab_async.emulator import Emulator

# Commands that a page may run. Others (pip, git, curl) need a skip comment.
_COMMANDS = ("pixlab", "pytest", "python")
_TIMEOUT = 60.0


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The surroundings of one page's examples."""
    folder = tmp_path_factory.mktemp("page")
    Image.radial_gradient("L").resize((64, 48)).convert("RGB").save(folder / "cat.jpg")
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    with Emulator() as emulator, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PIXLAB_BASE_URL", emulator.base_url)
        patch.setenv("PIXLAB_API_KEY", emulator.api_key)
        patch.setenv("PATH", path)
        patch.delenv("PIXLAB_LEDGER", raising=False)
        yield


def run_python(example: Example) -> None:
    """Run the block, or write the file that it is."""
    source: str = example.parsed
    file = re.match(r"# (\w+\.py)\n", source)
    if file is not None:
        with open(file[1], "w", encoding="utf-8") as out:  # noqa: PTH123 - short, and here
            out.write(source)
        return

    # Down to the block's own line, for tracebacks.
    padding = "\n" * (example.line + example.parsed.line_offset)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(padding + source, example.path, "exec", flags=flags, dont_inherit=True)
    example.namespace["__name__"] = "__main__"
    block = FunctionType(code, example.namespace)
    if code.co_flags & CO_COROUTINE:
        anyio.run(block)
    else:
        block()


def run_console(example: Example) -> None:
    """Run each line that begins with a dollar sign; the others are output."""
    commands = re.findall(r"^\$ (.*)$", example.parsed, re.MULTILINE)
    assert commands, "a console block needs a line that begins with '$ '"
    for command in commands:
        assert command.startswith(_COMMANDS), f"needs a skip comment: {command}"
        # A shell, as the reader has one: commands may hold quotes and pipes.
        done = subprocess.run(  # noqa: S602 - our own pages
            command, shell=True, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser("python", run_python),
        CodeBlockParser("console", run_console),
        SkipParser(),
    ],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    excludes=["docs/_build/*"],
    fixtures=["documented"],
).pytest()
