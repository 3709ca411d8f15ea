"""Whether this customer was concerned by an incident: an incident that did has opened its duties here."""

from datetime import datetime

from parley.obligations import api as obligations


def latest_incident(*, at: datetime) -> datetime | None:
    """When the provider's staff first knew of the last incident that concerned the customer in scope, None for none.

    Every affected customer has the duties of its own clock (event `incident-known`); they begin when staff knew.
    """
    known = obligations.duties(event_kind="incident-known", states=("waiting", "met", "waived"), newest=True, at=at)
    return max((duty.starts for duty in known if duty.starts <= at), default=None)
