"""A command at a real terminal: a pty that it controls, with somebody who types and reads."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Generator
from subprocess import Popen

from attrs import define

from pixlab_async.emulator import Emulator

from .processes import MAIN, TIMEOUT, started

# The command leads a session of its own, and the terminal sends it what Ctrl-C means.
_AT_A_TERMINAL = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); {MAIN}"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@define
class Terminal:
    """What somebody who sits at it does and sees."""

    process: Popen[str]
    _fd: int
    text: str = ""

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def read_until(self, wanted: str) -> None:
        give_up = time.monotonic() + TIMEOUT
        while wanted not in self.text:
            assert time.monotonic() < give_up, f"{wanted!r} never came: {self.text}"
            if not self._read():
                assert wanted in self.text, self.text
                return

    def end(self) -> int:
        """Read on until the command has ended; its exit code."""
        give_up = time.monotonic() + TIMEOUT
        while self._read():
            assert time.monotonic() < give_up, f"it never ended: {self.text}"
        assert "Traceback" not in self.text, self.text
        return self.process.wait(TIMEOUT)

    def lines(self) -> list[str]:
        """Every line that was ever written, without colours; redrawn ones each time."""
        return re.split(r"[\r\n]+", _CONTROL.sub("", self.text))

    def _read(self) -> bool:
        """Whether there may be more."""
        ready, _, _ = select.select([self._fd], [], [], 0.1)
        if not ready:
            return True

        try:
            data = os.read(self._fd, 65536)
        except OSError:  # nobody has the other end open any more
            return False

        self.text += data.decode(errors="replace")
        return bool(data)


@contextlib.contextmanager
def at_terminal(
    *args: object, emulator: Emulator, columns: int = 100, **how: object
) -> Generator[Terminal]:
    """A ``pixlab`` command at a terminal of so many columns."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs, **how}
        env = {"TERM": "xterm-256color"}
        with started(
            *args, emulator=emulator, code=_AT_A_TERMINAL, env=env, start_new_session=True, **ends
        ) as process:
            os.close(theirs)
            theirs = -1
            yield Terminal(process, ours)
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)
