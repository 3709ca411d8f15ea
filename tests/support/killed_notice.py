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

sys.path.insert(0, str(Path(__file__).parents[2]))
django.setup()

from parley.obligations.api import Work, run_due  # noqa: E402
from parley.recordings import api as recordings  # noqa: E402
from parley.tenancy import api as tenancy  # noqa: E402

customer_id, now, kind = sys.argv[1:]
handlers = dict(recordings.notices.handlers())
done = handlers[kind]


def dying(work: Work) -> None:
    done(work)
    os.kill(os.getpid(), signal.SIGKILL)


customer = tenancy.by_id(UUID(customer_id))
assert customer is not None
run_due(customer, handlers={**handlers, kind: dying}, now=datetime.fromisoformat(now))
