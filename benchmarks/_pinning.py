"""Who runs on which core: the server on one, whoever is measured on another."""

from __future__ import annotations

import os
from typing import Literal, TypeAlias

Place: TypeAlias = Literal["client", "server"]
CLIENT: Place = "client"
SERVER: Place = "server"


def pin(place: Place) -> None:
    """Keep this process on its core; does nothing where there is one core, or no such call."""
    if not hasattr(os, "sched_setaffinity"):
        return

    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[0] if place == CLIENT else cores[-1]})
