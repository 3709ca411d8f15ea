"""Deadlines hold ids and facts about work; no field says anything about a person."""

from parley.foundation.declarations import NotPersonal

DECLARATIONS = (
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
)
