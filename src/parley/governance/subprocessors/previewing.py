"""What an announcement would mean, agreement by agreement, before anything is sent."""

from collections import defaultdict
from datetime import datetime

from parley.agreement import api as agreements
from parley.governance.contract import api as contract
from parley.governance.subprocessors.rules import dates_of
from parley.governance.subprocessors.types import Preview
from parley.tenancy import api as tenancy


def preview(key: str, *, planned_start: datetime, at: datetime) -> tuple[Preview, ...]:
    """For each agreement, zone and order form that customers have, the dates if it were announced at `at`.

    Receipt is taken as the agreement assumes it, with dispatch at once. `late`: the planned start comes before the
    first instant that the agreement allows, so that for these customers it starts later than planned.
    """
    alike: dict[tuple[str, str], list[tenancy.Customer]] = defaultdict(list)
    bound: dict[tuple[str, str], agreements.Agreement] = {}
    for customer in tenancy.customers():
        if not customer.standing.signed:
            continue
        agreement = contract.binding_of(customer).agreement
        terms = agreement.terms
        spans = f"{terms.subprocessors.notice} {terms.subprocessors.objection} {terms.notices.assumed_after}"
        group = (agreement.id, f"{customer.standing.zone} {spans}")
        alike[group].append(customer)
        bound[group] = agreement
    found = []
    for group, customers in sorted(alike.items()):
        agreement, zone = bound[group], customers[0].standing.zone
        term = agreement.terms.subprocessors
        update = term.counted_from == "update"
        counts_from = at if update else agreements.after(at, agreement.terms.notices.assumed_after, zone=zone)
        dates = dates_of(
            agreement, change="preview", key=key, counts_from=counts_from, planned_start=planned_start, zone=zone
        )
        found.append(
            Preview(
                agreement=agreement.id,
                zone=zone,
                customers=len(customers),
                dates=dates,
                received_how="update" if update else "assumed",
                opens_at=max(dates.earliest_start, planned_start),
                late=dates.earliest_start > planned_start,
            )
        )
    return tuple(found)
