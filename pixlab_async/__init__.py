"""Async client of the PixLab image and vision API.

from pixlab_async import AsyncPixLab

async with AsyncPixLab() as pixlab:
    async with pixlab.temporary(pixlab.oilpaint(path, radius=3)) as media:
        await pixlab.download(media, "painted.png")
"""

from ._bulk import DeleteMany, Links
from ._catalogue import Endpoint
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
from ._key import APIKey, KeySource
from ._protocol import Auth, Call, Parameter, Success
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
    "Auth",
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
    "Endpoint",
    "KeySource",
    "Links",
    "Media",
    "Meta",
    "MethodNotAllowed",
    "NotFound",
    "Outcome",
    "Parameter",
    "PixLabError",
    "RateLimited",
    "ReplyError",
    "RetryPolicy",
    "ServerFailed",
    "ServiceStatus",
    "Source",
    "Stats",
    "Success",
    "TimedOut",
    "UnreadableReply",
    "UnsupportedMedia",
    "__version__",
]
