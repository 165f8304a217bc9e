"""Every row of the fault matrix that is a fault of the wire, of the reply or of an address."""

from __future__ import annotations

from .matrix_bodies import BODIES
from .matrix_lost import ADDRESSES, LOST
from .matrix_refusals import LIMITED, REFUSED
from .matrix_replies import WRONG

MATRIX = [*ADDRESSES, *LOST, *WRONG, *BODIES, *LIMITED, *REFUSED]
