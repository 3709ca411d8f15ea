"""What somebody may do with a call while it runs: pause, resume, start, keep. Pure; the recorder carries it out.

`kept` says whether anything of the call stays when it ends, `writing` whether what arrives now is written. What arrives
during a pause, or before a call on demand is started, is written nowhere. Where consent is refused a call is stopped:
that is a pause which nobody ends, unless consent is given after all.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from parley.foundation.errors import ParleyError
from parley.recordings.policies import Decision
from parley.recordings.types import Deed, Pause, State, Steering

DEEDS: Final[tuple[Deed, ...]] = ("pause", "resume", "start", "keep")
"""What people do with a call; it is stopped, or permitted again, by what is said of consent."""
DONE: Final[dict[Deed, str]] = {
    "pause": "recording.paused", "resume": "recording.resumed", "start": "recording.on-demand-started",
    "keep": "recording.kept", "stop": "recording.stopped", "permit": "recording.permitted",
}  # fmt: skip
"""The evidence that each deed leaves."""


class DeedRefused(ParleyError):
    """A deed that does not fit the call as it is. Permanent for this state."""

    error_id: ClassVar[str] = "recordings.deed_refused"


def begin(decision: Decision) -> Steering:
    """How a call begins by that decision."""
    return Steering(
        mode=decision.mode,
        policy=decision.policy,
        why=decision.why,
        kept=decision.mode == "always",
        writing=decision.to_record,
        auto_resume_seconds=decision.auto_resume_seconds,
        notice=decision.notice,
        consent=decision.consent,
        told=decision.told,
    )


def state(steering: Steering) -> State:
    """The call in one word."""
    if steering.stopped:
        return "stopped"
    if steering.writing:
        return "recording" if steering.kept else "buffered"
    if steering.pauses and steering.pauses[-1].ends_at is None:
        return "paused"
    return "off" if steering.mode == "never" else "dormant"


def possible(steering: Steering) -> tuple[Deed, ...]:
    """What may be done with the call now."""
    now = state(steering)
    deeds: list[Deed] = []
    if now in {"recording", "buffered"}:
        deeds.append("pause")
    if now == "paused":
        deeds.append("resume")
    if now == "dormant":
        deeds.append("start")
    if steering.mode == "keep-live" and not steering.kept and now != "stopped":
        deeds.append("keep")
    return tuple(deeds)


def steer(steering: Steering, deed: Deed, *, at: datetime) -> Steering:
    """The call after `deed`. Raises DeedRefused, which says what is possible instead."""
    if deed in {"stop", "permit"}:
        return _by_consent(steering, deed, at=at)
    if steering.stopped:
        raise DeedRefused("a call that is stopped goes on with consent only", remedy="Say that consent was given.")
    if deed not in possible(steering):
        able = ", ".join(possible(steering)) or "nothing"
        raise DeedRefused(f"a call that is {state(steering)} cannot {deed}", remedy=f"Possible now: {able}.")
    if deed == "keep":
        return replace(steering, kept=True)
    if deed == "start":
        return replace(steering, kept=True, writing=True)
    if deed == "pause":
        seconds = steering.auto_resume_seconds
        return replace(
            steering,
            writing=False,
            pauses=(*steering.pauses, Pause(starts_at=at)),
            resumes_at=at + timedelta(seconds=seconds) if seconds else None,
        )
    last = steering.pauses[-1]
    ended = replace(last, ends_at=max(at, last.starts_at))
    return replace(steering, writing=True, pauses=(*steering.pauses[:-1], ended), resumes_at=None)


def _by_consent(steering: Steering, deed: Deed, *, at: datetime) -> Steering:
    now = state(steering)
    if now == "off" or (now == "stopped") != (deed == "permit"):
        raise DeedRefused(f"a call that is {now} cannot {deed}", remedy="Nothing has to be done.")
    if deed == "permit":
        return replace(steering, stopped=False)
    pauses = (*steering.pauses, Pause(starts_at=at)) if steering.writing else steering.pauses
    return replace(steering, writing=False, pauses=pauses, resumes_at=None, stopped=True)
