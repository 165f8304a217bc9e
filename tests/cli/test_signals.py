"""The command as a process of its own: signals, pipes, and a server that others use."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.error
from array import array
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from subprocess import PIPE, Popen, run
from threading import Thread
from typing import IO, Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest
from click.testing import CliRunner
from PIL import Image

from pixlab_async.cli._commands import pixlab
from pixlab_async.emulator import Emulator, Fault

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")

PIXLAB = [sys.executable, "-c", "from pixlab_async.cli import main; main()"]
TIMEOUT = 30.0
# Seconds: long enough for a signal to strike first on a busy machine.
SLOW = 0.7


def surroundings(emulator: Emulator | None = None) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIXLAB_")}
    if emulator is not None:
        env |= {"PIXLAB_BASE_URL": emulator.base_url, "PIXLAB_API_KEY": emulator.api_key}
    return env


@contextmanager
def started(*args: object, emulator: Emulator | None = None) -> Generator[Popen[str]]:
    command = [*PIXLAB, *map(str, args)]
    env = surroundings(emulator)
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.01)


def asked(emulator: Emulator, endpoint: str) -> bool:
    return any(incoming.endpoint == endpoint for incoming in list(emulator.received))


def stored(emulator: Emulator, picture: Path) -> str:
    result = CliRunner().invoke(pixlab, ["store", str(picture)], env=surroundings(emulator))
    return result.stdout.strip()


def unread(pipe: IO[str]) -> int:
    """How many bytes of what was written into the pipe nobody has read."""
    import fcntl
    import termios

    found = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, found)
    return found[0]


def unexpected(err: str) -> str:
    """What was told but for the notice that comes when stopping takes a second."""
    return "".join(line for line in err.splitlines() if not line.startswith("pixlab: stopping."))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_deletes_what_is_being_made_and_ends_with_its_code(
    emulator: Emulator, picture: Path, number: signal.Signals
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", latency=SLOW, acts=True))
    with started("oilpaint", picture, "--radius", 2, emulator=emulator) as process:
        until(lambda: asked(emulator, "oilpaint"))
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)

    assert (process.returncode, out, unexpected(err)) == (128 + number, "", "")
    assert asked(emulator, "delete")
    assert emulator.stored() == []


def test_a_signal_during_the_demo_deletes_both_pictures_and_writes_no_file(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", latency=SLOW, acts=True))
    with started("demo", "-o", tmp_path / "demo.png", emulator=emulator) as process:
        until(lambda: asked(emulator, "oilpaint"))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=TIMEOUT)

    assert (process.returncode, unexpected(err)) == (143, "")
    assert (emulator.stored(), list(tmp_path.iterdir())) == ([], [])


def test_a_second_signal_ends_at_once(emulator: Emulator, picture: Path) -> None:
    emulator.inject(Fault(endpoint="oilpaint", latency=60.0, reset="before"))
    with started("oilpaint", picture, "--radius", 2, emulator=emulator) as process:
        until(lambda: asked(emulator, "oilpaint"))
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "the same again stops at once" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.wait(TIMEOUT)

    assert process.returncode == 130


def test_a_signal_ends_a_delete_that_waits_for_a_line(emulator: Emulator, picture: Path) -> None:
    link = stored(emulator, picture)
    with started("delete", "-", "--json", emulator=emulator) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{link}\n")
        process.stdin.flush()
        outcome = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.wait(TIMEOUT)
        assert process.stderr is not None
        err = process.stderr.read()

    assert (outcome["state"], process.returncode, unexpected(err)) == ("deleted", 130, "")


def test_a_signal_ends_a_command_that_waits_for_a_picture(emulator: Emulator) -> None:
    with started("grayscale", "-", emulator=emulator) as process:
        assert process.stdin is not None
        pipe = process.stdin
        pipe.write("the beginning")
        pipe.flush()
        until(lambda: unread(pipe) == 0)  # now it waits for more
        process.send_signal(signal.SIGINT)
        process.wait(TIMEOUT)  # while its standard input is still open
        assert process.stderr is not None
        err = process.stderr.read()

    assert (process.returncode, unexpected(err), len(emulator.received)) == (130, "", 0)


def test_a_signal_leaves_an_outcome_for_each_link_that_was_taken(emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="delete", latency=SLOW, reset="before", times=None))
    args = ["delete", "a", "b", "c", "d", "--concurrency", 2, "--json"]
    with started(*args, emulator=emulator) as process:
        until(lambda: len(emulator.received) == 2)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=TIMEOUT)

    states = [json.loads(line)["state"] for line in out.splitlines()]
    assert (process.returncode, states) == (143, ["unknown", "unknown"])


def test_links_are_deleted_as_they_come_out_of_a_pipe(emulator: Emulator, picture: Path) -> None:
    links = [stored(emulator, picture) for _ in range(3)]
    with started("delete", "-", emulator=emulator) as process:
        assert process.stdin is not None
        process.stdin.write(f"{links[0]}\n{links[1]}\n")
        process.stdin.flush()
        until(lambda: emulator.stored() == links[2:])
        out, err = process.communicate(f"{links[2]}\n", timeout=TIMEOUT)

    assert (process.returncode, out, err) == (0, "3 deleted\n", "")


def test_a_closed_standard_output_is_no_traceback(emulator: Emulator) -> None:
    with started("delete", "-", "--json", emulator=emulator) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write("a\nb\n")
        process.stdin.close()
        process.wait(TIMEOUT)
        err = process.stderr.read()

    assert (process.returncode, err) == (141, "")


def test_a_picture_whose_link_nobody_reads_does_not_stay(emulator: Emulator, picture: Path) -> None:
    with started("store", picture, emulator=emulator) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(TIMEOUT)

    assert (process.returncode, asked(emulator, "store"), emulator.stored()) == (141, True, [])


def test_the_demo_runs_from_end_to_end_without_a_key(tmp_path: Path) -> None:
    done = run(
        [*PIXLAB, "demo"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=surroundings(),
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("On a local emulator at http://127.0.0.1:")
    assert done.stdout.endswith("Left stored: 0\n")
    with Image.open(tmp_path / "pixlab-demo.png") as sheet:
        assert sheet.width > 2 * 480


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
        pass


@contextmanager
def published(folder: Path) -> Generator[str]:
    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def get(url: str, **params: object) -> dict[str, Any]:
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{url}?{urlencode(params)}", timeout=TIMEOUT) as reply:
            fields: dict[str, Any] = json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            fields = json.load(error)
    return fields


def test_what_serve_runs_takes_the_vendors_three_steps(picture: Path) -> None:
    with published(picture.parent) as site, started("serve", "--port", 0, "--json") as process:
        assert process.stdout is not None
        served = json.loads(process.stdout.readline())
        url, key = served["base_url"], served["api_key"]

        painted = get(f"{url}/oilpaint", img=f"{site}/{picture.name}", radius=3, key=key)
        deleted = get(f"{url}/delete", link=painted["link"], key=key)
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT)

    assert (painted["status"], deleted["status"], deleted["deleted"]) == (200, 200, True)
    assert process.returncode == 0


def test_what_serve_prints_can_be_pasted_into_a_shell(picture: Path) -> None:
    with started("serve", "--port", 0) as process:
        assert process.stdout is not None
        text = "".join(process.stdout.readline() for _ in range(4))
        command = f"{sys.executable} -c 'from pixlab_async.cli import main; main()'"
        script = f"{text}\n{command} store '{picture}'"
        done = run(
            ["/bin/sh", "-c", script], stdout=PIPE, text=True, env=surroundings(), check=False
        )
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT)

    assert (done.returncode, done.stdout.startswith("http://127.0.0.1:")) == (0, True)


def test_serve_takes_its_key_from_a_file_and_does_not_print_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a-secret-of-mine")
    file.chmod(0o600)
    with started("serve", "--port", 0, "--api-key-file", file) as process:
        assert process.stdout is not None
        text = "".join(process.stdout.readline() for _ in range(4))
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=TIMEOUT)

    assert f'export PIXLAB_API_KEY="$(cat {file})"' in text
    assert "a-secret-of-mine" not in text + rest + err


def test_serve_says_so_where_others_can_reach_it() -> None:
    with started("serve", "--port", 0, "--host", "0.0.0.0", "--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=TIMEOUT)

    assert "0.0.0.0 is no loopback address: others can reach the emulator" in err
