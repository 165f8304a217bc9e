"""A uvicorn server in a thread of its own, on a socket that is bound before it starts."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import anyio
import anyio.to_thread
import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 10.0
# On close, send a reset instead of an orderly end.
_RESET = struct.pack("ii", 1, 0)


class _Silent(H11Protocol):
    """Writes no access log, which would print keys.

    uvicorn's own switch turns the whole process's logger off, and so that of a program
    under test; and whoever attaches a handler turns it on again.

    Attributes:
        patience: Seconds that a request's header may take to come.
    """

    patience = 60.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.access_log = False
        self._waiting: Any = None  # a timer of the event loop's

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()  # for the rest of a header
        elif self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.patience, self.transport.close)


def _patient(seconds: float) -> type[_Silent]:
    class Patient(_Silent):
        patience = seconds

    return Patient


class Server:
    """Serves one application until it is stopped.

    Args:
        listening: A bound socket; the server closes it.
        patience: Seconds that a request's header may take to come.
    """

    def __init__(self, listening: socket.socket, patience: float) -> None:
        self._socket = listening
        self._patience = patience
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return 0 if self._server is None else len(self._server.server_state.connections)

    @property
    def idle(self) -> bool:
        """Whether no connection is open, and no request of a closed one is still at work."""
        if self._server is None:
            return True

        state = self._server.server_state
        return not state.connections and not state.tasks

    def start(self, app: Starlette) -> None:
        """Serve; returns when requests are taken."""
        config = uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            loop="asyncio",
            http=_patient(self._patience),
            ws="none",
            server_header=False,
            timeout_keep_alive=120,
            timeout_graceful_shutdown=1,
            backlog=2048,
        )
        config.load()
        config.loaded_app = app  # and no logger around it, which at its loudest prints keys
        self._server = uvicorn.Server(config)
        run = {"sockets": [self._socket]}
        self._thread = Thread(
            target=self._server.run, kwargs=run, name="pixlab-emulator", daemon=True
        )
        self._thread.start()
        give_up = time.monotonic() + _START_TIMEOUT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > give_up:
                raise RuntimeError("The emulator's server did not start.")

            time.sleep(0.005)

    def stop(self) -> None:
        """Take no more requests, end those under way, return when the thread has ended."""
        if self._server is None or self._thread is None:
            self._socket.close()
            return

        self._server.should_exit = True
        self._thread.join(_STOP_TIMEOUT)
        self._server = self._thread = None

    def abort(self, client: tuple[str, int]) -> None:
        """Reset the connection to the client's address and port. From the server's thread."""
        assert self._server is not None
        for protocol in list(self._server.server_state.connections):
            transport = getattr(protocol, "transport", None)
            if transport is not None and getattr(protocol, "client", None) == client:
                raw = transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                transport.abort()


async def in_thread(function: Callable[[], object]) -> None:
    """Run a function in a thread, and wait for its end although the caller is cancelled.

    In a task of its own, which no native cancellation of the caller's gets through to.
    """
    errors: list[Exception] = []

    async def run() -> None:
        with anyio.CancelScope(shield=True):
            try:
                await anyio.to_thread.run_sync(function)
            except Exception as error:  # carried over to the caller, without a group
                errors.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(run)
    if errors:
        raise errors.pop()
