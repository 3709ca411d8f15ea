"""One recording: who, why, what was heard, and the proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from parley.agreement import api as agreements
from parley.contacts import api as contacts
from parley.governance.contract import api as contract
from parley.recordings import api as recordings
from parley.web import gate, retention_words, rules
from parley.web.console import awareness
from parley.web.console.evidence import evidence_panel
from parley.web.console.listening import asked
from parley.web.console.policies import decided
from parley.web.console.recording_player import (
    BadMoment,
    clock,
    file_stem,
    moment_of,
    playable,
    remarks,
    segments,
    stretches,
)
from parley.web.console.recordings import known_callers
from parley.web.place import inside

REMOVALS: Final = {"remove-note": recordings.remove_note, "remove-tag": recordings.remove_tag}
_DOWNLOADS: Final = (("mp3", "MP3", "mp3"), ("wav", "WAV", "wav"), ("opus", "Opus", "wav"))
"""What the page offers: form, its name, and the rendition that it is made of."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of what happened in a call."""

    at: datetime
    what: str
    gap: bool = False


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A party as the player and the title show it."""

    name: str
    shown: str

    @property
    def label(self) -> str:
        return self.name or self.shown


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that the page offers."""

    url: str
    word: str
    name: str


@require_GET
def recording(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """One recording: who, why, what was heard, and the proof."""
    return shown(request, recording_id)


@require_http_methods(["GET", "POST"])
def remark(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Keeps a note or a tag, at a moment or on the whole, or takes one away; leads back to the page."""
    if request.method == "GET":
        return shown(request, recording_id)
    here, now = inside(request), timezone.now()
    said, deed = request.POST, request.POST.get("deed", "")
    try:
        if deed == "note":
            moment = moment_of(said.get("moment", ""))
            recordings.add_note(
                here.viewer, recording_id, moment_ms=moment, text=said.get("text", ""), by=here.person.id, at=now
            )
        elif deed == "tag":
            moment = moment_of(said.get("moment", ""))
            recordings.add_tag(
                here.viewer, recording_id, tag=said.get("text", ""), moment_ms=moment, by=here.person.id, at=now
            )
        elif deed in REMOVALS:
            REMOVALS[deed](here.viewer, UUID(said.get("one", "")), by=here.person.id, at=now)
    except (recordings.AnnotationRefused, BadMoment) as error:
        return shown(request, recording_id, wrong=f"{str(error.args[0]).capitalize()}. {error.remedy}")
    except ValueError:
        return shown(request, recording_id, wrong=_("This note or tag is gone already."))
    return HttpResponseRedirect(reverse("recording", args=[recording_id]) + "#remarks")


@require_http_methods(["GET", "POST"])
def say(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Keeps what was said of announcement or consent; leads back to the page of the call that runs, or of its
    recording."""
    here, now = inside(request), timezone.now()
    gate.ask(agreements.FIND_RECORDINGS, now=now)
    recordings.awareness_of(here.viewer, recording_id)
    stored = _stored(here.viewer, recording_id)
    if request.method == "GET" and stored:
        return shown(request, recording_id)
    wrong, consent, notice = False, request.POST.get("consent", ""), request.POST.get("notice", "")
    try:
        if consent in recordings.CONSENTS:
            recordings.say_consent(here.viewer, recording_id, consent, how="page", by=here.person.id, at=now)
        elif notice in recordings.NOTICES:
            recordings.say_notice(here.viewer, recording_id, notice, how="page", by=here.person.id, at=now)
    except recordings.ToldRefused:
        wrong = True
    page = reverse("recording" if stored else "live-call", args=[recording_id])
    return HttpResponseRedirect(page + ("?told=no" if wrong else "") + "#awareness")


def _stored(viewer: recordings.Viewer, recording_id: UUID) -> bool:
    """Whether the call has become a recording that this viewer sees."""
    try:
        recordings.notes(viewer, recording_id)
    except recordings.NoSuchRecording:
        return False
    return True


def shown(request: HttpRequest, recording_id: UUID, *, wrong: str = "") -> HttpResponse:
    """The page; `wrong` says why a note or a tag was not kept."""
    here = inside(request)
    gate.ask(agreements.FIND_RECORDINGS, now=timezone.now())
    found = recordings.get(here.viewer, recording_id)
    agreement = contract.binding().agreement
    word, meaning = rules.CUSTODY[here.customer.custody]
    stay = retention_words.stay(retention_words.held(found), by=here.person.id, at=timezone.now())
    known = known_callers(here, [found.caller, found.callee])
    can_play = playable(found) and not stay.resting
    context = {
        "here": "recordings",
        "recording": found,
        "caller": _shown(found.caller, known),
        "callee": _shown(found.callee, known),
        "known": known,
        "playable": can_play,
        "policy": decided(found.steering) if found.steering else "",
        "segments": segments(here.viewer, found) if can_play else [],
        "stretches": stretches(found),
        "duration": f"{found.seconds:.3f}",
        "clock": clock(found.seconds),
        "downloads": _downloads(found) if here.viewer.may_download and not stay.resting else [],
        "parts": _parts(found) if here.viewer.may_download else [],
        "open_command": _open_command(found),
        "story": _story(found),
        "streams": _streams(found),
        "clause": agreement.clauses.get(found.decision.clause),
        "retention": stay,
        "custody": {"key": here.customer.custody, "word": word, "meaning": meaning},
        "asked": asked(here, recording_id, now=timezone.now()) if can_play else None,
        "subject": recording_id,
        "awareness": awareness.shown(found.awareness),
        "told_refused": request.GET.get("told") == "no",
        "remarks": remarks(here.viewer, recording_id),
        "known_tags": recordings.known_tags(here.viewer),
        "wrong": wrong,
        "values": request.POST,
        **evidence_panel(found.evidence_id),
        "resealed_url": reverse("entry", args=[found.original_evidence_id]),
    }
    return render(request, "web/console/recording.html", context, status=400 if wrong else 200)


def _shown(party: recordings.Party | None, known: Mapping[str, contacts.ContactLine]) -> Shown:
    if party is None:
        return Shown(name="", shown=_("unknown"))
    line = known.get(party.number or "")
    return Shown(name=(line.name if line else "") or party.name, shown=rules.phone_words(party.number or party.aor))


def _downloads(found: recordings.RecordingView) -> list[Download]:
    if found.rendition != "ready":
        return []
    return [
        Download(
            url=reverse("rest:media", args=[found.recording_id, kind]),
            word=word,
            name=f"{file_stem(found)}.{kind}",
        )
        for kind, word, stored in _DOWNLOADS
        if stored in found.renditions
    ]


def _parts(found: recordings.RecordingView) -> list[dict[str, Any]]:
    return [
        {
            "url": reverse("rest:part", args=[found.recording_id, part.name]),
            "file": f"{file_stem(found)}-{part.name}",
            "name": part.name,
            "size": part.size,
            "sha256": part.sha256,
        }
        for part in found.parts
    ]


def _open_command(found: recordings.RecordingView) -> str:
    files = " ".join(part["file"] for part in _parts(found))
    return f"parley open {files} --identity YOUR-KEY.txt"


def _story(found: recordings.RecordingView) -> list[Event]:
    """Start, interruptions and end, in order."""
    events = [Event(at=found.started_at, what=_("Recording begins"))]
    for one in stretches(found):
        seconds = (one.ends_at - one.starts_at).total_seconds()
        what = _("%(what)s (%(seconds)s s)") % {"what": one.words, "seconds": f"{seconds:.1f}"}
        events.append(Event(at=one.starts_at, what=what, gap=True))
    events += [
        Event(at=one.at, what=awareness.told_words(one)) for one in found.awareness.told if one.at <= found.ended_at
    ]
    events.append(
        Event(at=found.ended_at, what=_("Recording ends: %(why)s") % {"why": rules.ending_words(found.reason)})
    )
    files = ngettext("%(n)d sealed file stored", "%(n)d sealed files stored", len(found.parts)) % {
        "n": len(found.parts)
    }
    return [*sorted(events, key=lambda event: event.at), Event(at=found.ended_at, what=files)]


def _streams(found: recordings.RecordingView) -> list[dict[str, Any]]:
    sides = {"caller": _("caller"), "callee": _("called"), "other": _("other")}
    received = {stream.port: stream for stream in found.received}
    rows = []
    for stream in found.streams:
        counted = received.get(stream.port)
        rows.append(
            {
                "side": sides[stream.side],
                "codec": rules.codec_words(stream.codec),
                "packets": counted.packets if counted else 0,
                "lost": counted.lost if counted else 0,
                "duplicates": counted.duplicates if counted else 0,
            }
        )
    return rows
