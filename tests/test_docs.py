"""The documentation is whole: whatever can be used is on a page, and in one place only."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import pixlab_async
from pixlab_async import AsyncPixLab, BlobPictures, Channel
from pixlab_async.catalogue import catalogue

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
