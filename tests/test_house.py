"""The house itself: the front door, who may import whom, what an import brings along."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pixlab_async

PACKAGE = Path(pixlab_async.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# Rooms that work without I/O: they know neither an HTTP library nor an event loop.
PURE = {
    "_arguments",
    "_endpoint",
    "_errors",
    "_faces",
    "_key",
    "_learner",
    "_multipart",
    "_origin",
    "_pacer",
    "_places",
    "_protocol",
    "_reply",
    "_results",
    "_retry",
    "_rolling",
    "_shapes",
    "_success",
    "_values",
    "_wording",
    "endpoints",
    "transports._seam",
    "transports._body",
}
HTTPX = {
    "transports.httpx",
    "transports._httpx_faults",
    "transports._httpx_leftover",
    "transports._httpx_logging",
    "transports._httpx_sending",
    "transports._httpx_tls",
    "transports._httpx_wire",
}
AIOHTTP = {
    "transports.aiohttp",
    "transports._aiohttp_faults",
    "transports._aiohttp_idle",
    "transports._aiohttp_reply",
    "transports._aiohttp_sending",
    "transports._aiohttp_upload",
    "transports._aiohttp_wire",
}
# Rooms that `import pixlab_async` must not open.
LATE = {
    "_bulk",
    "catalogue",
    "cleanup",
    "cli",
    "emulator",
    "ledger",
    "probe",
    "pytest_plugin",
    "testing",
    "_database",
    "_notice",
    "_writer",
    *HTTPX,
    *AIOHTTP,
}


def name_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(module: Path, *, top_level: bool = False) -> set[str]:
    """Absolute names of what the module imports (of what runs on import, if asked)."""
    tree = ast.parse(module.read_text())
    nodes = list(tree.body) if top_level else list(ast.walk(tree))
    here = ["pixlab_async", *module.relative_to(PACKAGE).parts]
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level]) if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            found |= {name, *(f"{name}.{alias.name}" for alias in node.names)}
    return found


def test_the_front_door_is_sorted_and_open() -> None:
    assert pixlab_async.__all__ == sorted(pixlab_async.__all__)
    for name in pixlab_async.__all__:
        assert getattr(pixlab_async, name) is not None


def test_everything_public_is_in_the_front_door() -> None:
    public = {
        name for name in dir(pixlab_async) if name.isidentifier() and not name.startswith("_")
    }
    submodules = {
        "catalogue",
        "cleanup",
        "cli",
        "emulator",
        "endpoints",
        "ledger",
        "probe",
        "pytest_plugin",
        "testing",
        "transports",
    }

    assert public - submodules == set(pixlab_async.__all__) - {"__version__"}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_only_the_transport_and_the_emulator_import_httpx(module: Path) -> None:
    name = name_of(module)
    if name in HTTPX or name.startswith("emulator"):
        return

    assert "httpx" not in imports(module, top_level=True)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_only_the_fast_lane_imports_aiohttp(module: Path) -> None:
    if name_of(module) in AIOHTTP:
        return

    assert not {entry.split(".")[0] for entry in imports(module)} & {"aiohttp", "yarl"}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_the_pure_rooms_import_no_event_loop(module: Path) -> None:
    name = name_of(module)
    if name in PURE or name.split(".")[0] in PURE:
        found = {entry.split(".")[0] for entry in imports(module)}
        assert not found & {"anyio", "asyncio", "trio", "httpx"}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_nobody_goes_round_anyio(module: Path) -> None:
    found = {entry.split(".")[0] for entry in imports(module)}

    assert not found & {"asyncio", "trio", "sniffio"}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_the_emulator_knows_the_catalogue_and_nothing_else_of_the_client(module: Path) -> None:
    if not name_of(module).startswith("emulator"):
        return

    ours = {entry for entry in imports(module) if entry.startswith("pixlab_async")}
    rooms = ("pixlab_async.emulator", "pixlab_async.catalogue")
    assert all(entry.startswith(rooms) for entry in ours)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_the_core_never_imports_the_late_rooms_on_import(module: Path) -> None:
    name = name_of(module)
    if name.split(".")[0] in LATE or name in LATE:
        return

    for entry in imports(module, top_level=True):
        room = entry.removeprefix("pixlab_async.")
        assert entry == room or (room not in LATE and room.split(".")[0] not in LATE)


def test_importing_the_package_brings_none_of_the_extras_along() -> None:
    code = (
        "import sys, pixlab_async; "
        "heavy = {'aiohttp', 'httpx', 'starlette', 'uvicorn', 'sqlite3'}; "
        "heavy |= {'PIL', 'click', 'rich', 'pytest', 'trio'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_opens_with_what_it_is_for_and_stays_small(module: Path) -> None:
    source = module.read_text()

    assert ast.get_docstring(ast.parse(source))
    assert source.count("\n") <= 300
