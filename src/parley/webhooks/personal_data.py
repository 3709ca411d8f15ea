"""Webhooks hold nothing about people: programs, ids of recordings, times."""

from parley.foundation.declarations import NotPersonal

DECLARATIONS = (
    NotPersonal(
        model="webhooks.Endpoint",
        field=(
            "id", "name", "url", "kinds", "state", "why_disabled", "salt", "previous_salt", "previous_until",
            "created_at", "failures", "failing_since", "next_try",
        ),
        why="the address of a program of the customer, and how telling it goes",
    ),
    NotPersonal(
        model="webhooks.Event", field=("id", "key", "kind", "payload", "at", "created_at"),
        why="ids, times and states of recordings; a recording's id names nobody once the recording is gone",
    ),
    NotPersonal(
        model="webhooks.Delivery",
        field=("id", "endpoint", "event", "state", "attempts", "queued_at", "next_attempt", "done_at"),
        why="how telling a program went",
    ),
    NotPersonal(
        model="webhooks.Attempt", field=("id", "delivery", "number", "at", "status", "answer", "milliseconds"),
        why="what a program answered",
    ),
)  # fmt: skip
