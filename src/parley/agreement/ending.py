"""The end of a contract as instants: duties, gate and rehearsal ask here, so that they agree. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

from parley.agreement.clock import Span, after, closes
from parley.agreement.types import EndTerm


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInstants:
    """When the windows after the end of a contract close, and by when nothing is left.

    renewal <= access <= export <= destroy, and none before the end.
    """

    renewal: datetime
    access: datetime
    export: datetime
    destroy: datetime


def end_instants(end: EndTerm, ended: datetime, *, zone: str) -> EndInstants:
    """The instants of `end` for a contract that ended at `ended`: what the duties say and what the gate refuses by.

    The customer's windows stay open to the end of their last day, though never beyond destruction; a window of nothing
    closes with the contract.
    """
    destroy = after(ended, end.destroy, zone=zone)

    def window(span: Span) -> datetime:
        return min(closes(ended, span, zone=zone), destroy) if span.amount else ended.astimezone(UTC)

    renewal = window(end.renew)
    access = max(window(end.access), renewal)
    return EndInstants(renewal=renewal, access=access, export=max(window(end.export), access), destroy=destroy)
