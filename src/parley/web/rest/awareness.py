"""What the parties of a call know and agree to: recording indication and consent, as somebody said them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from parley.agreement.api import FIND_RECORDINGS
from parley.recordings import api as recordings
from parley.web import gate
from parley.web.place import inside
from parley.web.rest.description import answers
from parley.web.rest.scopes import Scope

router = Router(tags=["recordings"])


class ToldOut(Schema):
    """One thing that was said. `how` it is known: a policy says so; a header of the INVITE or an extension of its
    metadata; a person at a page, or a program; `by` is then a user's id."""

    about: Literal["notice", "consent"]
    value: Literal["none", "tone", "announcement", "not-asked", "asked", "given", "refused", "withdrawn"]
    how: Literal["policy", "header", "extension", "page", "program"]
    at: datetime
    by: UUID | None


class AwarenessOut(Schema):
    """What policy wants for a call, what was said of it in order, and the last word: what was played to the parties
    (null: nobody knows), and consent."""

    notice_wanted: Literal["none", "tone", "announcement"]
    consent_rule: Literal["not-needed", "wanted", "needed"]
    notice: Literal["none", "tone", "announcement"] | None
    consent: Literal["not-asked", "asked", "given", "refused", "withdrawn"]
    told: list[ToldOut]


class ConsentSaid(Schema):
    """What was said of consent."""

    consent: Literal["asked", "given", "refused", "withdrawn"]


class NoticeSaid(Schema):
    """What was played, or said, to the parties; Parley plays nothing itself."""

    notice: Literal["tone", "announcement"]


@router.get(
    "/recordings/{uuid:recording_id}/awareness",
    response=answers(AwarenessOut, 404, 422),
    url_name="awareness",
    summary="Announcement and consent of a call",
    auth=Scope("recordings:read"),
)
def get_awareness(request: HttpRequest, recording_id: UUID) -> AwarenessOut:
    """Of a recording, and of a call that runs: they have the same id."""
    gate.ask(FIND_RECORDINGS, now=timezone.now())
    return _out(recordings.awareness_of(inside(request).viewer, recording_id))


@router.post(
    "/recordings/{uuid:recording_id}/consent",
    response=answers(AwarenessOut, 404, 409, 422),
    summary="Say what became of consent",
    auth=Scope("live:control"),
)
def say_consent(request: HttpRequest, recording_id: UUID, said: ConsentSaid) -> AwarenessOut:
    """While the call runs, `refused` and `withdrawn` stop it within a second: nothing more is written, and nobody
    resumes it before consent is `given`. 409: it does not follow what was said before."""
    here = inside(request)
    return _out(
        recordings.say_consent(
            here.viewer, recording_id, said.consent, how="program", by=here.person.id, at=timezone.now()
        )
    )


@router.post(
    "/recordings/{uuid:recording_id}/notice",
    response=answers(AwarenessOut, 404, 409, 422),
    summary="Say what the parties were told",
    auth=Scope("live:control"),
)
def say_notice(request: HttpRequest, recording_id: UUID, said: NoticeSaid) -> AwarenessOut:
    """While the call runs, or of its recording."""
    here = inside(request)
    return _out(
        recordings.say_notice(
            here.viewer, recording_id, said.notice, how="program", by=here.person.id, at=timezone.now()
        )
    )


def _out(known: recordings.Awareness) -> AwarenessOut:
    return AwarenessOut(
        notice_wanted=known.notice_wanted, consent_rule=known.consent_rule, consent=known.consent,
        notice=known.notice,
        told=[ToldOut(about=one.about, value=one.value, how=one.how, at=one.at, by=one.by) for one in known.told],
    )  # fmt: skip
