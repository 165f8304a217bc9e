"""Rows 13 to 19: replies that are not what they should be."""

from __future__ import annotations

from pixlab_async import (
    DeletionState,
    ServerFailed,
    UnreadableReply,
)

from ..scripted import http
from .rows import (
    GONE,
    Row,
    deleted,
    doubtful,
    json,
    page,
)

# --- Replies that are not what they should be: 13 to 19 ---------------------------------------

WRONG = [
    *(
        row
        for status in (502, 503, 504, 520, 521, 522, 523, 524, 527)
        for row in doubtful(13, f"a page with {status}", page(status), ServerFailed, status=status)
    ),
    *doubtful(14, "a page with 200", page(200), UnreadableReply, http_status=200),
    *doubtful(
        15,
        "500 in the body of a 200",
        json('{"status":500,"error":"out"}'),
        ServerFailed,
        status=500,
        http_status=200,
    ),
    *doubtful(
        16,
        "200 in the body of a 500",
        json('{"status":200,"id":"a","deleted":true}', 500),
        ServerFailed,
        status=500,
        http_status=500,
    ),
    *(
        row
        for what, body in [("an array", "[1]"), ("null", "null"), ("a text", '"yes"')]
        for row in doubtful(17, what, json(body), UnreadableReply, http_status=200)
    ),
    deleted(18, "a status in text", json('{"status":"200","id":"a","deleted":true}')),
    *(
        Row(
            18,
            f"deleted is {value}",
            (json(f'{{"status":200,"id":"a","deleted":{value}}}'), GONE),
            state=DeletionState.DELETED_UNCONFIRMED,
            facts={"attempts": 2},
            requests=2,
        )
        for value in ('"yes"', "{}", "1", "null", '"true"', "false")
    ),
    *(
        row
        for value in ("true", "null", '"OK"', "{}", "-200", "1" * 400, "200.5", "1e999")
        for row in doubtful(
            18,
            f"status is {value[:9]}",
            json(f'{{"status":{value},"id":"a","deleted":true}}'),
            UnreadableReply,
            field="status",
        )[1:2]
    ),
    *doubtful(19, "an empty body", http(b""), UnreadableReply, http_status=200),
    *doubtful(19, "204", b"HTTP/1.1 204 No Content\r\n\r\n", UnreadableReply, http_status=204),
]
