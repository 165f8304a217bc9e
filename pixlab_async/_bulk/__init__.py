"""Deleting any number of links: bounded workers, one outcome per link, flat memory.

    links -> feed -> workers -> fuses -> order -> outcomes
                        ^  |
             second pass +--+ what failed for a passing reason

``_many`` has the workers, ``_feed`` where links come from, ``_rules`` what was asked for and
when to stop (pure), ``_order`` what comes out when (pure), ``_summary`` the counts (pure).
Imported when the first batch is begun.
"""

from ._feed import Feed, IterableFeed, Links, Taken
from ._many import WINDOW, DeleteMany
from ._rules import CONCURRENCY, BatchRules
from ._summary import BatchSummary, Latency

__all__ = [
    "CONCURRENCY",
    "WINDOW",
    "BatchRules",
    "BatchSummary",
    "DeleteMany",
    "Feed",
    "IterableFeed",
    "Latency",
    "Links",
    "Taken",
]
