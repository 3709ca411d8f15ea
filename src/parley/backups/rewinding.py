"""After a restoration the customer's log is shorter than the provider remembers: the memory follows, and says so.

Otherwise every later head would look like a fork, and stay without countersignature. Only an administrator can do it,
and only here; what was known before is kept as evidence in the provider's log (`backup.restored`).
"""

from dataclasses import dataclass

from parley.ledger.api import log_origin
from parley.tenancy import api as tenancy
from parley.tenancy import scratch

_COUNTERSIGNED = """
SELECT size, root FROM ledger_checkpoint JOIN ledger_cosignature USING (size) ORDER BY size DESC LIMIT 1
"""


@dataclass(frozen=True, kw_only=True)
class Rewound:
    """The length and root of the log that was countersigned last, before and now: "1234 9f86d0..."."""

    before: str
    now: str


def rewind(customer: tenancy.Customer) -> Rewound:
    """Let the provider remember the newest countersigned head that the restored log has. Idempotent."""
    with scratch.connect(customer.database) as connection:
        row = connection.execute(_COUNTERSIGNED).fetchone()
        empty = connection.execute("SELECT sha256('')").fetchone()
        size, root = (int(row[0]), bytes(row[1])) if row else (0, bytes(empty[0]) if empty else b"")
    now = f"{size} {root.hex()}"
    with scratch.connect(tenancy.provider().database) as connection:
        known = connection.execute(
            "SELECT size, root FROM ledger_witness WHERE origin = %s FOR UPDATE", [log_origin(log_id=customer.log_id)]
        ).fetchone()
        if known is None or known[0] <= size:
            return Rewound(before=now, now=now)
        connection.execute("ALTER TABLE ledger_witness DISABLE TRIGGER only_lengthens")
        connection.execute(
            "UPDATE ledger_witness SET size = %s, root = %s WHERE origin = %s",
            [size, root, log_origin(log_id=customer.log_id)],
        )
        connection.execute("ALTER TABLE ledger_witness ENABLE TRIGGER only_lengthens")
    return Rewound(before=f"{known[0]} {bytes(known[1]).hex()}", now=now)
