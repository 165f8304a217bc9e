"""An incoming request, read in all the ways in which PixLab takes one.

Parameters come in the query, in a multipart or URL-encoded form, or as a JSON object;
the key in any of these or in the ``WWW-Authenticate`` header.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from attrs import field, frozen
from starlette.datastructures import UploadFile
from starlette.requests import Request

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class BadBody(Exception):
    """The body cannot be read; the message says why."""


@frozen
class Incoming:
    """One request, as its sender meant it. It prints without the key.

    Attributes:
        method: The HTTP method.
        endpoint: The path's one segment.
        params: Parameters but the key: texts, or JSON values where JSON was sent.
        key: The key, or None where there was none.
        file: The uploaded bytes, or None.
        filename: The name that came with them.
        headers: Header fields, names in lower case.
        query: The query as it came, undecoded.
    """

    method: str
    endpoint: str
    params: Mapping[str, Any]
    key: str | None = field(repr=False)
    file: bytes | None
    filename: str
    headers: Mapping[str, str] = field(repr=False)
    query: str = field(default="", repr=False)


async def read(request: Request) -> Incoming:
    """Read a request to its end.

    Raises:
        BadBody: Its body cannot be read.
    """
    params: dict[str, Any] = dict(request.query_params)
    file, filename = None, ""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if request.method == "POST" and content_type in _FORMS:
        async with request.form() as form:
            for name, value in form.items():
                if isinstance(value, UploadFile):
                    file, filename = await value.read(), value.filename or ""
                else:
                    params[name] = value
    elif request.method == "POST" and content_type == "application/json":
        params |= await _object(request)

    key = params.pop("key", None) or request.headers.get("www-authenticate")
    return Incoming(
        request.method,
        request.path_params["endpoint"],
        params,
        None if key is None else str(key),
        file,
        filename,
        dict(request.headers),
        request.url.query,
    )


async def _object(request: Request) -> dict[str, Any]:
    try:
        value: Any = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        raise BadBody("the body is no JSON") from None

    if not isinstance(value, dict):
        raise BadBody("the body is no JSON object")

    return cast("dict[str, Any]", value)
