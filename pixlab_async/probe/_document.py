"""What a probe saw, as a JSON document, and documents that are read back. No I/O but files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import cast

from attrs import frozen

from .._errors import ConfigurationError
from .._key import APIKey
from .._results import JSON
from .._version import VERSION
from .._whole import PRIVATE, replacing
from .._wording import masked
from ._shelf import Shelf
from ._values import Ending, Observation

FORMAT = 1
_LARGEST = 4 * 1024 * 1024


@frozen
class Facts:
    """What a document says of its probe.

    Attributes:
        began: When it was begun.
        service: Host and port of the service.
        auth: The place of the key that was preferred.
        requests: How many went to the API, without those of the clean-up.
        fetches: How often a stored picture was fetched.
        ending: How it ended.
    """

    began: datetime
    service: str
    auth: str
    requests: int
    fetches: int
    ending: Ending


def schema() -> dict[str, JSON]:
    """The JSON schema of documents."""
    text = files(__package__ or "").joinpath("schema.json").read_text(encoding="utf-8")
    return cast("dict[str, JSON]", json.loads(text))


def document(
    facts: Facts,
    observations: Iterable[Observation],
    shelf: Shelf,
    key: APIKey | None,
    *,
    show_links: bool,
) -> dict[str, JSON]:
    """The document, without the key, and with links masked unless they are to be shown."""
    ending = facts.ending
    left = [media.link if show_links else masked(media.link) for media in ending.left]
    whole: dict[str, JSON] = {
        "format": FORMAT,
        "package": VERSION,
        "began": facts.began.isoformat(timespec="seconds"),
        "service": facts.service,
        "auth": facts.auth,
        "requests": facts.requests,
        "fetches": facts.fetches,
        "finished": not ending.reason,
        "stopped": ending.reason or None,
        "stored": len(shelf.pictures),
        "left": [*left],
        "lost": [*ending.lost],
        "observations": [_observation(each) for each in observations],
    }
    told = cast("dict[str, JSON]", _told(whole, None if show_links else shelf))
    if key is None:
        return told

    # Belt and braces: replies are scrubbed as they come.
    text = json.dumps(told, ensure_ascii=False).encode()
    return cast("dict[str, JSON]", json.loads(key.scrub_bytes(text)))


def _observation(each: Observation) -> dict[str, JSON]:
    question = each.question
    return {
        "name": question.name,
        "asks": question.asks,
        "says": question.says or None,
        "basis": question.basis,
        "expected": [*question.expected],
        "figure": question.figure,
        "seen": each.seen,
        "verdict": each.verdict.value,
        "fits": each.fits,
        "note": each.note or None,
        "evidence": [*each.evidence],
    }


def _told(value: JSON, shelf: Shelf | None) -> JSON:
    """The value without what is private in its texts."""
    if shelf is None:
        return value

    if isinstance(value, str):
        return shelf.masked(value)

    if isinstance(value, list):
        return [_told(each, shelf) for each in value]

    if isinstance(value, dict):
        return {name: _told(each, shelf) for name, each in value.items()}

    return value


def write(path: Path, told: Mapping[str, JSON]) -> None:
    """Write the document, whole or not at all, for nobody but the user to read.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    with replacing(path, mode=PRIVATE) as part:
        part.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> dict[str, JSON]:
    """Read a document.

    Raises:
        ConfigurationError: The file cannot be read, or holds no document of a probe.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
        value: object = json.loads(text) if len(text) <= _LARGEST else None
    except OSError as error:
        raise ConfigurationError(
            f"{str(path)!r} cannot be read: {error.strerror or error}."
        ) from error
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not _is_document(cast("dict[str, JSON]", value)):
        raise ConfigurationError(
            f"{str(path)!r} is no document of `pixlab probe` in format {FORMAT}: make one with "
            f"pixlab probe -o FILE."
        )

    return cast("dict[str, JSON]", value)


def _is_document(value: Mapping[str, JSON]) -> bool:
    """Whether it has what a comparison needs."""
    observations = value.get("observations")
    return (
        value.get("format") == FORMAT
        and isinstance(observations, list)
        and all(isinstance(each, dict) and each.keys() >= _NEEDED for each in observations)
    )


_NEEDED = {"name", "seen"}
