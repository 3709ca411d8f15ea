"""A call that runs: what somebody wants of it, when a pause is over by itself, and whether its streams went silent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from parley.daemons.signalling.ports import Done, Heard, Media, Reports
from parley.daemons.signalling.steering import Troubles
from parley.daemons.signalling.table import Call, CallTable
from parley.recordings import control
from parley.recordings.types import Deed


class Running:
    """Watches and steers the calls of `table`. `clock` gives wall time, `now` is monotonic seconds; a stream that
    carries nothing for `silent_after` seconds is silent."""

    def __init__(
        self,
        *,
        media: Media,
        reports: Reports,
        table: CallTable,
        troubles: Troubles,
        clock: Callable[[], datetime],
        silent_after: float,
    ) -> None:
        self._media, self._reports, self._table, self._troubles = media, reports, table, troubles
        self._clock = clock
        self._silent_after = silent_after

    def look(self, call: Call, heard: Heard, *, now: float) -> None:
        """Once a second or so: ends a pause that is due, reports the call, tells when it goes silent or is heard."""
        if not call.session.live or call.manifest is None:
            return
        due = call.steering.resumes_at
        if due is not None and self._clock() >= due:
            self.steer(call, "resume", how="by itself")
        if call.steering.mode != "never":
            self._reports.live(call.trunk, call.manifest, heard, held=call.session.held)
        silent = call.steering.writing and call.quiet.look(
            call.session.lines, heard, held=call.session.held, now=now, after=self._silent_after
        )
        if silent and not call.quiet.said:
            self._troubles.of_call(call.trunk, call.id, cause="silent", at=self._clock())
        elif call.quiet.said and not silent:
            self._troubles.heard_again(call.trunk, call.id, at=self._clock())
        call.quiet.said = silent

    def steer(self, call: Call, deed: Deed, *, how: str, by: UUID | None = None, wish: UUID | None = None) -> None:
        """Does what somebody wants of the call, where that is possible, and reports what came of it."""
        assert call.manifest is not None  # noqa: S101 - a call in the table has one
        at, refusal = self._clock(), ""
        try:
            after = control.steer(call.steering, deed, at=at)
        except control.DeedRefused as error:
            refusal = f"{error}. {error.remedy}"
        else:
            if call.steering.writing and not after.writing:
                self._media.pause(call.id, at)
            call.steering, call.manifest = after, replace(call.manifest, steering=after)
            self._media.describe(call.manifest)
            self._table.save(call)
            if after.writing:
                self._media.resume(call.id)
            call.quiet.since.clear()
        self._reports.steered(
            call.trunk, call.manifest, Done(deed=deed, at=at, how=how, by=by, wish=wish, refusal=refusal)
        )
