"""Deadlines and duties hold ids and facts about work; only who ended a duty, and why, says something about a person."""

from parley.foundation.declarations import NotPersonal, PersonalData

DECLARATIONS = (
    PersonalData(
        model="obligations.Duty", field=("ended_by", "reason"), category="user.unique_id", subject="employee",
        purpose="essential.service", retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    NotPersonal(
        model="obligations.Deadline",
        field=("id", "kind", "key", "payload"),
        why="ids of rows and kinds of work; who they concern is found through the rows that they name",
    ),
    NotPersonal(
        model="obligations.Deadline",
        field=("due", "created_at", "done_at", "failed_at", "attempts", "last_error"),
        why="when work was due and how it went; errors are ids, never messages",
    ),
    NotPersonal(
        model="obligations.Duty",
        field=(
            "id", "key", "event_kind", "event_id", "duty", "clause", "title", "subject", "kind", "owner", "protects",
            "statutory", "authored", "agreement", "digest", "evidence_id",
        ),
        why="what an agreement obliges whom to, and ids: a duty names roles, never persons",
    ),
    NotPersonal(
        model="obligations.Duty",
        field=(
            "starts", "due", "warn_at", "warn_from", "next_at", "state", "late", "opened_at", "met_at", "breached_at",
            "ended_at", "revision",
        ),
        why="when a duty was due and how it went",
    ),
    NotPersonal(
        model="obligations.CalendarLine",
        field=(
            "id", "customer_id", "key", "event_kind", "event_id", "clause", "title", "subject", "kind", "owner",
            "protects", "statutory", "authored", "starts", "due", "warn_from", "next_at", "state", "late", "met_at",
            "evidence_id", "revision",
        ),
        why="a copy of what duties say without who ended them: roles and dates, never persons",
    ),
    NotPersonal(
        model="obligations.ProgressLine", field=("key", "done", "total", "unit", "began_at", "at"),
        why="how far a piece of work has come",
    ),
)  # fmt: skip
