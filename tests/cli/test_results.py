"""What commands of endpoints do with pictures, files and results, end to end."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from subprocess import PIPE, run

import pytest
from PIL import Image

from pixlab_async.cli._exits import Exit
from pixlab_async.emulator import Emulator, Fault

from .running import fields, invoke, stored

BLUR = ("--radius", 2, "--sigma", 1)
FACES = [{"left": 2, "top": 3, "width": 10, "height": 11, "face_id": 7}]


def names_of(emulator: Emulator) -> list[str]:
    return [incoming.endpoint for incoming in emulator.received]


# Pictures that are stored.


def test_a_result_is_saved_and_its_link_printed(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.png"
    result = invoke(emulator, "blur", picture, *BLUR, "-o", output)

    assert result.stdout.splitlines() == [*emulator.stored(), f"Saved as {output}"]
    with Image.open(output) as image:
        assert image.size == (40, 30)


def test_a_temporary_result_leaves_nothing_stored(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.png"
    found = fields(emulator, "blur", picture, *BLUR, "-o", output, "--temporary")

    assert (found["deleted"], found["file"], emulator.stored()) == (True, str(output), [])
    assert output.exists()


def test_json_of_a_stored_result_has_all_that_is_known(emulator: Emulator, picture: Path) -> None:
    found = fields(emulator, "blur", picture, *BLUR)

    assert found.keys() >= {"link", "id", "extra", "attempts", "elapsed", "left_stored"}
    assert (found["link"], found["file"], found["deleted"]) == (emulator.stored()[0], None, False)


def test_a_local_file_for_an_endpoint_of_links_leaves_only_the_result(
    emulator: Emulator, picture: Path
) -> None:
    cord = json.dumps([{"x": 1, "y": 1, "width": 9, "height": 9}])
    found = fields(emulator, "mogrify", picture, "--cord", cord)

    assert names_of(emulator) == ["store", "mogrify", "delete"]
    assert emulator.stored() == [found["link"]]


def test_a_source_that_stays_stored_is_told(emulator: Emulator, picture: Path) -> None:
    emulator.inject(Fault(endpoint="delete", status=400))
    result = invoke(emulator, "drawpoints", picture, "--points", '[{"x": 1, "y": 1}]')

    source, made = emulator.stored()
    assert (result.exit_code, result.stdout) == (0, f"{made}\n")
    assert f"Delete it with: pixlab delete {source}" in result.stderr


def test_a_difference_has_a_link_and_a_number(emulator: Emulator, picture: Path) -> None:
    result = invoke(emulator, "imgdiff", picture, picture)

    assert result.stdout.splitlines() == [*emulator.stored(), "Difference: 0"]


def test_pictures_in_a_list_may_be_local_files(emulator: Emulator, picture: Path) -> None:
    cord = json.dumps([{"img": str(picture), "x": 3, "y": 4}])
    result = invoke(emulator, "merge", stored(emulator, picture), "--cord", cord)

    assert result.exit_code == 0
    assert names_of(emulator) == ["store", "store", "merge", "delete"]


def test_an_animation_is_made_of_any_pictures(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.gif"
    other = tmp_path / "other.png"
    Image.new("RGB", (40, 30), "red").save(other)
    frames = (picture, other, stored(emulator, picture))
    invoke(emulator, "makegif", *frames, "--delay", 100, "-o", output)

    with Image.open(output) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("GIF", 3)


def test_a_picture_may_come_from_nothing(emulator: Emulator, tmp_path: Path) -> None:
    output = tmp_path / "plain.png"
    invoke(emulator, "newimage", "--width", 12, "--height", 8, "--color", "red", "-o", output)

    with Image.open(output) as image:
        assert image.size == (12, 8)


# Bytes instead of links.


def test_bytes_go_to_the_output_and_nothing_is_stored(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.png"
    found = fields(emulator, "blur", picture, *BLUR, "--blob", "-o", output)

    assert (found["content_bytes"], emulator.stored()) == (output.stat().st_size, [])


def test_bytes_go_to_a_standard_output_that_is_no_terminal(
    emulator: Emulator, picture: Path
) -> None:
    result = invoke(emulator, "blur", picture, *BLUR, "--blob")

    assert (result.exit_code, emulator.stored()) == (0, [])
    assert result.stdout_bytes.startswith(b"\x89PNG")


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_bytes_do_not_go_to_a_terminal(emulator: Emulator, picture: Path) -> None:
    master, slave = os.openpty()
    code = "from pixlab_async.cli import main; main()"
    env = {"PIXLAB_BASE_URL": emulator.base_url, "PIXLAB_API_KEY": emulator.api_key}
    done = run(
        [sys.executable, "-c", code, "grayscale", str(picture), "--blob"],
        stdout=slave,
        stderr=PIPE,
        text=True,
        env={**os.environ, **env},
        check=False,
    )
    os.close(slave)
    os.close(master)

    assert (done.returncode, names_of(emulator)) == (Exit.USAGE, [])
    assert "Pass --output" in done.stderr


@pytest.mark.parametrize("more", [["--temporary"], ["--json"], ["--temporary", "-o", "a.png"]])
def test_bytes_have_to_go_somewhere_and_need_no_deletion(
    emulator: Emulator, picture: Path, more: list[str]
) -> None:
    result = invoke(emulator, "blur", picture, *BLUR, "--blob", *more)

    assert (result.exit_code, names_of(emulator)) == (Exit.USAGE, [])


def test_a_picture_within_the_reply_is_saved(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    encoded = base64.b64encode(picture.read_bytes()).decode()
    emulator.when("txtremove", imgData=encoded, mimeType="image/png", extension="png")
    output = tmp_path / "out.png"
    result = invoke(emulator, "txtremove", picture, "-o", output)

    assert result.stdout == f"image/png, {output.stat().st_size:,} bytes\nSaved as {output}\n"
    assert output.read_bytes() == picture.read_bytes()


def test_a_picture_within_the_reply_goes_to_standard_output_too(
    emulator: Emulator, picture: Path
) -> None:
    encoded = base64.b64encode(picture.read_bytes()).decode()
    emulator.when("txtremove", imgData=encoded, mimeType="image/png", extension="png")
    result = invoke(emulator, "txtremove", picture)

    assert result.stdout_bytes == picture.read_bytes()


def test_a_picture_in_a_bucket_of_ones_own_is_fetched_from_there(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    link = stored(emulator, picture)
    emulator.when("txtremove", link=link)
    output = tmp_path / "out.png"
    result = invoke(emulator, "txtremove", picture, "-o", output)

    assert result.stdout == f"{link}\nSaved as {output}\n"
    assert output.read_bytes() == picture.read_bytes()


SCAN = {"type": "passport", "fields": {"fullName": "Jane Doe", "documentNumber": "X1"}}


def test_a_scan_is_read_out_and_its_face_saved(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    encoded = base64.b64encode(picture.read_bytes()).decode()
    emulator.when("docscan", {**SCAN, "face_url": encoded})
    output = tmp_path / "face.png"
    args = ("docscan", picture, "--type", "passport", "--faceblob", "-o", output)
    result = invoke(emulator, *args)

    assert result.stdout == (
        f"type: passport\nfullName: Jane Doe\ndocumentNumber: X1\nSaved as {output}\n"
    )
    assert output.read_bytes() == picture.read_bytes()


def test_a_scan_without_a_face_writes_no_file(
    emulator: Emulator, picture: Path, tmp_path: Path
) -> None:
    emulator.when("docscan", {**SCAN, "face_url": False})
    output = tmp_path / "face.png"
    result = invoke(emulator, "docscan", picture, "--type", "passport", "-o", output)

    assert (result.exit_code, output.exists()) == (Exit.REFUSED, False)
    assert "the reply has no picture" in result.stderr


# Facts.


def test_a_header_is_a_line_per_fact(emulator: Emulator, picture: Path) -> None:
    lines = invoke(emulator, "header", picture).stdout.splitlines()

    assert lines[:2] == ["width: 40", "height: 30"]


def test_json_of_facts_has_every_field(emulator: Emulator, picture: Path) -> None:
    emulator.when("nsfw", score=0.9, model="m")
    found = fields(emulator, "nsfw", picture)

    assert (found["score"], found["extra"], found["left_stored"]) == (0.9, {"model": "m"}, [])
    assert "file" not in found


FACE = {"rectangle": {"left": 1, "top": 2, "width": 3, "height": 4}}


@pytest.mark.parametrize(
    ("args", "reply", "said"),
    [
        (["nsfw", "PICTURE"], {"score": 0.9}, "0.9"),
        (["tagimg", "PICTURE"], {"tags": [{"name": "cat", "confidence": 0.5}]}, "cat  0.5"),
        (["tagimg", "PICTURE"], {"tags": [{"name": "cat"}]}, "cat"),
        (["describe", "PICTURE"], {"description": "A cat."}, "A cat."),
        (["query", "PICTURE", "What is it?"], {"response": "A\tcat."}, "A       cat."),
        (["ocr", "PICTURE"], {"output": "Stop", "lang": "en", "bbox": []}, "Stop"),
        (["facedetect", "PICTURE"], {"faces": FACES}, "1  10 x 11 pixels at x 2, y 3"),
        (["facedetect", "PICTURE"], {"faces": []}, "No face was found."),
        (["facedetect", "PICTURE", "--count"], {"count": 3}, "count: 3"),
        (
            ["facelandmarks", "PICTURE"],
            {"faces": [{**FACE, "landmarks": {"nose": {"x": 5, "y": 6}}}]},
            "1  3 x 4 pixels at x 1, y 2; nose 5,6",
        ),
        (
            ["facemotion", "PICTURE"],
            {
                "faces": [
                    {
                        **FACE,
                        "age": 30,
                        "gender": "female",
                        "emotion": [{"state": "anger", "score": 0.5}, {"state": "fear"}],
                    }
                ]
            },
            "1  3 x 4 pixels at x 1, y 2; age 30; female; anger 0.5; fear",
        ),
        (
            ["facecompare", "PICTURE", "PICTURE"],
            {"same_face": True, "confidence": 0.75},
            "The same person (confidence 0.75)",
        ),
        (["facecompare", "PICTURE", "PICTURE"], {"same_face": False}, "Different persons"),
        (["imgembed", "PICTURE"], {"embedding": [0.5, 1]}, "[0.5, 1.0]"),
        (["llmparse", "https://example.org/a.pdf"], {"jobId": "j1"}, "j1"),
        (["template", "--template-id", "t", "--data", "{}"], {"url": "https://e.org/a"}, None),
        (["answer", "How are you?"], {"text": "Fine"}, None),
        (["coder", '[{"role": "user"}]'], {"code": "print()"}, None),
        (["toolcall", "--tools", '[{"id": "a"}]'], {"output": [1]}, None),
    ],
)
def test_facts_are_readable(
    emulator: Emulator, picture: Path, args: list[str], reply: dict[str, object], said: str | None
) -> None:
    emulator.when(args[0], reply)
    given = [str(picture) if arg == "PICTURE" else arg for arg in args]
    result = invoke(emulator, *given)

    assert (result.exit_code, result.stderr) == (0, "")
    assert said is None or result.stdout == f"{said}\n"
    assert emulator.stored() == []


def test_an_answer_without_types_is_printed_as_json(emulator: Emulator) -> None:
    emulator.when("answer", text="Fine")
    result = invoke(emulator, "answer", "-", input="How are you?")

    assert json.loads(result.stdout) == {"status": 200, "text": "Fine"}
    assert emulator.received[-1].params["query"] == "How are you?"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            {"found": True, "rectangle": FACE["rectangle"], "confidence": 0.5},
            "Found: 3 x 4 pixels at x 1, y 2 (confidence 0.5)",
        ),
        ({"found": False}, "Not found"),
        (
            {"found": False, "best": {**FACE, "confidence": 0.25}},
            "Not found, but a nearest face: 3 x 4 pixels at x 1, y 2 (confidence 0.25)",
        ),
    ],
)
def test_a_search_tells_whether_and_where(
    emulator: Emulator, picture: Path, reply: dict[str, object], said: str
) -> None:
    emulator.when("facelookup", reply)
    result = invoke(emulator, "facelookup", picture, picture)

    assert result.stdout == f"{said}\n"
