"""Answers that were told: for what cannot be computed honestly, a test says what to answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from threading import Lock
from typing import Any

from pixlab_async.catalogue import catalogue


class Answers:
    """The fields that endpoints answer with. Safe between threads."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, Any]] = {}
        self._lock = Lock()

    def tell(self, endpoint: str, fields: Mapping[str, object] | None) -> None:
        """Let the endpoint answer with these fields from now on; with None as before.

        Raises:
            TypeError: A field is nothing that JSON can say.
            ValueError: There is no such endpoint.
        """
        if endpoint not in catalogue():
            near = get_close_matches(endpoint, catalogue(), 3, 0.5)
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise ValueError(f"PixLab has no endpoint {endpoint!r}{hint}")

        # A copy: what the caller changes later does not count.
        copied = None if fields is None else json.loads(json.dumps(dict(fields)))
        with self._lock:
            self._told.pop(endpoint, None)
            if copied is not None:
                self._told[endpoint] = copied

    def clear(self) -> None:
        """Forget everything that was told."""
        with self._lock:
            self._told.clear()

    def get(self, endpoint: str) -> dict[str, Any] | None:
        """The fields that were told for this endpoint, or None."""
        with self._lock:
            return self._told.get(endpoint)
