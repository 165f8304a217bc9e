"""Uses for type checkers: whether they are accepted and refused, these say, not a run."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from pixlab_async import AsyncPixLab

from .samples import TYPED
from .typing import refused, uses


@pytest.mark.parametrize("module", [uses, refused])
def test_the_uses_can_be_imported_and_are_all_coroutines(module: ModuleType) -> None:
    own = [
        function
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
    ]

    assert len(own) >= 5
    assert all(map(inspect.iscoroutinefunction, own))


def test_every_refused_use_says_so() -> None:
    lines = Path(refused.__file__ or "").read_text().splitlines()
    uses_there = [
        statement
        for node in ast.parse("\n".join(lines)).body
        if isinstance(node, ast.AsyncFunctionDef)
        for statement in node.body
        if not isinstance(statement, ast.Delete)
    ]

    accepted = [
        lines[use.lineno - 1]
        for use in uses_there
        if "# type: ignore[" not in lines[use.lineno - 1]
    ]
    assert accepted == []
    assert len(uses_there) > 50


def test_what_is_used_there_is_there() -> None:
    """A method that was renamed would make a refused use refused for the wrong reason."""
    source = Path(refused.__file__ or "").read_text()
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }

    on_purpose = {"emboss", "upper"}
    assert called - on_purpose <= {*dir(AsyncPixLab), *TYPED}
