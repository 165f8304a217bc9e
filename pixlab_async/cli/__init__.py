"""The ``pixlab`` command: what the package does, from a shell.

Needs the extra ``cli`` (click and rich); ``demo`` and ``serve`` need ``emulator`` too. Importing
this module costs nothing: what is heavy is imported by the command that uses it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]

# The package is on no index yet, where another could take its name.
_WITHOUT_CLI = (
    "pixlab: the command line is not installed. In the checkout run: pip install '.[cli]'\n"
)


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    if find_spec("click") is None or find_spec("rich") is None:
        sys.stderr.write(_WITHOUT_CLI)
        sys.exit(1)

    try:
        from ._commands import pixlab  # noqa: PLC0415 - only now is it known to be importable

        pixlab()
    except KeyboardInterrupt:  # before or after the part that handles signals in order
        sys.exit(130)
