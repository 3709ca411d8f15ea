"""What recordings hold about people: voices, who spoke with whom, when."""

from dataclasses import replace

from parley.agreement.api import CALL_RECORDING
from parley.inventory.api import Counted, NotPersonal, PersonalData

_PURPOSE = "essential.service"

DECLARATIONS = (
    PersonalData(
        model="recordings.Part", field="object_key", category="user.user_sensor", subject="call_party",
        purpose=_PURPOSE, retention="with-recording", find_by="recording", export="file", erase="delete-object",
    ),
    PersonalData(
        model="recordings.Rendition", field="object_key", category="user.user_sensor", subject="call_party",
        purpose=_PURPOSE, retention="with-recording", find_by="recording", export="file", erase="delete-object",
    ),
    PersonalData(
        model="recordings.Recording", field="sealed", category="user.contact.phone_number", subject="call_party",
        purpose=_PURPOSE, retention="with-recording", find_by="number-index", export="unsealed", erase="delete-row",
    ),
    PersonalData(
        model="recordings.Recording",
        field=("started_at", "ended_at", "sound_starts_at", "seconds", "listed_at", "direction", "conversation"),
        category="user.behavior", subject="call_party", purpose=_PURPOSE, retention="with-recording",
        find_by="number-index", export="value", erase="delete-row",
    ),
    PersonalData(
        model="recordings.Recording",
        field=("streams", "received", "gaps", "on_hold", "quality", "steering", "told", "consent", "notice"),
        category="user.telemetry", subject="call_party", purpose=_PURPOSE, retention="with-recording",
        find_by="number-index", export="value", erase="delete-row",
    ),
    PersonalData(
        model="recordings.NumberIndex", field=("recording", "value", "listed_at", "listed_id"),
        category="user.contact.phone_number",
        subject="call_party", purpose=_PURPOSE, retention="with-recording", find_by="number-index", export="withheld",
        erase="with-parent",
    ),
    PersonalData(
        model="recordings.Conversation", field=("index", "started_at"), category="user.behavior",
        subject="call_party", purpose=_PURPOSE, retention="with-recording", find_by="conversation-index",
        export="withheld", erase="delete-row",
    ),
    PersonalData(
        model="recordings.Note", field=("sealed", "moment_ms", "instant"), category="user.behavior",
        subject="call_party", purpose=_PURPOSE, retention="with-recording", find_by="recording", export="unsealed",
        erase="with-parent",
    ),
    PersonalData(
        model="recordings.Tag", field=("value", "sealed", "moment_ms", "instant", "listed_at", "listed_id"),
        category="user.behavior", subject="call_party", purpose=_PURPOSE, retention="with-recording",
        find_by="recording", export="unsealed", erase="with-parent",
    ),
    *(
        PersonalData(
            model=f"recordings.{model}", field=("by", "at"), category="user.unique_id", subject="employee",
            purpose=_PURPOSE, retention="with-recording", find_by="user-id", export="value", erase="with-parent",
        )
        for model in ("Note", "Tag", "LiveRemark")
    ),
    PersonalData(
        model="recordings.LiveTold", field=("told", "at"), category="user.behavior", subject="call_party",
        purpose=_PURPOSE, retention="live", find_by="recording", export="value", erase="expire",
    ),
    PersonalData(
        model="recordings.LiveRemark", field=("value", "words", "sealed", "instant"), category="user.behavior",
        subject="call_party", purpose=_PURPOSE, retention="live", find_by="recording", export="withheld",
        erase="expire",
    ),
    PersonalData(
        model="recordings.ListeningReason", field=("by", "at", "code", "sealed"), category="user.behavior",
        subject="employee", purpose=_PURPOSE, retention="with-recording", find_by="user-id", export="withheld",
        erase="with-parent",
    ),
    PersonalData(
        model="recordings.BulkDeed", field=("by", "at"), category="user.unique_id", subject="employee",
        purpose=_PURPOSE, retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="recordings.CallWish", field=("by", "at"), category="user.unique_id", subject="employee",
        purpose=_PURPOSE, retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="recordings.Resealing", field=("by", "at"), category="user.unique_id", subject="employee",
        purpose=_PURPOSE, retention="with-customer", find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="recordings.RecordingPolicy", field=("users", "number_indexes", "match", "name"),
        category="user.contact.phone_number", subject="employee", purpose=_PURPOSE, retention="with-customer",
        find_by="user-id", export="value", erase="blank",
    ),
    PersonalData(
        model="recordings.Alarm", field=("acknowledged_at", "acknowledged_by"), category="user.unique_id",
        subject="employee", purpose=_PURPOSE, retention="with-customer", find_by="user-id", export="value",
        erase="blank",
    ),
    PersonalData(
        model="recordings.WordIndex", field=("recording", "value", "listed_at", "listed_id"),
        category="user.name", subject="call_party", purpose=_PURPOSE, retention="with-recording",
        find_by="recording", export="withheld", erase="with-parent",
    ),
    PersonalData(
        model="recordings.LiveCall", field=("sealed", "number_indexes"), category="user.contact.phone_number",
        subject="call_party", purpose=_PURPOSE, retention="live", find_by="number-index", export="unsealed",
        erase="expire",
    ),
    PersonalData(
        model="recordings.LiveCall",
        field=(
            "started_at", "direction", "streams", "packets", "bytes", "on_hold", "state", "resumes_at", "over_at",
            "steering",
        ),
        category="user.behavior", subject="call_party", purpose=_PURPOSE, retention="live", find_by="number-index",
        export="value", erase="expire",
    ),
    NotPersonal(
        model="recordings.SealingEpoch", field=("id", "wrapped", "under"),
        why="a wrapped key; it opens nothing by itself",
    ),
    NotPersonal(model="recordings.Conversation", field="id", why="a random identifier"),
    NotPersonal(
        model="recordings.Recording",
        field=(
            "id", "trunk_id", "trunk_name", "epoch", "agreement", "agreement_version", "clause", "purpose", "decision",
            "reason", "evidence_id", "rendition", "rendition_error",
        ),
        why="identifiers, and the terms under which it was recorded: they say nothing about who spoke",
    ),
    NotPersonal(
        model="recordings.Part", field=("id", "recording", "number", "name", "kind", "size", "sha256"),
        why="identifiers, sizes and hashes of sealed files",
    ),
    NotPersonal(
        model="recordings.Rendition",
        field=("id", "recording", "kind", "media_type", "size", "sha256", "evidence_id"),
        why="identifiers, sizes and hashes of sealed files",
    ),
    NotPersonal(model="recordings.NumberIndex", field="id", why="a serial number"),
    NotPersonal(model="recordings.ListeningReason", field=("id", "recording", "epoch"), why="identifiers"),
    NotPersonal(model="recordings.ListeningRule", field=("id", "rule", "by", "at"), why="a rule, and who set it"),
    NotPersonal(model="recordings.Note", field=("id", "recording", "epoch"), why="identifiers"),
    NotPersonal(model="recordings.Tag", field=("id", "recording", "epoch"), why="identifiers"),
    NotPersonal(model="recordings.LiveTold", field=("id", "recording_id"), why="identifiers"),
    NotPersonal(model="recordings.LiveRemark", field=("id", "recording_id", "epoch"), why="identifiers"),
    NotPersonal(
        model="recordings.BulkDeed",
        field=("id", "key", "deed", "recordings", "value", "epoch", "sealed", "done", "kept", "finished_at"),
        why="identifiers, counts, a word that recordings are filed under",
    ),
    NotPersonal(model="recordings.WordIndex", field=("id", "note"), why="identifiers"),
    NotPersonal(
        model="recordings.Resealed", field=("recording", "times", "renditions", "under", "at"),
        why="identifiers and counts of what was done to sealed files",
    ),
    NotPersonal(
        model="recordings.Resealing",
        field=("id", "under", "total", "done", "refused", "after_at", "after_id", "finished_at", "stopped"),
        why="identifiers, counts, a place in the list",
    ),
    NotPersonal(
        model="recordings.CallWish", field=("id", "recording_id", "deed", "done_at", "answer"),
        why="identifiers, one of six words, what the recorder answered",
    ),
    NotPersonal(
        model="recordings.RecordingPolicy",
        field=(
            "id", "position", "mode", "groups", "sampling", "announced", "announced_name", "refuse",
            "auto_resume_seconds", "notice", "consent",
        ),
        why="a rule of the organisation",
    ),
    NotPersonal(
        model="recordings.Alarm",
        field=(
            "id", "key", "cause", "recording_id", "trunk_id", "trunk_name", "clause", "raised_at", "last_at", "calls",
            "evidence_id", "cleared_at",
        ),
        why="identifiers, causes and counts: they say nothing about who spoke",
    ),
    NotPersonal(
        model="recordings.LiveCall", field=("recording_id", "seen_at", "trunk_name", "epoch_id", "wrapped", "mode"),
        why="identifiers, the recorder's clock, a wrapped key",
    ),
)  # fmt: skip

_RECORDING = Counted(
    model="recordings.Recording", offering=CALL_RECORDING, unit="recording", who="number", person="numbers__value",
    starts="started_at", ends="ended_at",
)  # fmt: skip
_OF_RECORDING = replace(
    _RECORDING, record="recording_id", person="recording__numbers__value", starts="recording__started_at",
    ends="recording__ended_at",
)  # fmt: skip

CENSUS = (
    _RECORDING,
    replace(_OF_RECORDING, model="recordings.Part"),
    replace(_OF_RECORDING, model="recordings.Rendition"),
    replace(_OF_RECORDING, model="recordings.NumberIndex", person="value"),
    replace(_OF_RECORDING, model="recordings.Note"),
    replace(_OF_RECORDING, model="recordings.Tag"),
    replace(_OF_RECORDING, model="recordings.ListeningReason"),
    replace(_OF_RECORDING, model="recordings.WordIndex"),
    replace(
        _RECORDING, model="recordings.Conversation", record="segments__id", person="segments__numbers__value",
        starts="segments__started_at", ends="segments__ended_at",
    ),
    replace(_RECORDING, model="recordings.LiveCall", person="number_indexes", many=True, ends="seen_at"),
)  # fmt: skip
