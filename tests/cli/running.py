"""Runs commands in this process, against an emulator on a real socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from pixlab_async.cli._commands import pixlab
from pixlab_async.emulator import Emulator


def invoke(
    emulator: Emulator, *args: object, env: Mapping[str, str | None] | None = None, **extra: Any
) -> Result:
    surroundings = {"PIXLAB_BASE_URL": emulator.base_url, "PIXLAB_API_KEY": emulator.api_key}
    texts = [str(arg) for arg in args]
    return CliRunner().invoke(pixlab, texts, env={**surroundings, **(env or {})}, **extra)


def fields(emulator: Emulator, *args: object, **extra: Any) -> dict[str, Any]:
    """The JSON object that a command prints, which must end well."""
    result = invoke(emulator, *args, "--json", **extra)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def stored(emulator: Emulator, picture: Path) -> str:
    return invoke(emulator, "store", picture).stdout.strip()
