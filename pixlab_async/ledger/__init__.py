"""The ledger: what is stored at PixLab and not deleted yet, in a SQLite file of yours.

No endpoint lists what is stored, so a program must keep its own record.

from pixlab_async import AsyncPixLab
from pixlab_async.ledger import Ledger

async with Ledger("media.db") as ledger, AsyncPixLab(ledger=ledger) as pixlab:
    async for outcome in pixlab.delete_many(ledger.stored(older_than="7d")):
        ...
"""

from ._ledger import Ledger
from ._questions import Pages
from ._values import Age, LedgerStats, StoredMedia, Uncertain

__all__ = ["Age", "Ledger", "LedgerStats", "Pages", "StoredMedia", "Uncertain"]
