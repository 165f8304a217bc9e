"""What commands of endpoints are given: files, JSON, standard input; and ``pixlab call``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from pixlab_async.cli._exits import Exit
from pixlab_async.emulator import Emulator, Fault

from .running import fields, invoke, stored

FACES = [
    {"left": 2, "top": 3, "width": 10, "height": 11, "face_id": 7},
    {"left": 20, "top": 5, "width": 8, "height": 9, "face_id": 8},
]
PLACES = [(2, 3, 10, 11), (20, 5, 8, 9)]


def sent(emulator: Emulator, name: str) -> Any:
    """A parameter of the last request to an endpoint that makes something."""
    request = next(each for each in reversed(emulator.received) if each.endpoint != "delete")
    value = request.params[name]
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def blurred(emulator: Emulator) -> list[tuple[int, ...]]:
    parts = ("left", "top", "width", "height")
    return [tuple(each[part] for part in parts) for each in sent(emulator, "cord")]


# Rectangles of another command.


def test_faces_that_were_found_can_be_blurred(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    emulator.when("facedetect", faces=FACES)
    file = tmp_path / "faces.json"
    file.write_text(invoke(emulator, "facedetect", picture, "--json").stdout)
    result = invoke(emulator, "mogrify", picture, "--cord", f"@{file}", "-o", tmp_path / "b.png")

    assert (result.exit_code, result.stderr) == (0, "")
    assert blurred(emulator) == PLACES


def test_the_services_own_reply_is_taken_too(emulator: Emulator, picture: Path) -> None:
    reply = json.dumps({"status": 200, "faces": FACES})
    invoke(emulator, "mogrify", picture, "--cord", "-", input=reply)

    assert blurred(emulator) == PLACES


def test_words_that_were_read_can_be_framed(emulator: Emulator, picture: Path) -> None:
    box = {"word": "Stop", "x": 1, "y": 2, "w": 3, "h": 4}
    emulator.when("ocr", output="Stop", lang="en", bbox=[box])
    found = fields(emulator, "ocr", picture)
    args = ("drawrectangles", picture, "--cord", json.dumps(found), "--color", "red")

    assert invoke(emulator, *args).exit_code == 0
    assert sent(emulator, "cord") == [{"x": 1, "y": 2, "width": 3, "height": 4}]


def test_a_face_that_was_looked_up_can_be_blurred(emulator: Emulator, picture: Path) -> None:
    place = {"left": 1, "top": 2, "width": 3, "height": 4}
    emulator.when("facelookup", found=True, rectangle=place)
    found = fields(emulator, "facelookup", picture, picture)
    invoke(emulator, "mogrify", picture, "--cord", json.dumps(found))

    assert blurred(emulator) == [(1, 2, 3, 4)]


def test_no_faces_are_nothing_to_do(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "mogrify", picture, "--cord", '{"faces": []}')

    assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)
    assert "cord is empty" in result.stderr


# Standard input and files.


def test_a_picture_may_come_from_standard_input(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "grayscale", "-", input=picture.read_bytes())

    assert (result.exit_code, emulator.received[-1].file) == (0, picture.read_bytes())


def test_standard_input_is_one_thing(emulator: Emulator, picture: Path) -> None:
    for args in (("mogrify", "-", "--cord", "-"), ("makegif", "-", "-"), ("imgdiff", "-", "-")):
        result = invoke(emulator, *args, input=picture.read_bytes())
        assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)
        assert "once only" in result.stderr


def test_a_dash_as_a_text_is_a_text(emulator: Emulator, picture: Path) -> None:
    args = ("drawtextat", "-", "--x", 1, "--y", 20, "--text", "-")
    invoke(emulator, *args, input=picture.read_bytes())

    assert sent(emulator, "text") == "-"


def test_a_passphrase_may_come_from_standard_input(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "encrypt", picture, "--pwd", "-", input="open sesame\n")

    assert (result.exit_code, sent(emulator, "pwd")) == (0, "open sesame")


def test_a_text_may_come_from_a_file(emulator: Emulator, tmp_path: Path) -> None:
    emulator.when("pdfgen", link="https://example.org/a.pdf", id="a.pdf")
    file = tmp_path / "notes.md"
    file.write_text("# Notes", encoding="utf-8-sig")
    invoke(emulator, "pdfgen", f"@{file}", "--format", "markdown")

    assert sent(emulator, "input") == "# Notes"


def test_a_conversation_is_a_list_and_all_else_a_prompt(emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="coder", body=b'{"status":200}', times=None))
    messages = [{"role": "user", "content": "Say hello"}]
    for given in (json.dumps(messages), "Say hello", "[Say hello]", "3"):
        assert invoke(emulator, "coder", given).exit_code == 0
    asked = [incoming.params["messages"] for incoming in emulator.received]

    assert asked == [messages, "Say hello", "[Say hello]", "3"]


@pytest.mark.parametrize(
    ("cord", "said"),
    [
        ("[{", "cord must be JSON, or @FILE"),
        ("@nowhere.json", "The file 'nowhere.json' cannot be read"),
        ("@\0", "cannot be read"),
        ("3", "cord must be a list"),
        ('["x"]', "cord[0] must be"),
        ("[" * 100_000, "cord must be JSON"),
    ],
)
@pytest.mark.parametrize("command", ["mogrify", "merge"])
def test_what_is_no_list_is_refused_before_anything_is_sent(
    emulator: Emulator, picture: Path, command: str, cord: str, said: str
) -> None:
    result = invoke(emulator, command, picture, "--cord", cord)

    assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)
    assert said in result.stderr


def test_a_file_that_is_no_text_is_refused(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "mogrify", picture, "--cord", f"@{picture}")

    assert result.exit_code == Exit.USAGE
    assert "is no text in UTF-8" in result.stderr


def test_a_missing_file_is_refused_before_another_is_stored(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    result = invoke(emulator, "imgdiff", picture, tmp_path / "none.png")

    assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)
    assert "none.png' cannot be read" in result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--radius", "11"], "radius is 11.0; the documented maximum is 10."),
        (["--radius", "nan"], "radius must be a finite number"),
        (["--radius", "much"], "Invalid value for '--radius'"),
        ([], "Missing option '--radius'"),
    ],
)
def test_values_are_checked_before_anything_is_sent(
    emulator: Emulator, picture: Path, args: list[str], said: str
) -> None:
    result = invoke(emulator, "oilpaint", picture, *args)

    assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)
    assert said in result.stderr


def test_switches_that_are_required_must_be_set(emulator: Emulator, picture: Path) -> None:
    assert invoke(emulator, "negate", picture).exit_code == Exit.USAGE
    assert invoke(emulator, "negate", picture, "--no-gray").exit_code == 0
    assert sent(emulator, "gray") in {"false", False}


def test_what_is_left_out_is_not_sent(emulator: Emulator, picture: Path) -> None:
    invoke(emulator, "adaptiveresize", stored(emulator, picture), "--width", 9)

    assert emulator.received[-1].params.keys() - {"key"} == {"img", "width"}


def test_a_negative_number_is_no_option(emulator: Emulator, picture: Path) -> None:
    assert invoke(emulator, "rotate", picture, "--degree", -30).exit_code == 0


# Any endpoint by its name.


def test_any_endpoint_can_be_called_by_its_name(emulator: Emulator, picture: Path) -> None:
    emulator.when("emboss", link="https://example.org/a.png")
    result = invoke(emulator, "call", "emboss", picture, "-p", "radius=2", "--param", "deep:=[1]")

    assert json.loads(result.stdout) == {"status": 200, "link": "https://example.org/a.png"}
    assert sent(emulator, "radius") == "2"


def test_a_called_endpoint_takes_a_link_and_a_method(emulator: Emulator, picture: Path) -> None:
    link = stored(emulator, picture)
    found = fields(emulator, "call", "grayscale", link, "--method", "POST")

    assert found["fields"]["link"] == emulator.stored()[1]
    assert emulator.received[-1].method == "POST"


@pytest.mark.parametrize("param", ["key=abc123", "KEY=abc123", "key:=1", " key =abc123", "abc123"])
def test_a_key_is_no_parameter(emulator: Emulator, param: str) -> None:
    result = invoke(emulator, "call", "status", "--param", param)

    assert (result.exit_code, len(emulator.received)) == (Exit.USAGE, 0)
    assert "abc123" not in result.output


def test_a_command_imports_only_what_it_needs() -> None:
    code = (
        "import sys; from pixlab_async.cli._commands import pixlab; "
        "command = pixlab.get_command(None, 'delete'); "
        "heavy = ['_demo', '_serve', '_options', '_perform', '_endpoints']; "
        "names = [f'pixlab_async.cli.{name}' for name in heavy]; "
        "print([name for name in names + ['pixlab_async.catalogue'] if name in sys.modules])"
    )
    done = run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "[]"
