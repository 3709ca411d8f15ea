"""Interruptions at a commit: "failed" before it, or "failed but persisted" after it. For every step of a long deed.

for point in commit_points():          # 1f, 1p, 2f, 2p, ...
    with interrupted(point) as meter:
        run_it()
    if not meter.fired: break          # the deed has fewer commits than that
    run_it_again()                     # must come to the same end
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from unittest import mock

from django.db import connections

from parley.tenancy.backend.base import DatabaseWrapper


class Interrupted(BaseException):
    """The process died here: nothing in the code under test may catch it."""


@dataclass(frozen=True)
class Point:
    """The `commit`th commit of any database, "failed" before it or `persisted`."""

    commit: int
    persisted: bool


@dataclass
class Meter:
    """What was seen: how many commits there were, and whether the interruption came."""

    commits: int = 0
    fired: bool = False


def commit_points(most: int = 200) -> Iterator[Point]:
    """The points of interruption in order; stop when one did not fire."""
    for commit in range(1, most + 1):
        yield Point(commit, persisted=False)
        yield Point(commit, persisted=True)


@contextmanager
def interrupted(point: Point) -> Iterator[Meter]:
    """Run the block until the commit that `point` names, then die there; connections are closed as by a dead process.

    Commits of Django's connections count (each `atomic` that ends, and each statement outside one does not).
    """
    meter = Meter()
    commit = DatabaseWrapper._commit

    def counted(self: DatabaseWrapper) -> None:
        meter.commits += 1
        if meter.commits != point.commit or meter.fired:
            commit(self)
            return
        meter.fired = True
        if point.persisted:
            commit(self)
        else:
            self._rollback()  # as the server does when its client is gone
        raise Interrupted

    with mock.patch.object(DatabaseWrapper, "_commit", counted), suppress(Interrupted):
        yield meter
    if meter.fired:
        for connection in connections.all(initialized_only=True):
            connection.close()
