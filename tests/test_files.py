"""Files that are written: whole, private where they must be, and never through a planted link."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pixlab_async import AsyncPixLab, ConfigurationError
from pixlab_async._database import Kind, open_database
from pixlab_async._whole import PRIVATE, replacing
from pixlab_async._wording import in_line, inert, printable
from pixlab_async.cleanup._lock import Lock
from pixlab_async.cli._commands import pixlab as command
from pixlab_async.cli._compose import side_by_side

from .conftest import QUICK, Lane, png
from .scripted import http, serve

KIND = Kind("notebook", 0x1234, 1, "CREATE TABLE notes (number INTEGER)")

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and modes are POSIX's")


@pytest.mark.parametrize(
    "said",
    [
        'filename="../../evil"',
        'filename="/tmp/evil"',
        "filename*=UTF-8''..%2Fevil",
        'filename="C:\\\\evil"; filename="NUL"',
    ],
)
async def test_no_file_is_named_after_what_a_reply_says(
    tmp_path: Path, lane: Lane, said: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    answer = http(b"bytes", 200, [f"Content-Disposition: attachment; {said}"])
    with serve([answer]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, retry=QUICK) as pixlab:
            await pixlab.download(f"{script.base_url}/..%2f..%2fevil.png", folder / "a.png")

    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found == [folder / "a.png"]


@posix
async def test_a_download_replaces_a_link_and_not_what_it_leads_to(
    tmp_path: Path, lane: Lane
) -> None:
    target, link = tmp_path / "target", tmp_path / "a.png"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    with serve([http(b"bytes")]) as script:
        async with AsyncPixLab(transport=lane, base_url=script.base_url, retry=QUICK) as pixlab:
            await pixlab.download(f"{script.base_url}/a.png", link)

    assert (target.read_bytes(), link.read_bytes(), link.is_symlink()) == (
        b"precious",
        b"bytes",
        False,
    )


@posix
def test_an_output_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "report.csv"
    target.write_bytes(b"precious")
    link.symlink_to(target)

    with replacing(link, mode=PRIVATE) as part:
        part.write_bytes(b"new")

    assert (target.read_bytes(), link.is_symlink()) == (b"precious", False)
    assert stat.S_IMODE(link.stat().st_mode) == PRIVATE


@pytest.mark.parametrize("name", ["a" * 255, "b" * 251 + ".png", ".hidden", "-rf", "a b.png"])
def test_an_output_may_have_any_name_that_a_file_may_have(tmp_path: Path, name: str) -> None:
    with replacing(tmp_path / name) as part:
        part.write_bytes(b"new")

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_output_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.png") as part:
        part.write_bytes(b"half")
        raise KeyboardInterrupt

    assert list(tmp_path.iterdir()) == []


@posix
def test_a_lock_never_empties_another_file(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    (tmp_path / "job.db.lock").symlink_to(target)

    with pytest.raises(ConfigurationError, match="cannot be locked"):
        Lock(tmp_path / "job.db")

    assert target.read_bytes() == b"precious"


@posix
def test_a_database_behind_a_link_to_nowhere_is_private_too(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to(tmp_path / "other.db")
    before = os.umask(0)
    try:
        open_database(tmp_path / "a.db", KIND).close()
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "other.db").stat().st_mode) == PRIVATE


def test_the_schema_of_somebody_elses_database_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_database(path, KIND).close()
    with sqlite3.connect(path) as made:
        made.execute("CREATE TRIGGER evil AFTER INSERT ON notes BEGIN SELECT boom(); END")
    made.close()
    ran: list[int] = []

    connection = open_database(path, KIND)
    connection.create_function("boom", 0, lambda: ran.append(1))
    with pytest.raises(sqlite3.OperationalError, match="unsafe use of boom"):
        connection.execute("INSERT INTO notes VALUES (1)")
    connection.close()

    assert ran == []


@given(st.text(max_size=30))
@settings(max_examples=200)
def test_nothing_that_steers_a_terminal_is_ever_shown(text: str) -> None:
    assert in_line(text).isprintable()
    assert printable(text).replace("\n", "").isprintable()
    assert len(in_line(text)) == len(printable(text)) == len(text)


@given(st.text(max_size=10))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = str(inert(text))

    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.removeprefix("'").endswith(text.removeprefix("'"))


def test_a_link_in_two_lines_is_shown_in_one() -> None:
    link = "https://a.example/\x1b[2J\nhttps://b.example/"
    body = json.dumps({"status": 200, "link": link, "id": "a.png"}).encode()
    with serve([http(body)]) as script:
        environment = {"PIXLAB_BASE_URL": script.base_url, "PIXLAB_API_KEY": "0123456789abcdef"}
        arguments = ["oilpaint", "https://example.org/a.png", "--radius", "3"]
        result = CliRunner().invoke(command, arguments, env=environment)

    assert result.stdout == "https://a.example/?[2J?https://b.example/\n"


def test_the_demos_picture_is_not_read_by_another_program(tmp_path: Path) -> None:
    picture, page = tmp_path / "before", tmp_path / "after"
    picture.write_bytes(png(Image.new("RGB", (9, 9))))
    page.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n%%EOF\n")

    with pytest.raises(ConfigurationError, match="cannot be read: cannot identify"):
        side_by_side(picture, page, ("before", "after"), tmp_path / "both.png")
