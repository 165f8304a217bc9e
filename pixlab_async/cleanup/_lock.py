"""One owner per journal: a lock that goes with the process, however that ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .._errors import ConfigurationError

if sys.platform != "win32":
    import fcntl

# Whoever can write in the folder could lay a link there, to have another file emptied.
_OWN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


class Lock:
    """An exclusive lock on a file beside the journal, which says who holds it.

    On the journal itself it could not be: closing another descriptor of that file would
    give up SQLite's own locks.

    Args:
        journal: The journal's path.

    Raises:
        ConfigurationError: Another job has it, or the file cannot be made.
    """

    def __init__(self, journal: Path) -> None:
        journal = journal.resolve()  # two names of one file are one journal
        path = journal.with_name(f"{journal.name}.lock")
        try:
            self._file = os.open(path, _OWN, 0o600)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigurationError(
                f"The journal {str(journal)!r} cannot be locked: {path.name!r} beside it cannot be "
                f"opened ({reason}). Name a journal in a folder that can be written."
            ) from error

        if sys.platform == "win32":
            return  # no such lock: SQLite's own keep the file whole

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._file, 200, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise ConfigurationError(
                f"The journal {str(journal)!r} is in use by another job"
                f"{f' ({owner})' if owner else ''}. Wait for its end, or stop it first."
            ) from error

        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()}".encode(), 0)

    def release(self) -> None:
        """Give it up; the file stays, so that two who wait for it lock the same one."""
        file, self._file = self._file, -1  # by now the number may be another file's
        if file >= 0:
            os.close(file)
