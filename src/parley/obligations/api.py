"""What other packages may use of obligations.

`enqueue` opens a deadline or a job in the caller's transaction, `evidence` records in the ledger and wakes its
sequencer; the worker calls `run_due` for whoever `tenancy.api.due_wakes` names, and `sweep` now and then.
"""

from parley.obligations.attention import failed
from parley.obligations.engine import enqueue, evidence, run_due, sweep
from parley.obligations.types import GiveUp, Handler, Outcome, Work

__all__ = ["GiveUp", "Handler", "Outcome", "Work", "enqueue", "evidence", "failed", "run_due", "sweep"]
