"""What is imported only where it is used, since it may not be installed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import click


@contextmanager
def extras() -> Generator[None]:
    """Turn a failing import of what the extra ``emulator`` brings into a sentence.

    Raises:
        ClickException: Something is not installed; the message says how to install it.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("pixlab_async"):
            raise  # a slip of ours, not a missing extra

        raise click.ClickException(
            f"This command needs the emulator, and {missing.name!r} is not installed. In the "
            f"checkout run: pip install '.[all]'"
        ) from missing
