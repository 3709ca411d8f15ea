"""Duties as other packages see them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from parley.foundation.errors import ParleyError

State = Literal["open", "due", "met", "breached", "waived", "cancelled"]
Kind = Literal["duty", "window", "moment"]
Party = Literal["customer", "provider"]


class BadPlace(ParleyError):
    """The place in a list to go on from is none."""

    error_id: ClassVar[str] = "obligations.bad-place"


class UnknownDuty(ParleyError):
    """There is no duty with that key in this customer's database."""

    error_id: ClassVar[str] = "obligations.unknown-duty"


class WaiverRefused(ParleyError):
    """The duty cannot be waived: by nobody, not by this party, not without a reason, or not any more."""

    error_id: ClassVar[str] = "obligations.waiver-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyView:
    """One duty. `state` "due" is open with its first warning behind it; `late`: breached, met late, or overdue now.

    `event_kind` and `event_id` name what opened it; `subject` what it is about, in a few words. `evidence_id` is the
    newest entry of the log about it. `reason` is what somebody wrote who waived or cancelled it.
    """

    id: UUID
    key: str
    clause: str
    title: str
    subject: str
    kind: Kind
    owner: Party
    protects: Literal["customer", "provider", "persons"]
    statutory: bool
    authored: bool
    starts: datetime
    due: datetime
    state: State
    late: bool
    met_at: datetime | None
    breached_at: datetime | None
    event_kind: str
    event_id: str
    evidence_id: UUID
    reason: str = ""

    @property
    def cursor(self) -> str:
        """Continues a list after this duty."""
        return f"{self.due.isoformat()}_{self.id}"

    @property
    def waiting(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in {"open", "due"} or (self.state == "breached" and self.met_at is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLine:
    """One duty of one customer in the provider's calendar; `cursor` continues the list after this line."""

    customer_id: UUID
    duty: DutyView

    @property
    def cursor(self) -> str:
        return self.duty.cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """How the duties that fell due in a month were kept; `month` is its first day."""

    month: date
    on_time: int
    late: int
    waived: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseDuties:
    """The duties of one clause: how many are open, about to be due, late and not yet met; and the next due date."""

    open: int = 0
    due: int = 0
    late: int = 0
    met: int = 0
    next_due: datetime | None = None


DutyHook = Callable[[DutyView], None]
"""Called in the transaction of the change, in the customer's scope: what it writes is kept with the change, once."""
