"""The documentation is whole: whatever can be used is on a page, and in one place only."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import requests

import pixlab_async
from pixlab_async import AsyncPixLab, BlobPictures, Channel
from pixlab_async.catalogue import catalogue
from pixlab_async.cli._cleanup import cleanup
from pixlab_async.emulator import Emulator

EXAMPLES = Path(__file__).parent.parent / "examples"
DOCS = Path(__file__).parent.parent / "docs"
REFERENCE = DOCS / "reference"
PAGES = REFERENCE / "endpoints"

# Names of unions, which are explained where they are used, and the version.
WITHOUT_ENTRY = {"Auth", "KeySource", "Links", "Parameter", "__version__"}


def extension(name: str) -> dict[str, Any]:
    """A module of docs/_ext that needs no Sphinx."""
    return runpy.run_path(str(DOCS / "_ext" / f"{name}.py"))


GALLERY = extension("gallery_calls")
GROUPS = extension("groups")


def documented() -> list[str]:
    """The client's methods and properties that reference pages have, by hand or by group."""
    found = [
        name
        for page in sorted(REFERENCE.rglob("*.md"))
        for name in re.findall(
            r"auto(?:method|property):: AsyncPixLab\.(\w+)", page.read_text(encoding="utf-8")
        )
    ]
    for module in GROUPS["MODULES"]:
        found += GROUPS["methods_of"](module)
    return found


def test_the_gallery_shows_or_excuses_each_endpoint_that_answers_with_bytes() -> None:
    assert GALLERY["missing"]() == set()


def test_the_gallery_shows_nothing_else() -> None:
    shown = [name for calls in GALLERY["CALLS"].values() for name in calls]
    assert len(shown) == len(set(shown))
    assert {name for name in shown if not catalogue()[name].blob} == set()
    assert not set(shown) & set(GALLERY["EXCEPTIONS"])
    assert {name for name in shown if not hasattr(BlobPictures, name)} == set()


def test_the_gallery_has_each_endpoint_under_the_group_of_its_method() -> None:
    homes = GROUPS["homes"]()
    assert GALLERY["CALLS"].keys() == {
        homes[name] for calls in GALLERY["CALLS"].values() for name in calls
    }
    assert {
        name for group, calls in GALLERY["CALLS"].items() for name in calls if homes[name] != group
    } == set()


def test_the_gallery_page_has_each_group_once() -> None:
    page = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"```\{gallery\} (\w+)", page)) == sorted(GALLERY["CALLS"])


def test_each_module_of_endpoints_has_a_page() -> None:
    package = Path(pixlab_async.__file__).parent / "endpoints"
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("_")}
    assert set(GROUPS["MODULES"]) == modules
    assert {page.stem for page in PAGES.glob("*.md")} - {"index"} == modules


@pytest.mark.parametrize("module", GROUPS["MODULES"])
def test_the_page_of_a_module_has_its_methods(module: str) -> None:
    page = (PAGES / f"{module}.md").read_text(encoding="utf-8")
    assert re.findall(r"```\{endpoint-group\} (\w+)", page) == [module]
    assert GROUPS["methods_of"](module)


def test_each_method_of_the_client_is_in_the_reference_once() -> None:
    public = {name for name in dir(AsyncPixLab) if not name.startswith("_")}
    assert sorted(documented()) == sorted(public)


def test_each_public_name_is_in_the_reference() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in REFERENCE.rglob("*.md"))
    entries = set(re.findall(r"(?:auto(?:class|exception)|py:\w+):: (\w+)", text))
    assert set(pixlab_async.__all__) - WITHOUT_ENTRY - entries == set()


def test_the_table_of_channels_is_whole() -> None:
    page = (REFERENCE / "results.md").read_text(encoding="utf-8")
    rows = [
        (int(bit), re.findall(r"`(\w+)`", names))
        for bit, names in re.findall(r"^\| (\d+) \|(.*)$", page, re.MULTILINE)
    ]
    shown = {name: bit for bit, names in rows for name in names}
    assert shown == {name: bit.value for name, bit in Channel.__members__.items()}


def test_the_commands_for_schedulers_are_understood() -> None:
    page = (DOCS / "howto" / "nightly-cleanup.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:text|ini|yaml)\n(.*?)```", page, re.DOTALL)
    # A command may go on in the lines below it, indented further than an option of YAML's.
    text = re.sub(r"\n {18}(?=--)", " ", "\n".join(blocks))
    commands = re.findall(r"pixlab cleanup (.*)", text)
    assert len(commands) == 4
    for command in commands:
        arguments = shlex.split(command.partition(" 2>>")[0])
        environment = [] if "--ledger" in arguments else ["--ledger", "media.db"]
        cleanup.make_context("cleanup", [*arguments, *environment])


def test_the_units_for_systemd_are_in_form() -> None:
    page = (DOCS / "howto" / "nightly-cleanup.md").read_text(encoding="utf-8")
    units = re.findall(r"```ini\n(.*?)```", page, re.DOTALL)
    sections: list[list[str]] = []
    for unit in units:
        parser = ConfigParser(interpolation=None)
        parser.read_string(unit)
        sections.append(parser.sections())
    assert sections == [["Unit", "Service"], ["Unit", "Timer", "Install"]]


@pytest.fixture
def links(emulator: Emulator, picture: bytes, tmp_path: Path) -> Path:
    """A list of three pictures that are stored."""
    found: list[str] = []
    for _ in range(3):
        reply = requests.post(
            f"{emulator.base_url}/store",
            data={"key": emulator.api_key},
            files={"file": picture},
            timeout=10,
        )
        found.append(reply.json()["link"])
    path = tmp_path / "links.txt"
    path.write_text("\n".join(found), encoding="utf-8")
    return path


def test_the_example_of_a_job_deletes_a_list_and_then_has_nothing_to_do(
    emulator: Emulator, links: Path
) -> None:
    service = {"PIXLAB_BASE_URL": emulator.base_url, "PIXLAB_API_KEY": emulator.api_key}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, EXAMPLES / "cleanup_job.py", links],
            env={**os.environ, **service},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "Finished: {'deleted': 3}, 0 to go\n")
    assert [request.endpoint for request in emulator.received] == ["store"] * 3 + ["delete"] * 3


def test_each_test_that_the_threat_model_names_is_there() -> None:
    page = (DOCS / "explanation" / "threat-model.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[^`]+)`", page))

    assert len(named) > 10
    assert {name for name in named if not (DOCS.parent / name).is_file()} == set()
