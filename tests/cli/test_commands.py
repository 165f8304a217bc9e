"""The commands in this process, against an emulator on a real socket."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from subprocess import PIPE, run

import pytest
from PIL import Image

from pixlab_async import AuthenticationFailed, CleanupFailed, ConnectionFailed, Media, ServerFailed
from pixlab_async.cli._exits import MEANINGS, Exit, code_of
from pixlab_async.emulator import Emulator, Fault

from .running import invoke, stored


def test_store_prints_the_link_and_nothing_else(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "store", picture)

    assert (result.exit_code, result.stdout.splitlines()) == (0, emulator.stored())


def test_a_comment_goes_with_the_file(emulator: Emulator, picture: Path) -> None:
    invoke(emulator, "store", picture, "--comment", "for you")

    assert emulator.received[-1].params["comment"] == "for you"


def test_json_results_are_one_object_per_line(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "store", picture, "--json")

    assert [json.loads(line)["link"] for line in result.stdout.splitlines()] == emulator.stored()


def test_oilpaint_takes_a_link_and_saves_the_result(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    output = tmp_path / "painted.png"
    result = invoke(emulator, "oilpaint", stored(emulator, picture), "--radius", 2, "-o", output)

    assert result.stdout.splitlines() == [emulator.stored()[1], f"Saved as {output}"]
    with Image.open(output) as painted:
        assert painted.size == (40, 30)


def test_oilpaint_uploads_a_local_file(emulator: Emulator, picture: Path) -> None:
    invoke(emulator, "oilpaint", picture, "--radius", 2)

    assert emulator.received[-1].file == picture.read_bytes()


def test_a_temporary_result_is_deleted_once_it_is_saved(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    output = tmp_path / "painted.png"
    result = invoke(emulator, "oilpaint", picture, "--radius", 2, "-o", output, "--temporary")

    assert (result.exit_code, emulator.stored(), output.exists()) == (0, [], True)


def test_a_temporary_result_needs_an_output(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "oilpaint", picture, "--radius", 2, "--temporary")

    assert result.exit_code == Exit.USAGE
    assert not emulator.received


def test_an_output_in_a_missing_folder_is_refused_before_anything_is_made(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    result = invoke(emulator, "oilpaint", picture, "--radius", 2, "-o", tmp_path / "no" / "a.png")

    assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)
    assert "does not exist" in result.stderr


def test_a_picture_that_cannot_be_saved_does_not_stay(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    emulator.inject(Fault(endpoint="media", status=404))
    result = invoke(emulator, "oilpaint", picture, "--radius", 2, "-o", tmp_path / "a.png")

    assert (result.exit_code, emulator.stored()) == (Exit.REFUSED, [])


def test_status_needs_no_key(emulator: Emulator) -> None:
    result = invoke(emulator, "status", env={"PIXLAB_API_KEY": None})

    assert (result.exit_code, result.stdout) == (0, "All services are up and running\n")


def test_the_key_can_go_in_the_header(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "store", picture, "--auth", "header")

    assert result.exit_code == 0
    assert emulator.received[-1].headers["www-authenticate"] == emulator.api_key


# Deleting.


def test_delete_counts_what_it_deleted(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "delete", stored(emulator, picture), stored(emulator, picture))

    assert (result.exit_code, result.stdout, emulator.stored()) == (0, "2 deleted\n", [])


def test_deleting_what_is_not_there_is_refused(emulator: Emulator) -> None:
    result = invoke(emulator, "delete", "1p0000000000000.png")

    assert result.exit_code == Exit.REFUSED
    assert result.stdout == "already gone: 1p0000000000000.png\n1 already gone\n"


def test_missing_ok_is_content_with_what_is_not_there(emulator: Emulator) -> None:
    result = invoke(emulator, "delete", "1p0000000000000.png", "--missing-ok")

    assert (result.exit_code, result.stdout) == (0, "1 already gone\n")


def test_json_of_delete_is_one_outcome_per_link(emulator: Emulator, picture: Path) -> None:
    link = stored(emulator, picture)
    result = invoke(emulator, "delete", link, "x y", "--json")

    outcomes = [json.loads(line) for line in result.stdout.splitlines()]
    assert {(each["index"], each["link"], each["state"]) for each in outcomes} == {
        (0, link, "deleted"),
        (1, "x y", "rejected"),
    }


def test_links_on_standard_input_may_have_any_line_end(emulator: Emulator, picture: Path) -> None:
    links = [stored(emulator, picture) for _ in range(3)]
    text = f"\ufeff{links[0]}\r\n\n  \n{links[1]}\n{links[2]}"
    result = invoke(emulator, "delete", "-", input=text.encode())

    assert (result.exit_code, result.stdout) == (0, "3 deleted\n")


def test_no_links_are_nothing_to_delete(emulator: Emulator) -> None:
    result = invoke(emulator, "delete", "-", input="")

    assert (result.exit_code, result.stdout) == (0, "nothing to delete\n")


def test_a_line_without_an_end_is_not_collected(emulator: Emulator) -> None:
    result = invoke(emulator, "delete", "-", input="x" * 1_200_000)

    assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)


def test_links_that_are_no_text_are_rejected_one_by_one(emulator: Emulator, picture: Path) -> None:
    lines = b"\xff\xfe\n" + stored(emulator, picture).encode()
    result = invoke(emulator, "delete", "-", input=lines)

    assert (result.exit_code, emulator.stored()) == (Exit.REFUSED, [])
    assert result.stdout.endswith("1 deleted, 1 rejected\n")


def test_links_come_from_one_place(emulator: Emulator) -> None:
    assert invoke(emulator, "delete", "-", "a").exit_code == Exit.USAGE


# Exit codes and errors.


def test_wrong_usage_exits_with_1(emulator: Emulator) -> None:
    result = invoke(emulator, "oilpaint")

    assert result.exit_code == 1
    assert result.stderr == "pixlab: Missing argument 'SOURCE'. See: pixlab oilpaint --help\n"


@pytest.mark.parametrize("args", [["--nope"], ["nope"], [], ["status", "--rate", "fast"]])
def test_every_kind_of_wrong_usage_exits_with_1(emulator: Emulator, args: list[str]) -> None:
    assert invoke(emulator, *args).exit_code == 1


def test_a_file_that_cannot_be_read_exits_with_1(emulator: Emulator, tmp_path: Path) -> None:
    result = invoke(emulator, "store", tmp_path / "none.png")

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_a_refusal_exits_with_2(emulator: Emulator, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("no picture")

    assert invoke(emulator, "store", text).exit_code == 2


def test_some_items_that_failed_exit_with_2(emulator: Emulator, picture: Path) -> None:
    assert invoke(emulator, "delete", stored(emulator, picture), "gone").exit_code == 2


def test_a_wrong_key_exits_with_4_and_its_mend(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "store", picture, env={"PIXLAB_API_KEY": "wrong"})

    assert result.exit_code == 4
    assert "Check PIXLAB_API_KEY or --key-file" in result.stderr


def test_a_wrong_key_ends_a_batch_with_4(emulator: Emulator) -> None:
    result = invoke(emulator, "delete", "a", "b", env={"PIXLAB_API_KEY": "wrong"})

    assert result.exit_code == 4


def test_trouble_of_the_service_exits_with_5(emulator: Emulator, picture: Path) -> None:
    emulator.inject(Fault(endpoint="store", status=503, times=None))

    assert invoke(emulator, "store", picture).exit_code == 5


def test_a_batch_that_met_trouble_exits_with_5(emulator: Emulator, picture: Path) -> None:
    link = stored(emulator, picture)
    emulator.inject(Fault(endpoint="delete", status=500, times=None))

    assert invoke(emulator, "delete", link).exit_code == 5


def test_nobody_there_exits_with_5(emulator: Emulator, picture: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        result = invoke(emulator, "store", picture, "--base-url", url)

    assert result.exit_code == 5


def test_a_failed_clean_up_counts_as_what_it_failed_with() -> None:
    media = Media("https://example.org/a.png", "a.png")

    assert code_of(CleanupFailed(media=media, error=AuthenticationFailed())) == 4
    assert code_of(CleanupFailed(media=media, error=ServerFailed())) == 5


def test_a_bad_certificate_is_a_matter_of_configuration() -> None:
    assert code_of(ConnectionFailed(permanent=True)) == 1


def test_a_failed_clean_up_says_how_to_delete(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    emulator.inject(Fault(endpoint="delete", status=400))
    output = tmp_path / "a.png"
    result = invoke(emulator, "oilpaint", picture, "--radius", 1, "-o", output, "--temporary")

    assert result.exit_code == Exit.REFUSED
    assert f"Delete it with: pixlab delete {emulator.stored()[0]}" in result.stderr


def test_errors_are_json_on_standard_error_when_asked_for(
    emulator: Emulator, picture: Path
) -> None:
    result = invoke(emulator, "store", picture, "--json", env={"PIXLAB_API_KEY": "wrong"})

    error = json.loads(result.stderr)
    assert (error["endpoint"], error["status"], result.stdout) == ("store", 401, "")


def test_the_help_tells_every_exit_code(emulator: Emulator) -> None:
    help_text = invoke(emulator, "--help").stdout

    assert all(f"{code:>3}  {meaning}" in help_text for code, meaning in MEANINGS.items())


# The key.


def test_the_key_is_read_from_a_file(emulator: Emulator, picture: Path, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{emulator.api_key}\n")
    file.chmod(0o600)
    env = {"PIXLAB_API_KEY": None}

    assert invoke(emulator, "store", picture, "--key-file", file, env=env).exit_code == 0


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_a_key_file_that_others_can_read_is_refused(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(emulator.api_key)
    file.chmod(0o640)
    result = invoke(emulator, "store", picture, "--key-file", file)

    assert (result.exit_code, len(emulator.received)) == (1, 0)
    assert f"chmod 600 {file}" in result.stderr


def test_a_missing_key_is_asked_for(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "store", picture, env={"PIXLAB_API_KEY": None})

    assert result.exit_code == 1
    assert result.stderr.startswith("pixlab: No API key: set PIXLAB_API_KEY")


def test_a_key_in_the_base_url_option_is_refused_and_not_shown(
    emulator: Emulator, picture: Path
) -> None:
    url = f"{emulator.base_url}?key={emulator.api_key}"
    result = invoke(emulator, "store", picture, "--base-url", url)

    assert result.exit_code == 1
    assert emulator.api_key not in result.output


def test_a_key_in_the_environments_base_url_is_used(emulator: Emulator, picture: Path) -> None:
    url = f"{emulator.base_url}?key={emulator.api_key}"
    env = {"PIXLAB_BASE_URL": url, "PIXLAB_API_KEY": None}

    assert invoke(emulator, "store", picture, env=env).exit_code == 0


# The demo.


def test_the_demo_on_a_service_leaves_nothing_there(emulator: Emulator, tmp_path: Path) -> None:
    result = invoke(emulator, "demo", "-o", tmp_path / "demo.png")

    assert result.stdout.startswith(f"On {emulator.base_url}, with your API key.\n")
    assert (result.exit_code, emulator.stored()) == (0, [])


def test_the_demo_shows_before_and_after_side_by_side(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    output = tmp_path / "demo.png"
    invoke(emulator, "demo", picture, "-o", output)

    with Image.open(output) as sheet:
        assert sheet.width > 2 * 40


def test_a_demo_that_fails_leaves_nothing_behind(emulator: Emulator, tmp_path: Path) -> None:
    emulator.inject(Fault(endpoint="oilpaint", status=400))
    result = invoke(emulator, "demo", "-o", tmp_path / "demo.png")

    assert (result.exit_code, emulator.stored(), list(tmp_path.iterdir())) == (2, [], [])


def test_the_demo_wants_a_picture_format(emulator: Emulator, tmp_path: Path) -> None:
    result = invoke(emulator, "demo", "-o", tmp_path / "demo.txt")

    assert (result.exit_code, len(emulator.received)) == (1, 0)


# Serving, and what is not installed.


def test_a_taken_port_is_told_with_a_mend(emulator: Emulator) -> None:
    port = emulator.base_url.rpartition(":")[2]
    result = invoke(emulator, "serve", "--port", port)

    assert result.exit_code == 1
    assert f"Port {port} is taken" in result.stderr


@pytest.mark.parametrize(
    ("module", "command", "extra"),
    [("click", "status", "cli"), ("rich", "status", "cli"), ("uvicorn", "demo", "all")],
)
def test_what_is_not_installed_is_one_sentence(
    module: str, command: str, extra: str, tmp_path: Path
) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None; sys.argv = ['pixlab', {command!r}]; "
        "from pixlab_async.cli import main; main()"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIXLAB_")}
    done = run(
        [sys.executable, "-c", code], stderr=PIPE, text=True, cwd=tmp_path, env=env, check=False
    )

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"pip install '.[{extra}]'" in done.stderr


def test_the_command_imports_nothing_heavy() -> None:
    heavy = "{'httpx', 'PIL', 'rich', 'starlette', 'uvicorn', 'pixlab_async.emulator'}"
    code = f"import sys, pixlab_async.cli._commands; sys.exit(bool({heavy} & set(sys.modules)))"

    assert run([sys.executable, "-c", code], check=False).returncode == 0
