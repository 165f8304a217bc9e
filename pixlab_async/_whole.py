"""Files that appear whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ._errors import ConfigurationError

# What the process's umask makes of it.
USUAL = 0o666
# For files that hold private links.
PRIVATE = 0o600


def check_output(path: Path) -> None:
    """See that a file can be put there, before anything is made for it.

    Raises:
        ConfigurationError: Its folder does not exist, or it is one itself.
    """
    if path.is_dir():
        raise ConfigurationError(f"The output {str(path)!r} is a folder: name a file in it.")

    if not path.parent.is_dir():
        raise ConfigurationError(f"The output's folder {str(path.parent)!r} does not exist.")


@contextmanager
def replacing(path: Path, *, mode: int = USUAL) -> Generator[Path]:
    """A new file to write into, which takes the path's place where the block ends well.

    Args:
        path: The file that is to be there.
        mode: Who may read it.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    # Not named after the path, whose name may be as long as names may be; and none that
    # somebody else can guess, so that no link of theirs lies in its place.
    part = path.with_name(f".{secrets.token_hex(8)}.part{path.suffix}")
    try:
        part.touch(mode, exist_ok=False)
        yield part
        part.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"The output {str(path)!r} cannot be written: {error.strerror or error}."
        ) from error
    finally:
        part.unlink(missing_ok=True)
