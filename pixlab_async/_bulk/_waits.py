"""Every wait of a batch's workers for leave to send, so that a stop can end them all."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager

import anyio
from attrs import define, field


@define(eq=False)
class Waits:
    """Ends the waits of what was not sent; what was sent goes on.

    Attributes:
        until: When all waits end, on anyio's clock.
        over: Whether they have ended: later ones end at once.
    """

    until: float = math.inf
    over: bool = False
    _scopes: set[anyio.CancelScope] = field(factory=set[anyio.CancelScope])

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Surround one wait; the block is left early where it must end."""
        with anyio.CancelScope(deadline=self.until) as scope:
            if self.over:
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)

    def end(self) -> None:
        """End them all."""
        self.over = True
        for scope in self._scopes:
            scope.cancel()
