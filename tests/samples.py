"""The least that each endpoint's method is called with, and the least that it must be answered.

Derived from the catalogue where it says enough, written by hand where it does not.
"""

from __future__ import annotations

import base64
from typing import Any

from pixlab_async.catalogue import Entry, Parameter, catalogue

LINK = "https://media.example/1p62f73c9583ec6.png"
PIXELS = base64.b64encode(b"the picture's bytes").decode()

TYPED = sorted(name for name, entry in catalogue().items() if entry.parameters is not None)
# By group, for tests that try every method: one client then serves a whole group.
GROUPS = {
    group: [name for name in TYPED if catalogue()[name].group == group]
    for group in sorted({catalogue()[name].group for name in TYPED})
}

# What the reply of an endpoint must have; of all others the link.
_PROMISED: dict[str, dict[str, Any]] = {
    "answer": {},
    "bgremove": {"imgData": PIXELS},
    "coder": {},
    "delete": {"deleted": True},
    "describe": {"description": "a cat"},
    "docscan": {"fields": {}},
    "facecompare": {"same_face": True},
    "facedetect": {"faces": []},
    "facelandmarks": {"faces": []},
    "facelookup": {"found": False},
    "facemotion": {"faces": []},
    "header": {"width": 2, "height": 3},
    "imgdiff": {"link": LINK},
    "imgembed": {"embedding": [0.5, -1]},
    "imgtranslate": {},
    "llmparse": {"jobId": "j1"},
    "nsfw": {"score": 0.5},
    "ocr": {"output": "words"},
    "query": {"response": "a cat"},
    "seotag": {"tag": "a cat"},
    "sfw": {"score": 0.5},
    "status": {},
    "tagimg": {"tags": []},
    "template": {"url": LINK},
    "toolcall": {},
    "txtremove": {"imgData": PIXELS},
}

_BOX = {"x": 1, "y": 2, "width": 3, "height": 4}
_LISTS: dict[str, Any] = {
    "cord": [_BOX],
    "frames": [],
    "lines": [{"startx": 0, "starty": 1, "endx": 2, "endy": 3}],
    "messages": [{"role": "user", "content": "hello"}],
    "points": [{"x": 1, "y": 2}],
    "tools": [{"id": "call_1", "function": {"name": "blur"}}],
}


def promised(name: str) -> dict[str, Any]:
    """The fields that the endpoint's reply must have."""
    return dict(_PROMISED.get(name, {"link": LINK}))


def python_name(name: str, parameter: Parameter) -> str:
    """The name that the method has for a parameter."""
    if (name, parameter.name) == ("copy", "img"):
        return "link"  # as the page calls it: nothing is made of the picture

    return "source" if parameter.name in {"img", "file"} else parameter.name.replace("-", "_")


def arguments(name: str, link: str, picture: bytes) -> dict[str, Any]:
    """Keyword arguments that suffice: a link wherever one is taken, else the bytes."""
    entry = catalogue()[name]
    wanted = [parameter for parameter in entry.parameters or () if _is_wanted(entry, parameter)]
    given = {
        python_name(name, parameter): picture
        if parameter.type == "file"
        else value_for(parameter, link)
        for parameter in wanted
    }
    if name == "merge":
        given["cord"] = [{"img": link, "x": 0, "y": 0}]
    if name == "makegif":
        given["frames"] = [link]
    return given


def _is_wanted(entry: Entry, parameter: Parameter) -> bool:
    first_ones = {names[0] for names in entry.one_of}
    return parameter.required or parameter.name in first_ones | {"template_id"}


def value_for(parameter: Parameter, link: str) -> Any:
    """A value that the parameter takes."""
    if parameter.choices:
        return parameter.choices[0]

    simple = {"url": link, "string": "word", "boolean": True, "color": "red", "format": "png"}
    if parameter.type in simple:
        return simple[parameter.type]

    if parameter.type in {"integer", "float"}:
        return 1 if parameter.minimum is None else int(parameter.minimum)

    return _LISTS[parameter.name]
