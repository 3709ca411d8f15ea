"""The end of a contract in words and as a line of time, for the consoles and the public page."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _t

from parley.lifecycle import api as lifecycle

WIDTH: Final = 1000.0
_MARGIN: Final = 20.0
_SAME: Final = 8.0
_CLOSE: Final = 130.0
"""Pins that are nearer than this put their words on different lines."""

PHASES: Final[Mapping[str, tuple[Any, Any]]] = {
    "running": (_t("Contract runs"), _t("Everything works. The end is announced.")),
    "renewable": (_t("May be renewed"), _t("Nothing is touched. Renew, and all goes on as if nothing had happened.")),
    "accessible": (_t("Accessible"), _t("Nothing new is collected. You read and export your data in the console.")),
    "returnable": (
        _t("Closed, exports on request"),
        _t("The console is closed and live data destroyed. A sealed backup is kept; an export is made from it."),
    ),
    "kept": (
        _t("Closed, backup kept"),
        _t("The console is closed and live data destroyed. A sealed backup waits for its destruction."),
    ),
    "destruction": (
        _t("Destruction"),
        _t("Keys first, then backups and packages; then absence is looked for, place by place."),
    ),
    "gone": (_t("Nothing is left"), _t("The certificate of deletion says what was destroyed when.")),
}
STEPS: Final[Mapping[str, Any]] = {
    "notice": _t("Told the dates by e-mail"),
    "close": _t("Service closed: sign-in, trunks, collection"),
    "isolate": _t("Set apart what a law obliges the provider to keep"),
    "backup": _t("Last sealed backup taken and opened once"),
    "live": _t("Live database, roles and objects destroyed"),
    "keys": _t("Keys destroyed"),
    "copies": _t("Backups and returned packages destroyed"),
    "leftovers": _t("Provider's own tables cleared"),
    "verify": _t("Absence verified"),
    "certificate": _t("Certificate entered into the log"),
    "hand-over": _t("Certificate handed over"),
    "support": _t("Support data deleted"),
    "forget": _t("Addresses, letters and link deleted"),
}
STATES: Final[Mapping[str, tuple[Any, str]]] = {
    "ended": (_t("ends"), "due"),
    "blocked": (_t("closed, backup kept"), "due"),
    "destroyed": (_t("destroyed"), "kept"),
    "certified": (_t("certified"), "kept"),
    "cancelled": (_t("renewed"), "idle"),
}
CHANNELS: Final[Mapping[str, Any]] = {
    "page": _t("on this page"),
    "console": _t("in the console"),
    "e-mail": _t("by e-mail"),
    "reseller": _t("by e-mail of the reseller"),
    "choice": _t("chosen with the end"),
}
RETURNS: Final[Mapping[str, tuple[Any, str]]] = {
    "asked": (_t("being made"), "due"),
    "ready": (_t("ready"), "kept"),
    "expired": (_t("destroyed"), "idle"),
    "failed": (_t("failed"), "late"),
}
PURPOSES: Final[Mapping[str, Any]] = {
    "csv": _t("database as CSV"),
    "json": _t("database as JSON lines"),
    "pdf": _t("documents as PDF"),
    "tiff": _t("faxes as TIFF"),
    "mp3": _t("audio as MP3"),
    "wav": _t("audio as WAV"),
    "opus": _t("audio as Opus"),
    "age": _t("sealed originals"),
}


def drawn(line: lifecycle.Timeline, *, now: datetime) -> dict[str, Any]:
    """The phases as segments and pins of a drawing, with today, and as lines of a list."""
    shown = [one for one in line.phases if one.key != "running"]
    last = shown[-1].starts
    whole = max(last - line.ends_at, timedelta(hours=1))
    begins, ends = line.ends_at - whole / 10, last + whole / 8
    per = (WIDTH - 2 * _MARGIN) / (ends - begins).total_seconds()

    def x(moment: datetime) -> float:
        inside = min(max(moment, begins), ends)
        return round(_MARGIN + (inside - begins).total_seconds() * per, 1)

    segments = [
        {
            "look": one.key,
            "x": x(one.starts),
            "width": max(1.0, round(x(one.ends or ends) - x(one.starts), 1)),
            "name": PHASES[one.key][0],
        }
        for one in shown
    ]
    return {
        "segments": [{"look": "running", "x": x(begins), "width": x(line.ends_at) - x(begins),
                      "name": PHASES["running"][0]}, *segments],
        "pins": _pins(shown, x),
        "today": x(now),
        "lines": [_line(one, now) for one in line.phases if one.key != "running" or now < line.ends_at],
        "zone": line.zone,
    }  # fmt: skip


def _pins(shown: list[lifecycle.Phase], x: Any) -> list[dict[str, Any]]:
    """A pin where each phase begins; the words of near ones are on different lines."""
    pins: list[dict[str, Any]] = []
    for one in shown:
        at, row = x(one.starts), 0
        if pins and at - pins[-1]["x"] < _SAME and one.clause == pins[-1]["clause"]:
            continue
        while row < 2 and any(abs(at - other["x"]) < _CLOSE and other["row"] == row for other in pins):
            row += 1
        side = "end" if at > WIDTH - _CLOSE else "start"
        pins.append({"x": at, "row": row, "top": 12 + 15 * row, "side": side, "clause": one.clause, "at": one.starts})
    return pins


def _line(one: lifecycle.Phase, now: datetime) -> dict[str, Any]:
    name, meaning = PHASES[one.key]
    return {
        "name": name, "meaning": meaning, "clause": one.clause, "ours": one.ours, "look": one.key,
        "state": one.at(now), "starts": None if one.key == "running" else one.starts, "ends": one.ends,
    }  # fmt: skip


def told(view: lifecycle.DepartureView, *, now: datetime) -> dict[str, Any]:
    """What every page about a departure shows."""
    word, shape = STATES[view.state]
    certificate = lifecycle.certificate(view.id) if view.state == "certified" else None
    newest = view.statements[-1] if view.statements else None
    gone, remains = (newest.gone, newest.remains) if newest else ((), ())
    if certificate is not None:
        said = json.loads(certificate.document)
        gone, remains = said["destroyed"], said["remains"]
    return {
        "departure": view,
        "state": word,
        "shape": shape,
        "line": drawn(view.timeline, now=now),
        "steps": [{"view": one, "name": STEPS[one.step]} for one in view.steps],
        "returns": [return_line(one, now=now) for one in view.returns],
        "certificate": certificate,
        "remains": [{**one, "until_at": _at(one.get("until"))} for one in remains],
        "gone": [{**one, "when": _at(one["at"])} for one in gone],
        "may_export": view.state == "blocked" and now < view.may_export_until,
        "making": any(one.state == "asked" for one in view.returns),
        "formats": [PURPOSES.get(one, one) for one in view.formats],
        "next_step": STEPS.get(view.next_step, ""),
        "work": work_of(view, now=now),
    }


def return_line(one: lifecycle.ReturnView, *, now: datetime) -> dict[str, Any]:
    """One export, with how far it is while it is made."""
    word, shape = RETURNS[one.state]
    live = one.state == "ready" and one.expires_at is not None and now < one.expires_at
    return {
        "view": one, "state": word, "shape": shape, "channel": CHANNELS[one.channel], "live": live,
        "progress": lifecycle.progress(one.progress_key) if one.state == "asked" else None,
    }  # fmt: skip


def work_of(view: lifecycle.DepartureView, *, now: datetime) -> Any:
    """How far the step that is under way has come, None when none is."""
    if not view.progress_key or view.next_at is None or view.next_at > now:
        return None
    return lifecycle.progress(view.progress_key)


def _at(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None
