"""Replies: whatever bytes come, a result or one of our errors, in bounded time, without the key.

The first three bytes choose the call, the HTTP status and the headers; the rest is the body.
"""

from __future__ import annotations

import json
import pickle
import time
from typing import Any

import anyio
from hypothesis import strategies as st

from fuzzing._running import Target, main
from pixlab_async import APIKey, AsyncPixLab, PixLabError, UnreadableReply
from pixlab_async._judging import of_reply
from pixlab_async._protocol import Call
from pixlab_async.transports import Reply
from tests.samples import LINK, TYPED, arguments, promised

TEXT = "0123456789abcdef/&"
KEY = APIKey(TEXT)
STATUSES = (200, 201, 204, 301, 400, 401, 404, 429, 500, 503, 999)
KINDS = ("application/json", "image/png", "text/html; charset=utf-8", "")
RETRY_AFTER = ("", "7", "1e400", "Wed, 21 Oct 2015 07:28:00 GMT", "-1")
# Seconds; a reply of some kilobytes takes well under a millisecond.
LONGEST = 5.0


class _Asked(Exception):
    pass


class _Recorder(AsyncPixLab):
    """Notes what a method would send."""

    def __init__(self) -> None:
        super().__init__(api_key="a")
        self.calls: list[Call[Any]] = []

    async def send(self, call: Call[Any]) -> Any:
        self.calls.append(call)
        raise _Asked


async def _calls() -> list[Call[Any]]:
    recorder = _Recorder()
    for name in TYPED:
        for methods in (recorder, recorder.blob):
            method = getattr(methods, name, None)
            if method is not None:
                try:
                    await method(**arguments(name, LINK, b"picture"))
                except _Asked:
                    continue
    return recorder.calls


# One for each method, and for each that gives bytes.
CALLS = anyio.run(_calls)


def run(data: bytes) -> None:
    """Judge the reply as the answer to the call."""
    if len(data) < 3:
        return

    call = CALLS[data[0] % len(CALLS)]
    status = STATUSES[data[1] % len(STATUSES)]
    headers = {
        "content-type": KINDS[data[2] % len(KINDS)],
        "retry-after": RETRY_AFTER[data[2] // len(KINDS) % len(RETRY_AFTER)],
    }
    began = time.perf_counter()
    judged = of_reply(call, Reply(status, headers, data[3:]), KEY, attempts=1, elapsed=0.0)
    assert time.perf_counter() - began < LONGEST
    if judged.error is None:
        assert judged.result is not None
        told = repr(judged.result)
    else:
        error: object = judged.error
        assert isinstance(error, PixLabError)
        assert type(pickle.loads(pickle.dumps(error))) is type(error)
        assert error.field is None or error.field if isinstance(error, UnreadableReply) else True
        told = f"{error} {error!r} {vars(error)}"
    assert TEXT not in told


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.text(), inner)


_LEAVES: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.floats()
VALUES = st.recursive(_LEAVES | st.text() | st.just(TEXT), _nested, max_leaves=10)
FIELDS = st.sampled_from(
    sorted(
        {"status", "error", "id", "ssl_link", *(each for name in TYPED for each in promised(name))}
    )
)


def _body(fields: dict[str, Any], *, ascii_only: bool, coding: str) -> bytes:
    return json.dumps({"status": 200, **fields}, ensure_ascii=ascii_only).encode(
        coding, "surrogatepass"
    )


BODIES = (
    st.builds(
        _body,
        st.dictionaries(FIELDS, VALUES, max_size=5),
        ascii_only=st.booleans(),
        coding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"]),
    )
    | st.binary()
)
INPUTS = st.tuples(st.binary(min_size=3, max_size=3), BODIES).map(b"".join)
TARGET = Target(
    "replies",
    run,
    INPUTS,
    (
        TEXT.encode(),
        b"\\u0026",
        b'"status":',
        b"200",
        b'{"',
        b'"}',
        b'"deleted":true',
        b'"link":',
        b'"faces":[{',
    ),
)

if __name__ == "__main__":
    main(TARGET)
