"""The whole sequence, as one table, and what it comes to."""

from __future__ import annotations

from . import _encoding_steps, _error_steps, _key_steps, _service_steps, _storage_steps
from ._values import Step

STEPS: tuple[Step, ...] = (
    *_service_steps.STEPS,
    *_key_steps.FIRST,
    _error_steps.NOT_A_PICTURE,
    _key_steps.STORE,
    _storage_steps.REACHABLE,
    *_key_steps.THEN,
    *_error_steps.STEPS,
    _encoding_steps.STEP,
    *_storage_steps.STEPS,
)
REQUESTS = sum(step.requests for step in STEPS)
FETCHES = sum(step.fetches for step in STEPS)
STORED = sum(step.stores for step in STEPS)
