"""A move to the cold store that is killed: `python killed_move.py CUSTOMER_ID NOW POINT`.

Dies by SIGKILL where POINT says: "copied", when an object was copied and nothing is committed; "counted", when the
copies are committed and nothing is deleted; "deleted", when one object is deleted and that is not committed.
"""

import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django


def main(customer_id: UUID, now: datetime, point: str) -> None:
    """Move until killed; what is imported here needs Django as it was set up."""
    from parley.obligations.api import run_due
    from parley.recordings.scrubbing import api as scrubbing
    from parley.storage.api import TieredStore
    from parley.tenancy import api as tenancy

    customer = tenancy.by_id(customer_id)
    assert customer is not None
    name = {"copied": "copy_cold", "counted": "drop_warm", "deleted": "drop_warm"}[point]
    half = getattr(TieredStore, name)

    def dying(*given: Any, **named: Any) -> None:
        if point != "counted":
            half(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(TieredStore, name, dying)
    for turn in range(5):
        run_due(customer, handlers=scrubbing.moving.long_handlers(), now=now + timedelta(seconds=turn))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    django.setup()
    main(UUID(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3])
