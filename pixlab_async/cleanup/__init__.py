"""Deleting very many links as a job that outlives its process.

    from pixlab_async.cleanup import CleanupJob

    job = CleanupJob("links.txt", "links.txt.journal")
    summary = await job.run(pixlab)

``import pixlab_async`` never opens this room.
"""

from importlib import import_module

from ._report_data import Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._items import Item, Source, Survey
    from ._job import CleanupJob
    from ._job_summary import JobSummary
    from ._progress import Progress

# `pixlab delete` uses a part of this room, and should not wait for the rest.
_LATE = {
    "CleanupJob": "_job",
    "Item": "_items",
    "JobSummary": "_job_summary",
    "Progress": "_progress",
    "Source": "_items",
    "Survey": "_items",
}


def __getattr__(name: str) -> object:
    room = _LATE.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    value: object = getattr(import_module(f".{room}", __name__), name)
    globals()[name] = value
    return value


__all__ = ["CleanupJob", "Item", "JobSummary", "Progress", "Row", "Source", "Survey"]
