"""A job and whoever sits in front of it: signals, questions, the display, and pipes."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from subprocess import DEVNULL, run

import pytest
from rich.cells import cell_len

from pixlab_async.emulator import Emulator, Fault

from .processes import (
    MAIN,
    TIMEOUT,
    cleanup,
    listed,
    rows,
    sent,
    settle_down,
    started,
    states_of,
    store,
    surroundings,
    until,
)

if sys.platform == "win32":
    pytest.skip("terminals of POSIX", allow_module_level=True)

from .terminals import at_terminal

pytestmark = pytest.mark.once

CTRL_C = "\x03"
# Seconds: no signal, and no grace of these tests, lets a call be that slow.
FOR_EVER = 600.0
RESUME = "Go on with: pixlab cleanup "


def slow(emulator: Emulator, seconds: float, times: int | None = None) -> None:
    emulator.inject(Fault(endpoint="delete", latency=seconds, acts=True, times=times))


def journal_of(file: Path, tmp_path: Path) -> dict[int, str]:
    return states_of(file.with_name(f"{file.name}.journal"), tmp_path / "copy")


def finish(emulator: Emulator, file: Path, tmp_path: Path) -> list[str]:
    """Run the job once more, to its end; the states of its links, one each."""
    settle_down(emulator)
    report = tmp_path / "out.jsonl"
    done = cleanup(file, "--yes", "--report", report, emulator=emulator)
    assert done.returncode == 0, done.stderr
    assert emulator.stored() == []
    found = rows(report)
    assert [row["link"] for row in found] == file.read_text().splitlines()
    return [row["state"] for row in found]


def test_ctrl_c_lets_what_is_under_way_end_and_says_how_to_go_on(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = listed(tmp_path, store(emulator, 40))
    slow(emulator, 0.5)
    with at_terminal("cleanup", file, "--concurrency", 4, emulator=emulator) as terminal:
        until(lambda: len(sent(emulator)) >= 4)
        terminal.type(CTRL_C)
        code = terminal.end()

    assert code == 130
    assert f"{RESUME}{file} --concurrency 4" in terminal.text
    found = journal_of(file, tmp_path)
    assert set(found.values()) == {"deleted"}
    assert len(found) == len(sent(emulator)) < 40
    emulator._faults.clear()
    assert set(finish(emulator, file, tmp_path)) == {"deleted"}
    assert len(sent(emulator)) == 40


def test_a_second_ctrl_c_cancels_what_is_under_way_and_keeps_the_journal(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = listed(tmp_path, store(emulator, 20))
    slow(emulator, FOR_EVER, times=4)
    with at_terminal("cleanup", file, "--concurrency", 4, emulator=emulator) as terminal:
        until(lambda: len(sent(emulator)) >= 4)
        terminal.type(CTRL_C)
        terminal.read_until("The same again cancels it")
        terminal.type(CTRL_C)
        code = terminal.end()

    assert (code, RESUME in terminal.text) == (130, True)
    assert journal_of(file, tmp_path) == dict.fromkeys(range(4), "unknown")
    assert len(finish(emulator, file, tmp_path)) == 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_from_outside_stops_in_order_too(
    emulator: Emulator, tmp_path: Path, number: signal.Signals
) -> None:
    file = listed(tmp_path, store(emulator, 20))
    slow(emulator, 0.5)
    with started("cleanup", file, emulator=emulator) as process:
        until(lambda: len(sent(emulator)) >= 10)
        process.send_signal(number)
        _, err = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 128 + number
    assert RESUME in err
    found = journal_of(file, tmp_path)
    assert (len(found), set(found.values())) == (len(sent(emulator)), {"deleted"})


def test_what_takes_longer_than_the_grace_is_cancelled(emulator: Emulator, tmp_path: Path) -> None:
    file = listed(tmp_path, store(emulator, 5))
    slow(emulator, FOR_EVER, times=2)
    args = [file, "--concurrency", 2, "--grace", "0.2s"]
    with started("cleanup", *args, emulator=emulator) as process:
        until(lambda: len(sent(emulator)) == 2)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=TIMEOUT)

    assert (process.returncode, RESUME in err) == (143, True)
    assert journal_of(file, tmp_path) == {0: "unknown", 1: "unknown"}
    assert len(finish(emulator, file, tmp_path)) == 5


def test_what_was_not_found_before_an_early_stop_is_asked_for_again(
    emulator: Emulator, tmp_path: Path
) -> None:
    file, journal = listed(tmp_path, store(emulator, 40)), tmp_path / "links.txt.journal"
    with Emulator() as another:
        slow(another, 0.2)
        with started("cleanup", file, emulator=another) as process:
            until(lambda: len(sent(another)) >= 15)
            process.send_signal(signal.SIGINT)  # by somebody who sees that it is the wrong key
            process.communicate(timeout=TIMEOUT)

    assert (process.returncode, states_of(journal, tmp_path / "copy")) == (130, {})
    assert set(finish(emulator, file, tmp_path)) == {"deleted"}


def test_a_stop_after_the_last_link_is_no_interruption(emulator: Emulator, tmp_path: Path) -> None:
    file = listed(tmp_path, store(emulator, 3))
    slow(emulator, 0.5)
    with started("cleanup", file, emulator=emulator) as process:
        until(lambda: len(sent(emulator)) == 3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT)

    assert (process.returncode, RESUME in err) == (0, False)


def test_a_closed_standard_output_keeps_what_was_learnt(emulator: Emulator, tmp_path: Path) -> None:
    # Each refused link is a line that nobody reads; others are under way meanwhile.
    good = store(emulator, 60)
    links = [*good[:15], "no link", "nor this", *good[15:]]
    file = listed(tmp_path, links)
    slow(emulator, 0.3)
    with started("cleanup", file, "--json", emulator=emulator) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.wait(TIMEOUT)
        err = process.stderr.read()

    assert (process.returncode, err) == (141, "")
    settle_down(emulator)
    found = journal_of(file, tmp_path)
    known = {links[place] for place, state in found.items() if state == "deleted"}
    assert known == set(sent(emulator)) != set()
    assert "unknown" not in found.values()


def test_head_may_take_one_line_and_leave(emulator: Emulator, tmp_path: Path) -> None:
    good = store(emulator, 40)
    file = listed(tmp_path, [*good[:5], *(f"no link {n}" for n in range(9)), *good[5:]])
    slow(emulator, 0.1)
    command = f"{sys.executable} -c '{MAIN}' cleanup '{file}' --json"
    script = f"{{ {command}; echo $? >&2; }} | head -1"
    done = run(
        ["/bin/sh", "-c", script],
        stdin=DEVNULL,
        capture_output=True,
        text=True,
        env=surroundings(emulator),
        check=False,
    )

    assert (done.stderr, len(done.stdout.splitlines())) == ("141\n", 1)
    found = journal_of(file, tmp_path)
    known = {place for place, state in found.items() if state == "deleted"}
    assert len(known) == len(sent(emulator))


# --- The question ---------------------------------------------------------------------------


def many(emulator: Emulator, tmp_path: Path) -> Path:
    return listed(tmp_path, store(emulator, 1001))


QUESTION = "1,001 links"


def test_no_deletes_nothing(emulator: Emulator, tmp_path: Path) -> None:
    file = many(emulator, tmp_path)
    with at_terminal("cleanup", file, emulator=emulator) as terminal:
        terminal.read_until(QUESTION)
        terminal.type("n\n")
        code = terminal.end()

    assert (code, sent(emulator), len(emulator.stored())) == (1, [], 1001)


def test_yes_goes_on(emulator: Emulator, tmp_path: Path) -> None:
    file = many(emulator, tmp_path)
    args = [file, "--max-deletes", 20]
    with at_terminal("cleanup", *args, emulator=emulator) as terminal:
        terminal.read_until(QUESTION)
        terminal.type("y\n")
        code = terminal.end()

    assert (code, len(emulator.stored())) == (3, 981)


def test_who_has_said_yes_is_not_asked(emulator: Emulator, tmp_path: Path) -> None:
    file = many(emulator, tmp_path)
    args = [file, "--max-deletes", 20, "--yes"]
    with at_terminal("cleanup", *args, emulator=emulator) as terminal:
        code = terminal.end()

    assert (code, "[y/N]" in terminal.text, len(emulator.stored())) == (3, False, 981)


def test_nobody_is_asked_where_standard_input_is_no_terminal(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = many(emulator, tmp_path)
    done = cleanup(file, "--max-deletes", 20, emulator=emulator)

    assert (done.returncode, "[y/N]" in done.stderr, len(emulator.stored())) == (3, False, 981)


def test_a_thousand_links_are_no_question(emulator: Emulator, tmp_path: Path) -> None:
    file = listed(tmp_path, store(emulator, 1000))
    args = [file, "--max-deletes", 20]
    with at_terminal("cleanup", *args, emulator=emulator) as terminal:
        code = terminal.end()

    assert (code, "[y/N]" in terminal.text) == (3, False)


def test_ctrl_c_is_an_answer_to_the_question(emulator: Emulator, tmp_path: Path) -> None:
    file = many(emulator, tmp_path)
    args = [file, "--grace", "10m"]
    with at_terminal("cleanup", *args, emulator=emulator) as terminal:
        terminal.read_until(QUESTION)
        terminal.type(CTRL_C)
        code = terminal.end()

    assert (code, sent(emulator), len(emulator.stored())) == (130, [], 1001)


# --- The display ----------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_of_the_display_is_wider_than_the_terminal(
    emulator: Emulator, tmp_path: Path, columns: int
) -> None:
    bad = [f"https://example.org/{'x' * 150}/{n} {'y' * 40}" for n in range(20)]
    file = listed(tmp_path, [*store(emulator, 60), *bad], name=f"{'long-' * 20}.txt")
    slow(emulator, 0.1)
    with at_terminal(
        "cleanup", file, "--concurrency", 3, emulator=emulator, columns=columns, stdout=DEVNULL
    ) as terminal:
        code = terminal.end()

    drawn = [line for line in terminal.lines() if not line.startswith("pixlab: ")]
    assert code == 2
    assert any("links" in line or "%" in line for line in drawn)
    assert max(map(cell_len, drawn)) <= columns
