"""What the pages do not say of the service, asked of the service itself, by somebody with a key.

    from pixlab_async.probe import Probe

    probe = Probe()
    await probe.run()
    print(probe.document())

Some thirty requests, one after the other, two pictures stored and deleted again. The
document can be held against another one, of the emulator say, or against what is known.
Nothing of it is imported with the client.
"""

from __future__ import annotations

from ._compare import Discrepancy, compare
from ._document import load, schema, write
from ._probe import Probe, interval_of
from ._questions import QUESTIONS
from ._shelf import MOST
from ._steps import FETCHES, REQUESTS, STEPS, STORED
from ._values import Ending, Observation, Question, Step, Verdict

__all__ = [
    "FETCHES",
    "MOST",
    "QUESTIONS",
    "REQUESTS",
    "STEPS",
    "STORED",
    "Discrepancy",
    "Ending",
    "Observation",
    "Probe",
    "Question",
    "Step",
    "Verdict",
    "compare",
    "interval_of",
    "load",
    "schema",
    "write",
]
