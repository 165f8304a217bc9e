"""What the client must know of an endpoint to handle a call to it.

Only what the wire, retries and clean-up need. Parameters and replies stand in the typed
methods. Source: https://pixlab.io/rest-api and the endpoints' own pages.
"""

from __future__ import annotations

import re

from attrs import frozen

from ._errors import ConfigurationError


@frozen(eq=False)
class Endpoint:
    """The facts of one endpoint.

    Attributes:
        name: The path's one segment.
        methods: HTTP methods it is documented to take, the preferred one first.
        stores: Whether a successful call leaves a picture stored.
        repeatable: Whether a call may be sent again when the first one may have worked.
        keyless: Whether it is documented without a key.
    """

    name: str
    methods: tuple[str, ...] = ("GET", "POST")
    stores: bool = False
    repeatable: bool = False
    keyless: bool = False


STORE = Endpoint("store", methods=("POST",), stores=True)
DELETE = Endpoint("delete", methods=("GET",), repeatable=True)
OILPAINT = Endpoint("oilpaint", stores=True)
STATUS = Endpoint("status", methods=("GET",), repeatable=True, keyless=True)

ENDPOINTS = {endpoint.name: endpoint for endpoint in (STORE, DELETE, OILPAINT, STATUS)}

_NAME = re.compile(r"[a-z0-9_]+")


def find(name: str) -> Endpoint:
    """The endpoint of that name; of one that is not listed, nothing good is assumed.

    Raises:
        ConfigurationError: No endpoint can have that name.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name[:60]!r} is no endpoint's name: pass the one word after the host, in lower "
            f"case, such as 'oilpaint'."
        )

    return ENDPOINTS.get(name) or Endpoint(name, stores=True)
