"""Async client of the PixLab image and vision API.

from pixlab_async import AsyncPixLab

async with AsyncPixLab() as pixlab:
    async with pixlab.temporary(pixlab.oilpaint(path, radius=3)) as media:
        await pixlab.download(media, "painted.png")
"""

from ._bulk import DeleteMany
from ._client import AsyncPixLab, BlobPictures, Stats
from ._errors import (
    AuthenticationFailed,
    BadRequest,
    CleanupFailed,
    ConfigurationError,
    ConnectionFailed,
    MethodNotAllowed,
    NotFound,
    PixLabError,
    RateLimited,
    ReplyError,
    ServerFailed,
    TimedOut,
    UnreadableReply,
    UnsupportedMedia,
)
from ._key import APIKey
from ._protocol import Call
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
from ._version import VERSION as __version__  # noqa: N811 - the name that tools look for

__all__ = [
    "APIKey",
    "Answer",
    "AsyncPixLab",
    "AuthenticationFailed",
    "BadRequest",
    "Blob",
    "BlobPictures",
    "Call",
    "CleanupFailed",
    "ConfigurationError",
    "ConnectionFailed",
    "DeleteMany",
    "Deletion",
    "DeletionState",
    "Media",
    "Meta",
    "MethodNotAllowed",
    "NotFound",
    "Outcome",
    "PixLabError",
    "RateLimited",
    "ReplyError",
    "RetryPolicy",
    "ServerFailed",
    "ServiceStatus",
    "Source",
    "Stats",
    "TimedOut",
    "UnreadableReply",
    "UnsupportedMedia",
    "__version__",
]
