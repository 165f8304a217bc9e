"""Steps that ask how the service refuses. None of them can leave anything stored."""

from __future__ import annotations

from ..catalogue import catalogue
from ._replies import blob_told
from ._session import Session
from ._values import Skip, Step
from ._wire import Ask, encoded

# No endpoint, and no parameter, that anybody will ever make.
NOWHERE = "pixlab_async_probe"


async def _wrong_method(session: Session) -> None:
    session.outcome("wrong-method", await session.ask(Ask("store", session.place())))


async def _unknown_endpoint(session: Session) -> None:
    session.outcome("unknown-endpoint", await session.ask(Ask(NOWHERE, session.place())))


async def _unknown_parameter(session: Session) -> None:
    query = (("img", encoded(session.stored().link)), (NOWHERE, "1"))
    session.outcome("unknown-parameter", await session.ask(Ask("header", session.place(), query)))


async def _not_a_picture(session: Session) -> None:
    if not session.uploads:
        raise Skip("the key was not taken in any upload")

    text = b"This is no picture.\n"
    reply = await session.ask(Ask("header", session.uploads[0], body="multipart", file=text))
    session.outcome("not-a-picture", reply)


async def _blob_error(session: Session) -> None:
    # Without a picture there is nothing that could be stored.
    reply = await session.ask(Ask("grayscale", session.place(), (("blob", "true"),), blob=True))
    session.outcome("blob-error", reply)


async def _out_of_range(session: Session) -> None:
    radius = catalogue()["blur"].parameter("radius")
    assert radius is not None
    assert radius.maximum is not None
    link = session.stored().link
    query = (
        ("img", encoded(link)),
        ("radius", f"{radius.maximum + 1:g}"),
        ("sigma", "1"),
        ("blob", "true"),
    )
    reply = await session.ask(Ask("blur", session.place(), query, blob=True))
    session.outcome("out-of-range", reply)
    if session.blob_ignored:
        blob_told(session, reply)


NOT_A_PICTURE = Step(
    "not-a-picture", "uploads a line of text as a picture", ("not-a-picture",), _not_a_picture
)
STEPS = (
    Step(
        "unknown-endpoint",
        "calls an endpoint that does not exist",
        ("unknown-endpoint",),
        _unknown_endpoint,
    ),
    Step("wrong-method", "calls `store` by GET", ("wrong-method",), _wrong_method),
    Step(
        "unknown-parameter",
        "sends a parameter that does not exist",
        ("unknown-parameter",),
        _unknown_parameter,
    ),
    Step(
        "blob-error",
        "asks for a picture's bytes and names no picture",
        ("blob-error",),
        _blob_error,
    ),
    Step(
        "out-of-range",
        "asks `blur` for more than its maximum, as bytes",
        ("out-of-range",),
        _out_of_range,
    ),
)
