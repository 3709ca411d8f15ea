"""A nightly deletion that is killed in the middle: `python killed_deletion.py CUSTOMER_ID NIGHT`.

Dies by SIGKILL inside the third batch, after its records were erased and before that is committed.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import django

sys.path.insert(0, str(Path(__file__).parents[2]))
django.setup()

from parley.obligations.api import Work, run_due  # noqa: E402
from parley.retention import api as retention  # noqa: E402
from parley.retention import deletion  # noqa: E402
from parley.tenancy import api as tenancy  # noqa: E402

deletion.SIZE = 3  # type: ignore[misc]
_begun = 0


def dying(work: Work) -> None:
    global _begun  # noqa: PLW0603 - one process, one life
    _begun += 1
    batch(work)
    if _begun == 3:
        os.kill(os.getpid(), signal.SIGKILL)


batch = retention.long_handlers()[deletion.BATCH]
handlers: dict[str, Any] = {**retention.handlers(), deletion.BATCH: dying}
customer = tenancy.by_id(UUID(sys.argv[1]))
assert customer is not None
run_due(customer, handlers=handlers, now=datetime.fromisoformat(sys.argv[2]))
