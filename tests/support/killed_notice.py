"""A letter about new recordings whose writer is killed: `python killed_notice.py CUSTOMER_ID NOW KIND`.

Dies by SIGKILL inside the first work of that kind, after it was done and before that is committed.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

import django


def main(customer_id: UUID, now: datetime, kind: str) -> None:
    """Work until killed; what is imported here needs Django as it was set up."""
    from parley.obligations.api import Work, run_due
    from parley.recordings import api as recordings
    from parley.tenancy import api as tenancy

    handlers = dict(recordings.notices.handlers())
    done = handlers[kind]

    def dying(work: Work) -> None:
        done(work)
        os.kill(os.getpid(), signal.SIGKILL)

    customer = tenancy.by_id(customer_id)
    assert customer is not None
    run_due(customer, handlers={**handlers, kind: dying}, now=now)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    django.setup()
    main(UUID(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3])
