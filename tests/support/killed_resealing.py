"""A run that seals recordings anew and is killed: `python killed_resealing.py CUSTOMER_ID STORE_URL POINT`.

Dies by SIGKILL where POINT says: "written", when a new object is stored and no row names it; "named", when evidence
and rows are written and not committed; "swept", when the old object is deleted and the job that did it is not done.
"""

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django


def main(customer_id: UUID, store_url: str, point: str) -> None:
    """Run until killed; what is imported here needs Django as it was set up."""
    from parley.obligations.api import run_due
    from parley.recordings.api import using_store
    from parley.recordings.resealing import anew
    from parley.recordings.resealing import api as resealing
    from parley.storage.api import open_store
    from parley.storage.local import LocalStore
    from parley.tenancy import api as tenancy

    customer = tenancy.by_id(customer_id)
    assert customer is not None
    where, name = {
        "written": (anew, "put_kept"), "named": (anew, "record_resealed"), "swept": (LocalStore, "delete_many"),
    }[point]  # fmt: skip
    half = getattr(where, name)

    def dying(*given: Any, **named: Any) -> None:
        half(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(where, name, dying)
    with using_store(open_store(store_url)):
        for hours in range(4):
            now = datetime.now(UTC) + timedelta(hours=hours)
            run_due(customer, handlers=resealing.long_handlers(), now=now)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    django.setup()
    main(UUID(sys.argv[1]), sys.argv[2], sys.argv[3])
