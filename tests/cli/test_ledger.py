"""``pixlab ledger``, and the commands that write one."""

from __future__ import annotations

import csv
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from pixlab_async.cli._exits import Exit
from pixlab_async.emulator import Emulator, Fault

from ..databases import ask
from .running import invoke


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "media.db"


def run(emulator: Emulator, file: Path, *args: object, **extra: Any) -> Result:
    """A command that is told of the ledger by the environment."""
    return invoke(emulator, *args, env={"PIXLAB_LEDGER": str(file)}, **extra)


def links(emulator: Emulator, file: Path, *args: object) -> list[str]:
    result = run(emulator, file, "ledger", "export", *args)
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def imported(emulator: Emulator, file: Path, text: str, *args: object) -> Result:
    return run(emulator, file, "ledger", "import", "-", *args, input=text)


# Commands that write a ledger.


def test_what_commands_store_is_recorded_with_its_tag(
    emulator: Emulator, file: Path, picture: Path
) -> None:
    invoke(emulator, "store", picture, "--ledger", file, "--tag", "a")
    invoke(emulator, "flip", picture, "--ledger", file, "--tag", "b")
    invoke(emulator, "call", "flop", picture, "--ledger", file)

    assert links(emulator, file) == emulator.stored()
    assert links(emulator, file, "--tag", "b") == emulator.stored()[1:2]
    assert links(emulator, file, "--endpoint", "flop") == emulator.stored()[2:]


def test_what_a_command_keeps_is_not_temporary(
    emulator: Emulator, file: Path, picture: Path
) -> None:
    run(emulator, file, "flip", picture)

    assert links(emulator, file, "--temporary") == []
    assert links(emulator, file, "--no-temporary") == emulator.stored()


def test_what_a_command_lends_is_gone(
    emulator: Emulator, file: Path, picture: Path, tmp_path: Path
) -> None:
    run(emulator, file, "flip", picture, "--temporary", "-o", tmp_path / "a.png")

    assert ask(file, "SELECT temporary, ending FROM media") == [(1, "deleted")]


def test_what_a_command_deletes_is_gone(emulator: Emulator, file: Path, picture: Path) -> None:
    run(emulator, file, "store", picture)
    result = run(emulator, file, "delete", *links(emulator, file))

    assert (result.exit_code, links(emulator, file)) == (0, [])


def test_a_bad_ledger_is_told_before_anything_is_sent(
    emulator: Emulator, tmp_path: Path, picture: Path
) -> None:
    result = run(emulator, tmp_path / "no" / "media.db", "store", picture)

    assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)
    assert "No such file or directory" in result.stderr


def test_commands_without_a_ledger_write_none(
    emulator: Emulator, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    invoke(emulator, "store", picture)

    assert list(tmp_path.iterdir()) == [picture]


# Looking.


def test_a_list_shows_masked_links(emulator: Emulator, file: Path) -> None:
    imported(emulator, file, "https://m.org/secret/0123456789abcdef.png\n", "--tag", "a")
    result = run(emulator, file, "ledger", "list")

    assert result.exit_code == 0
    assert result.stdout.split()[2:] == ["-", "a", "m.org/…cdef.png"]


def test_a_list_shows_whole_links_where_that_is_asked_for(emulator: Emulator, file: Path) -> None:
    imported(emulator, file, "https://m.org/secret/0123456789abcdef.png\n")

    assert "https://m.org/secret/" in run(emulator, file, "ledger", "list", "--links").stdout


def test_a_list_for_programs(emulator: Emulator, file: Path, picture: Path) -> None:
    run(emulator, file, "store", picture, "--tag", "a")
    row = json.loads(run(emulator, file, "ledger", "list", "--json").stdout)

    assert row.pop("stored_at").endswith("+00:00")
    link = emulator.stored()[0]
    assert row == {
        "link": link,
        "id": link.rpartition("/")[2],
        "endpoint": "store",
        "tag": "a",
        "temporary": False,
    }


def test_calls_whose_reply_was_lost_are_listed(
    emulator: Emulator, file: Path, picture: Path
) -> None:
    emulator.inject(Fault(endpoint="store", acts=True, reset="before"))
    run(emulator, file, "store", picture)

    assert "store" in run(emulator, file, "ledger", "list", "--uncertain").stdout
    row = json.loads(run(emulator, file, "ledger", "list", "--uncertain", "--json").stdout)
    assert (row["endpoint"], row["tag"]) == ("store", None)
    refused = run(emulator, file, "ledger", "list", "--uncertain", "--endpoint", "store")
    assert refused.exit_code == Exit.USAGE


def test_what_should_be_gone_is_counted_and_noted(
    emulator: Emulator, file: Path, picture: Path, tmp_path: Path
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=3))
    output = tmp_path / "a.png"
    failed = run(emulator, file, "flip", picture, "--temporary", "-o", output)

    assert failed.exit_code == Exit.TRANSIENT
    assert "(temporary)" in run(emulator, file, "ledger", "list").stdout
    assert "1 of them temporary" in run(emulator, file, "ledger", "stats").stdout


def test_only_what_is_old_is_listed(emulator: Emulator, file: Path) -> None:
    imported(emulator, file, "a.png\n")

    assert links(emulator, file, "--older-than", "1h") == []
    assert links(emulator, file, "--older-than", "0s") == ["a.png"]


def test_a_bad_age_is_told(emulator: Emulator, file: Path) -> None:
    imported(emulator, file, "a.png\n")
    result = run(emulator, file, "ledger", "list", "--older-than", "soon")

    assert (result.exit_code, "such as '7d'" in result.stderr) == (Exit.USAGE, True)


def test_counts_for_people(emulator: Emulator, file: Path, picture: Path) -> None:
    imported(emulator, file, "a.png\nb.png\n", "--tag", "old")
    run(emulator, file, "store", picture)
    lines = run(emulator, file, "ledger", "stats").stdout.splitlines()

    assert lines[0].startswith("3 stored, the oldest since 20")
    assert lines[1:] == [
        "0 uncertain: under way, or the reply was lost",
        "0 gone",
        "Stored by endpoint: none 2, store 1",
        "Stored by tag: old 2, none 1",
    ]


def test_counts_for_programs(emulator: Emulator, file: Path) -> None:
    imported(emulator, file, "a.png\n")
    counts = json.loads(run(emulator, file, "ledger", "stats", "--json").stdout)

    assert (counts["stored"], counts["by_endpoint"]) == (1, {"": 1})


@pytest.mark.parametrize("command", [["list"], ["stats"], ["export"], ["forget", "a.png"]])
def test_a_slip_in_the_ledgers_name_is_told(
    emulator: Emulator, file: Path, command: list[str]
) -> None:
    result = run(emulator, file, "ledger", *command)

    assert (result.exit_code, "There is no ledger" in result.stderr) == (Exit.USAGE, True)
    assert not file.exists()


def test_a_ledger_must_be_named(emulator: Emulator) -> None:
    result = invoke(emulator, "ledger", "list")

    assert (result.exit_code, "--ledger" in result.stderr) == (Exit.USAGE, True)


# Taking out.


def test_an_exported_file_is_private_and_can_be_imported(
    emulator: Emulator, file: Path, tmp_path: Path
) -> None:
    imported(emulator, file, "a.png\nb.png\n")
    copy = tmp_path / "links.txt"
    links(emulator, file, "-o", copy)

    assert copy.read_text() == "a.png\nb.png\n"
    assert sys.platform == "win32" or stat.S_IMODE(copy.stat().st_mode) == 0o600
    other = run(emulator, tmp_path / "other.db", "ledger", "import", copy)
    assert other.stdout == "2 new, 0 there already\n"


def test_an_export_as_csv(emulator: Emulator, file: Path) -> None:
    imported(emulator, file, "a.png\n", "--tag", 'with "quotes", and commas')
    rows = list(csv.DictReader(links(emulator, file, "--format", "csv")))

    assert [(row["link"], row["tag"]) for row in rows] == [("a.png", 'with "quotes", and commas')]


def test_an_export_as_json_lines(emulator: Emulator, file: Path) -> None:
    imported(emulator, file, "a.png\nb.png\n")
    rows = [json.loads(line) for line in links(emulator, file, "--format", "jsonl")]

    assert [row["link"] for row in rows] == ["a.png", "b.png"]


def test_an_output_in_a_missing_folder_is_refused(
    emulator: Emulator, file: Path, tmp_path: Path
) -> None:
    imported(emulator, file, "a.png\n")
    result = run(emulator, file, "ledger", "export", "-o", tmp_path / "no" / "links.txt")

    assert (result.exit_code, "does not exist" in result.stderr) == (Exit.USAGE, True)


# Putting in.


def test_importing_twice_adds_nothing(emulator: Emulator, file: Path) -> None:
    first = imported(emulator, file, "a.png\n\nb.png\n")
    second = imported(emulator, file, "b.png\r\nc.png", "--json")

    assert first.stdout == "2 new, 0 there already\n"
    assert json.loads(second.stdout) == {"new": 1, "known": 1}


def test_a_column_is_imported(emulator: Emulator, file: Path, tmp_path: Path) -> None:
    table = tmp_path / "links.csv"
    table.write_text("name,url\na,http://m/a.png\n")
    run(emulator, file, "ledger", "import", table, "--column", "url")

    assert links(emulator, file) == ["http://m/a.png"]


def test_a_bad_line_is_told_with_its_number(emulator: Emulator, file: Path) -> None:
    result = imported(emulator, file, "a.png\n\nb c\n")

    assert result.exit_code == Exit.USAGE
    assert "standard input, line 3: The link has spaces" in result.stderr


# Forgetting.


def test_links_are_forgotten(emulator: Emulator, file: Path) -> None:
    imported(emulator, file, "a.png\nb.png\nc.png\n")
    result = run(emulator, file, "ledger", "forget", "a.png", "b.png")
    other = run(emulator, file, "ledger", "forget", "-", "--json", input="c.png\n")

    assert (result.stdout, json.loads(other.stdout)) == ("2 forgotten\n", {"forgotten": 1})
    assert links(emulator, file) == []


def test_a_state_is_forgotten(emulator: Emulator, file: Path, picture: Path) -> None:
    run(emulator, file, "store", picture)
    imported(emulator, file, "a.png\n", "--tag", "old")
    which = ("--state", "stored", "--tag", "old", "--yes")
    result = run(emulator, file, "ledger", "forget", *which)

    assert (result.stdout, links(emulator, file)) == ("1 forgotten\n", emulator.stored())


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["a.png", "--state", "gone", "--yes"],
        ["a.png", "--tag", "a"],
        ["a.png", "-"],
        ["--state", "gone"],
    ],
)
def test_forgetting_needs_to_be_clear(emulator: Emulator, file: Path, args: list[str]) -> None:
    imported(emulator, file, "a.png\n")
    result = run(emulator, file, "ledger", "forget", *args)

    assert (result.exit_code, links(emulator, file)) == (Exit.USAGE, ["a.png"])
