"""What other packages may use of obligations.

`enqueue` opens a deadline or a job in the caller's transaction, `evidence` records in the ledger and wakes its
sequencer; the worker calls `run_due` for whoever `tenancy.api.due_wakes` names, and `sweep` now and then.

`open_duties` opens what an event obliges to under an agreement; `meet`, `waive` and `cancel` end duties; `duties` and
`duty` read those of the customer in scope, `calendar` those of all customers; `on_warning`, `on_overdue` and
`on_passed` tell whoever wants to hear. `report` and `progress` tell how far long work has come.
"""

from parley.obligations.attention import backlog, failed
from parley.obligations.calendar import calendar, in_need
from parley.obligations.calendar import count as calendar_count
from parley.obligations.calendar import due_by_week as calendar_due_by_week
from parley.obligations.calendar import forget_customer as forget_calendar
from parley.obligations.calendar import kept_on_time as calendar_kept_on_time
from parley.obligations.duties import cancel, meet, open_duties, waive
from parley.obligations.duty_hooks import on_overdue, on_passed, on_warning
from parley.obligations.duty_reading import by_clause, due_by_week, duties, duty, duty_of, kept_on_time
from parley.obligations.duty_reading import count as duty_count
from parley.obligations.duty_types import (
    BadPlace,
    CalendarLine,
    ClauseDuties,
    DutyHook,
    DutyView,
    Month,
    UnknownDuty,
    WaiverRefused,
)
from parley.obligations.duty_work import handlers
from parley.obligations.engine import enqueue, evidence, run_due, sweep
from parley.obligations.progress import Progress, forget_progress, progress, report
from parley.obligations.types import GiveUp, Handler, Outcome, Work

__all__ = [
    "BadPlace",
    "CalendarLine",
    "ClauseDuties",
    "DutyHook",
    "DutyView",
    "GiveUp",
    "Handler",
    "Month",
    "Outcome",
    "Progress",
    "UnknownDuty",
    "WaiverRefused",
    "Work",
    "backlog",
    "by_clause",
    "calendar",
    "calendar_count",
    "calendar_due_by_week",
    "calendar_kept_on_time",
    "cancel",
    "due_by_week",
    "duties",
    "duty",
    "duty_count",
    "duty_of",
    "enqueue",
    "evidence",
    "failed",
    "forget_calendar",
    "forget_progress",
    "handlers",
    "in_need",
    "kept_on_time",
    "meet",
    "on_overdue",
    "on_passed",
    "on_warning",
    "open_duties",
    "progress",
    "report",
    "run_due",
    "sweep",
    "waive",
]
