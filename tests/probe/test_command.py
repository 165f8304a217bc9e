"""``pixlab probe``: says what it will do, does it when it may, and compares what it wrote."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pixlab_async import ConfigurationError
from pixlab_async.emulator import Emulator, Fault
from pixlab_async.probe import REQUESTS, STEPS, compare, load, schema

from ..cli.running import invoke


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "probe.json"


def told(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_it_writes_what_it_saw_for_its_user_alone(emulator: Emulator, file: Path) -> None:
    result = invoke(emulator, "probe", "--yes", "-o", file)

    assert result.exit_code == 0, result.stderr
    jsonschema.validate(told(file), schema(), jsonschema.Draft202012Validator)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Not known so far, and now seen (" in result.stdout
    assert result.stdout.endswith("30 requests; 2 pictures stored, none left.\n")


def test_the_key_is_in_no_file_and_no_line(emulator: Emulator, file: Path) -> None:
    result = invoke(emulator, "probe", "--yes", "-o", file, "--show-links")

    assert emulator.api_key not in file.read_text() + result.output


def test_it_prints_the_document_as_json(emulator: Emulator, file: Path) -> None:
    result = invoke(emulator, "probe", "--yes", "-o", file, "--json")

    assert json.loads(result.stdout) == told(file)


def test_it_says_all_before_it_sends_anything(emulator: Emulator, file: Path) -> None:
    result = invoke(emulator, "probe", "--yes", "-o", file)

    plan, _, _ = result.stderr.partition("[ 1/")
    assert f"at most {REQUESTS} requests to {emulator.base_url}" in plan
    for word in ("quota", "bill", "deleted again", "made-up key"):
        assert word in plan
    assert all(f"{step.name}: {step.tells}" in plan for step in STEPS)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_dry_run_sends_nothing_and_needs_no_key(
    emulator: Emulator, file: Path, *, as_json: bool
) -> None:
    more = ["--json"] if as_json else []
    result = invoke(emulator, "probe", "--dry-run", "-o", file, *more, env={"PIXLAB_API_KEY": None})

    assert result.exit_code == 0, result.stderr
    assert (len(emulator.received), emulator.connections, file.exists()) == (0, 0, False)
    if as_json:
        assert len(json.loads(result.stdout)["steps"]) == len(STEPS)
    else:
        assert "26. missing-picture" in result.stdout


def test_the_pace_that_was_asked_for_is_told(emulator: Emulator) -> None:
    result = invoke(emulator, "probe", "--dry-run", "--rate", "30/min")

    assert "at least 2 s apart" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "pass --yes"),
        (["--yes", "a.json"], "FILE goes with --compare"),
        (["--yes", "--base-url", "http://example.org"], "plain http"),
        (["--yes", "--base-url", "https://example.org?key=abc"], "--base-url holds a key"),
        (["--yes", "--rate", "fast"], "is no rate"),
        (["--yes", "--output", "nowhere/probe.json"], "does not exist"),
        (["--compare"], "takes one FILE or two"),
        (["--compare", "a", "b", "c"], "takes one FILE or two"),
        (["--compare", "not-there.json"], "cannot be read"),
    ],
)
def test_wrong_usage_sends_nothing(
    emulator: Emulator, file: Path, more: list[str], said: str
) -> None:
    result = invoke(emulator, "probe", "-o", file, *more)

    assert result.exit_code == 1
    assert said in result.stderr
    assert len(emulator.received) == 0


def test_a_file_that_is_there_is_not_replaced(emulator: Emulator, file: Path) -> None:
    file.write_text("an earlier one")
    result = invoke(emulator, "probe", "--yes", "-o", file)

    assert (result.exit_code, file.read_text()) == (1, "an earlier one")
    assert "is there already" in result.stderr
    assert len(emulator.received) == 0


def test_a_wrong_key_has_its_own_exit_code(emulator: Emulator, file: Path) -> None:
    result = invoke(
        emulator, "probe", "--yes", "-o", file, env={"PIXLAB_API_KEY": "some-other-key-0"}
    )

    assert (result.exit_code, told(file)["stopped"]) == (4, "the key is refused")


def test_a_service_that_is_not_there_is_trouble_that_may_pass(
    emulator: Emulator, file: Path
) -> None:
    result = invoke(emulator, "probe", "--yes", "-o", file, "--base-url", "http://127.0.0.1:1")

    assert result.exit_code == 5
    assert "did not come to its end: no replies come" in result.stderr
    assert told(file)["finished"] is False


def test_what_cannot_be_deleted_is_told_whole_and_ends_with_a_code(
    emulator: Emulator, file: Path
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=None))
    result = invoke(emulator, "probe", "--yes", "-o", file)

    assert result.exit_code == 5
    links = emulator.stored()
    assert len(links) == len(told(file)["left"]) == 2
    for link in links:
        assert f"pixlab delete {link}" in result.stderr
        assert link not in file.read_text()


def test_an_emulator_of_its_own_needs_neither_key_nor_question(
    emulator: Emulator, file: Path
) -> None:
    nowhere: dict[str, str | None] = {"PIXLAB_API_KEY": None, "PIXLAB_BASE_URL": None}
    result = invoke(emulator, "probe", "--emulator", "-o", file, env=nowhere)

    assert result.exit_code == 0, result.stderr
    assert told(file)["service"].startswith("127.0.0.1:")
    assert (told(file)["finished"], len(emulator.received)) == (True, 0)


# --- Comparing ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def probed(running_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a probe of the emulator wrote."""
    running_emulator.clear()
    file = tmp_path_factory.mktemp("probed") / "emulator.json"
    assert invoke(running_emulator, "probe", "--yes", "-o", file).exit_code == 0
    return file


def changed(file: Path, to: Path, **seen: object) -> Path:
    """The same document with other answers."""
    document = told(file)
    for each in document["observations"]:
        if each["name"].replace("-", "_") in seen:
            each["seen"] = seen[each["name"].replace("-", "_")]
    to.write_text(json.dumps(document))
    return to


def test_two_that_say_the_same(emulator: Emulator, probed: Path, file: Path) -> None:
    other = changed(probed, file, latency={"median": 1})
    result = invoke(emulator, "probe", "--compare", probed, other)

    assert (result.exit_code, result.stdout) == (
        0,
        "emulator.json and probe.json say the same.\n",
    )
    assert len(emulator.received) == 0


def test_two_that_differ(emulator: Emulator, probed: Path, file: Path) -> None:
    other = changed(probed, file, encoding_plus="a plus", wrong_key=None)
    result = invoke(emulator, "probe", "--compare", probed, other)

    assert result.stdout.splitlines() == [
        "wrong-key: How is a key refused that is not valid?",
        "    emulator.json: http 401, status 401, json yes",
        "    probe.json: not seen",
        'encoding-plus: What is a "+" in a query read as?',
        "    emulator.json: a space",
        "    probe.json: a plus",
    ]


def test_one_against_what_is_known(probed: Path, file: Path) -> None:
    other = load(changed(probed, file, wrong_key={"http": 200}, encoding_plus="a plus"))
    found = {each.name: each for each in compare(other)}

    assert (found["wrong-key"].kind, found["wrong-key"].basis) == ("differs", "documented")
    assert found["wrong-key"].right == [{"http": 401, "status": 401, "json": True}]
    assert (found["encoding-plus"].kind, found["encoding-plus"].basis) == ("differs", "assumed")
    assert (found["cors"].kind, found["cors"].right) == ("new", None)
    assert found["tls"].kind == "unseen"
    assert "delete" not in found
    assert "latency" not in found


def test_what_differs_from_what_is_known_is_told(
    emulator: Emulator, probed: Path, file: Path
) -> None:
    other = changed(probed, file, error_fields=["message"], delete_again={"http": 200})
    lines = invoke(emulator, "probe", "--compare", other).stdout.splitlines()

    assert lines[lines.index("    probe.json: message") + 1] == "    documented: error and status"
    assert "    taken for granted here: http 404, status 404, json yes, deleted none" in {
        line.partition(";")[0] for line in lines
    }


def test_differences_as_json(emulator: Emulator, probed: Path, file: Path) -> None:
    other = changed(probed, file, encoding_plus="a plus")
    result = invoke(emulator, "probe", "--compare", probed, other, "--json")

    (line,) = result.stdout.splitlines()
    assert json.loads(line) == {
        "name": "encoding-plus",
        "asks": 'What is a "+" in a query read as?',
        "kind": "differs",
        "left": "a space",
        "right": "a plus",
        "basis": "assumed",
    }


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2, "observations": []}', '{"format": 1, "observations": [1]}'],
)
def test_a_file_that_is_no_document_is_refused(file: Path, text: str) -> None:
    file.write_text(text)

    with pytest.raises(ConfigurationError, match="is no document of `pixlab probe`"):
        load(file)


# --- At a terminal --------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_a_person_is_asked(emulator: Emulator, file: Path, answer: str, code: int) -> None:
    from ..cleanup.terminals import at_terminal

    with at_terminal("probe", "-o", file, emulator=emulator) as terminal:
        terminal.read_until("Begin? [y/N]: ")
        assert len(emulator.received) == 0
        terminal.type(f"{answer}\r")
        assert terminal.end() == code

    assert (len(emulator.received) > 0, file.exists()) == (answer == "y", answer == "y")
