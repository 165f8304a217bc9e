"""Programs that others' tools look over the shoulder of; each runs in a process of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from typing import Any, cast

from attrs import frozen

from pixlab_async import APIKey, AsyncPixLab, PixLabError

from .conftest import Auth, Way, reaching
from .hunting import KEY, LINK, VAULT


async def reported(base_url: str, auth: Auth, way: Way) -> None:
    """Calls that go well, and one that fails and is logged and captured."""
    import sentry_sdk

    with sentry_sdk.start_transaction(name="calls"):
        async with reaching(base_url, auth, way) as pixlab:
            await pixlab.status()
            await pixlab.delete(LINK, missing_ok=True)
            try:
                await pixlab.oilpaint(LINK, radius=1)
            except PixLabError as error:
                logging.getLogger("program").exception("It failed, with %s", pixlab)
                sentry_sdk.capture_exception(error)


def sentry() -> None:
    """All that Sentry's SDK, with all that it hooks into by itself, would send."""
    import sentry_sdk
    from sentry_sdk.envelope import Envelope
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.scrubber import EventScrubber

    (base_url,) = sys.argv[1:]
    sent: list[str] = []

    class Keeping(sentry_sdk.Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            sent.append(envelope.serialize().decode())

    options: dict[str, Any] = {
        "dsn": "http://nobody@127.0.0.1:9/1",
        "transport": Keeping,
        "traces_sample_rate": 1.0,
        "send_default_pii": True,
        "attach_stacktrace": True,
        "include_local_variables": True,
        "max_breadcrumbs": 1000,
        "max_value_length": 100_000,
        "event_scrubber": EventScrubber(denylist=[], pii_denylist=[]),
        "integrations": [LoggingIntegration(level=1, event_level=logging.ERROR)],
    }
    logging.getLogger().setLevel(1)
    sentry_sdk.init(**options)
    for way in ("httpx", "fast", "foreign"):
        for auth in ("query", "header"):
            asyncio.run(reported(base_url, auth, way))
    sentry_sdk.flush()
    sys.stdout.write(json.dumps(sent))


@frozen(repr=False)
class Telling:
    """Where a program keeps something that it should not."""

    secret: str


def uncaught() -> None:
    """An error that nobody catches, as rich's hook shows it."""
    import rich.traceback

    base_url, auth, planted = sys.argv[1:]
    rich.traceback.install(show_locals=True, locals_max_string=9_999, locals_max_length=99)

    async def main() -> None:
        telling = Telling(KEY) if planted else None
        key = APIKey(VAULT.open())
        async with AsyncPixLab(base_url=base_url, auth=cast("Auth", auth), api_key=key) as pixlab:
            await pixlab.oilpaint(LINK, radius=1)
        assert telling

    asyncio.run(main())


def everything(argv: list[list[str]]) -> list[dict[str, Any]]:
    """What ``pixlab`` says to each of these command lines."""
    from click.testing import CliRunner

    from pixlab_async.cli._commands import pixlab

    told: list[dict[str, Any]] = []
    for args in argv:
        done = CliRunner().invoke(pixlab, args)
        error = done.exception
        broken = None if error is None or isinstance(error, SystemExit) else repr(error)
        told.append({"args": args, "code": done.exit_code, "told": done.output, "broken": broken})
    return told


def commands() -> None:
    """The same, in a home of its own; the command lines come on standard input."""
    assert tempfile.gettempdir().endswith("tmp")
    sys.stdout.write(json.dumps(everything(json.load(sys.stdin))))
