"""The step that finds out how a query is decoded: the same text, written in several ways.

``drawtext`` writes a text on a picture, and with ``blob`` it answers with the picture, of
which nothing is stored. Two spellings that give the same picture were read as the same text.
"""

from __future__ import annotations

from .._results import JSON
from ._picture import fingerprint, kind_of
from ._replies import blob_told
from ._session import Session
from ._values import Step
from ._wire import Ask, Seen, encoded

# How the middle of the text is written in the query.
_SPELLINGS = {
    "space": "an%20ox",
    "plus": "an+ox",
    "%2B": "an%2Box",
    "%2F": "an%2Fox",
    "%252F": "an%252Fox",
    "utf-8": "%C3%A9%20%C3%A8",
}
_BEYOND_ASCII = "é è"
# The page calls all three places of a text required, and programs send fewer.
_OTHERS = (("top", "i"), ("bottom", "i"))
_NAMES = ("encoding-plus", "encoding-percent-plus", "encoding-slash", "encoding-utf8")


async def _encoding(session: Session) -> None:
    link, place = session.stored().link, session.place()
    replies: dict[str, Seen] = {}
    for name, written in _SPELLINGS.items():
        query = (("img", encoded(link)), *_OTHERS, ("center", written), ("blob", "true"))
        replies[name] = await session.ask(Ask("drawtext", place, query, blob=True))
        if len(replies) == 1:
            blob_told(session, replies[name])
    fields: dict[str, str | bool] = {**dict(_OTHERS), "img": link, "center": _BEYOND_ASCII}
    replies["json"] = await session.ask(
        Ask("drawtext", "body", body="json", fields={**fields, "blob": True}, blob=True)
    )
    _json_post(session, replies["json"])
    _compare(session, replies)


def _json_post(session: Session, reply: Seen) -> None:
    if reply.worked and reply.fields is None:  # a picture has no status
        session.answer("json-post", {"http": reply.http, "status": reply.http, "json": True}, reply)
    else:
        session.outcome("json-post", reply)


def _compare(session: Session, replies: dict[str, Seen]) -> None:
    """Answer what the pictures say that are alike, and those that are not."""
    prints = {
        name: fingerprint(reply.body) if reply.worked and kind_of(reply.body) else ""
        for name, reply in replies.items()
    }
    if not all(prints[name] for name in _SPELLINGS):
        for name in _NAMES:
            session.unseen(name, "drawtext did not answer with pictures", *replies.values())
        return

    plus, space, percent_plus = prints["plus"], prints["space"], prints["%2B"]
    slash, slash_twice = prints["%2F"], prints["%252F"]
    answers: dict[str, JSON] = {
        "encoding-plus": (
            "a space" if plus == space else "a plus" if plus == percent_plus else "something else"
        ),
        "encoding-percent-plus": "a space" if percent_plus == space else "a plus",
        "encoding-slash": "twice" if slash == slash_twice else "once",
        "encoding-utf8": prints["utf-8"] == prints["json"] if prints["json"] else None,
    }
    shown = {
        "encoding-plus": ("space", "plus", "%2B"),
        "encoding-percent-plus": ("space", "%2B"),
        "encoding-slash": ("%2F", "%252F"),
        "encoding-utf8": ("utf-8", "json"),
    }
    # Pictures that differ say something only if the same text gives the same picture.
    if len(set(prints.values())) == len(prints):
        answers = dict.fromkeys(answers)
    for name, answer in answers.items():
        compared = [replies[each] for each in shown[name]]
        if answer is None:
            session.unseen(name, "no two pictures were alike, or one did not come", *compared)
        else:
            session.answer(name, answer, *compared)


STEP = Step(
    "encoding",
    "has `drawtext` draw a text, written in the query in several ways, as bytes",
    ("blob", *_NAMES, "json-post"),
    _encoding,
    requests=len(_SPELLINGS) + 1,
)
