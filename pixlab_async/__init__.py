"""Async client of the PixLab image and vision API.

from pixlab_async import AsyncPixLab

async with AsyncPixLab() as pixlab:
    async with pixlab.temporary(pixlab.oilpaint(path, radius=3)) as media:
        await pixlab.download(media, "painted.png")
"""

import typing as _typing

from ._blob_pictures import BlobPictures
from ._client import AsyncPixLab
from ._endpoint import Endpoint
from ._errors import (
    AuthenticationFailed,
    BadRequest,
    BatchIncomplete,
    BatchStopped,
    CleanupFailed,
    ConfigurationError,
    ConnectionFailed,
    MethodNotAllowed,
    NotFound,
    PixLabError,
    RateLimited,
    RecordingFailed,
    ReplyError,
    ServerFailed,
    TimedOut,
    UnreadableReply,
    UnsupportedMedia,
)
from ._key import APIKey, KeySource
from ._protocol import Auth, Call, Parameter
from ._results import (
    Answer,
    Blob,
    Deletion,
    DeletionState,
    Media,
    Meta,
    Outcome,
    ServiceStatus,
)
from ._retry import RetryPolicy
from ._sources import Source
from ._success import Success
from ._version import VERSION as __version__  # noqa: N811 - the name that tools look for

if _typing.TYPE_CHECKING:
    from ._bulk import BatchSummary, DeleteMany, Latency, Links
    from ._faces import (
        Emotion,
        Face,
        FaceCandidate,
        FaceComparison,
        FaceLandmarks,
        FaceMotion,
        Faces,
        FaceSearch,
    )
    from ._shapes import (
        Difference,
        DocumentScan,
        Embedding,
        GeneratedText,
        Header,
        InlinePicture,
        Job,
        RecognizedText,
        Rendering,
        Score,
        Tag,
        Tags,
        Word,
    )
    from ._stats import Stats
    from ._values import Channel, Frame, Line, Overlay, Point, Rectangle
    from .ledger import Ledger, StoredMedia

# What few programs use is imported when it is asked for: each class costs its share of a
# millisecond, and there are many.
_LATE = {
    "_bulk": "BatchSummary DeleteMany Latency Links",
    "_faces": (
        "Emotion Face FaceCandidate FaceComparison FaceLandmarks FaceMotion FaceSearch Faces"
    ),
    "_shapes": (
        "Difference DocumentScan Embedding GeneratedText Header InlinePicture Job "
        "RecognizedText Rendering Score Tag Tags Word"
    ),
    "_stats": "Stats",
    "ledger": "Ledger StoredMedia",
    "_values": "Channel Frame Line Overlay Point Rectangle",
}
_ROOM_OF = {name: room for room, names in _LATE.items() for name in names.split()}


def __getattr__(name: str) -> object:
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    from importlib import import_module  # noqa: PLC0415 - the same

    value: object = getattr(import_module(f".{room}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOM_OF})


__all__ = [
    "APIKey",
    "Answer",
    "AsyncPixLab",
    "Auth",
    "AuthenticationFailed",
    "BadRequest",
    "BatchIncomplete",
    "BatchStopped",
    "BatchSummary",
    "Blob",
    "BlobPictures",
    "Call",
    "Channel",
    "CleanupFailed",
    "ConfigurationError",
    "ConnectionFailed",
    "DeleteMany",
    "Deletion",
    "DeletionState",
    "Difference",
    "DocumentScan",
    "Embedding",
    "Emotion",
    "Endpoint",
    "Face",
    "FaceCandidate",
    "FaceComparison",
    "FaceLandmarks",
    "FaceMotion",
    "FaceSearch",
    "Faces",
    "Frame",
    "GeneratedText",
    "Header",
    "InlinePicture",
    "Job",
    "KeySource",
    "Latency",
    "Ledger",
    "Line",
    "Links",
    "Media",
    "Meta",
    "MethodNotAllowed",
    "NotFound",
    "Outcome",
    "Overlay",
    "Parameter",
    "PixLabError",
    "Point",
    "RateLimited",
    "RecognizedText",
    "RecordingFailed",
    "Rectangle",
    "Rendering",
    "ReplyError",
    "RetryPolicy",
    "Score",
    "ServerFailed",
    "ServiceStatus",
    "Source",
    "Stats",
    "StoredMedia",
    "Success",
    "Tag",
    "Tags",
    "TimedOut",
    "UnreadableReply",
    "UnsupportedMedia",
    "Word",
    "__version__",
]
