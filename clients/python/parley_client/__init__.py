"""Parley's programming interface, for Python 3.11 and later, on the standard library alone.

    from parley_client import Parley

    parley = Parley("https://parley.example/c/acme/", token="parley_...")
    for recording in parley.list_recordings(limit=10)["items"]:
        print(recording["started_at"], recording["seconds"])

Written by clients/generate.py from the interface's description: change nothing here. Times are text in RFC 3339.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, cast


class ParleyProblem(Exception):
    """A refusal or a failure (RFC 9457). `error_id` is stable; `retry_after` is in seconds, where the server said."""

    def __init__(self, status: int, error_id: str, detail: str, retry_after: int | None) -> None:
        super().__init__(f"{status} {error_id}: {detail}")
        self.status, self.error_id, self.detail, self.retry_after = status, error_id, detail, retry_after


class Connection:
    """One customer's interface: `console` is the address of its console, `token` one of its API tokens."""

    def __init__(self, console: str, *, token: str, seconds: float = 30.0) -> None:
        if urllib.parse.urlsplit(console).scheme not in ("http", "https"):
            raise ValueError("the console's address begins with https://")
        self._base = console.rstrip("/") + "/api/v1"
        self._token, self._seconds = token, seconds

    def send(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None) -> bytes:
        """The body of the answer. Raises ParleyProblem, and OSError when the server is away."""
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        text = urllib.parse.urlencode(asked, doseq=True)
        address = f"{self._base}{path}{'?' if text else ''}{text}"
        request = urllib.request.Request(address, method=method)  # noqa: S310 - the scheme was checked when it was made
        request.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=self._seconds) as answer:  # noqa: S310 - as above
                return cast(bytes, answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                raise _problem(refused) from None

    def json(self, method: str, path: str, **given: Any) -> Any:
        """As `send`, read as JSON."""
        return json.loads(self.send(method, path, **given))


def _problem(refused: urllib.error.HTTPError) -> ParleyProblem:
    try:
        told = json.loads(refused.read())
    except ValueError:
        told = {}
    wait = refused.headers.get("Retry-After", "")
    return ParleyProblem(
        refused.code,
        told.get("error_id", ""),
        told.get("detail", refused.reason),
        int(wait) if wait.isdigit() else None,
    )


def _quoted(part: object) -> str:
    return urllib.parse.quote(str(part), safe="")


class AccessLineOut(TypedDict):
    """What somebody sees, and why: `own` the calls that it took part in, `groups` by its level,
    `given_groups` and `given_people` besides; all calls where `level` is complete. `unused`: not signed in
    for 90 days."""

    id: str
    name: str
    email: str
    role: str
    level: str
    own: bool
    groups: list[str]
    given_groups: list[str]
    given_people: list[str]
    may_download: bool
    may_delete: bool
    last_sign_in: str | None
    unused: bool
    second_factor: bool


class AccessOut(TypedDict):
    """One page of open accounts by name; hand `next` back as `after`."""

    items: list[AccessLineOut]
    next: str | None


class AddressIn(TypedDict):
    """A postal address."""

    street: NotRequired[str]
    city: NotRequired[str]
    region: NotRequired[str]
    postcode: NotRequired[str]
    country: NotRequired[str]


class AddressOut(TypedDict):
    """A postal address."""

    street: str
    city: str
    region: str
    postcode: str
    country: str


class AlarmOut(TypedDict):
    """An alarm, `what` it is about in words; `calls` is how many it counts. It is over at `cleared_at`."""

    id: str
    cause: str
    what: str
    recording_id: str | None
    trunk_name: str
    clause: str
    raised_at: str
    last_at: str
    calls: int
    cleared_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    evidence_id: str


class AlarmsOut(TypedDict):
    """One page of alarms, newest first; hand `next` back as `before`."""

    items: list[AlarmOut]
    next: str | None


class AttemptOut(TypedDict):
    """One attempt: the receiver's status, or what happened instead."""

    number: int
    at: str
    status: int | None
    answer: str
    milliseconds: int


class AwarenessOut(TypedDict):
    """What policy wants for a call, what was said of it in order, and the last word: what was played to the
    parties (null: nobody knows), and consent."""

    notice_wanted: Literal["none", "tone", "announcement"]
    consent_rule: Literal["not-needed", "wanted", "needed"]
    notice: Literal["none", "tone", "announcement"] | None
    consent: Literal["not-asked", "asked", "given", "refused", "withdrawn"]
    told: list[ToldOut]


class BegunOut(TypedDict):
    """What became of the wish to delete: a deed that runs (`bulk`), or a request that somebody else
    decides."""

    bulk: BulkOut | None
    request: DeletionRequestOut | None


class BulkOut(TypedDict):
    """A deed with many recordings, done in the background: it is over when `finished_at` is set."""

    id: str
    deed: str
    at: str
    total: int
    done: int
    kept: dict[str, int]
    gone: int
    finished_at: str | None


class CallerOut(TypedDict):
    """Who calls: null for nobody that this person may see."""

    number: str
    contact: LineOut | None


class Cancelled(TypedDict):
    """That a request was taken back."""

    controller_id: str
    subject_request_id: str
    received_time: str
    api_version: str


class ChangedPolicy(TypedDict):
    """All of a policy anew, but for its place, and for its number where none is given: nobody can read that
    back."""

    name: str
    mode: Literal["always", "never", "on-demand", "keep-live"]
    users: NotRequired[list[str]]
    groups: NotRequired[list[str]]
    prefix: NotRequired[str]
    direction: NotRequired[Literal["", "inbound", "outbound", "internal", "unknown"]]
    trunk: NotRequired[str | None]
    days: NotRequired[list[int]]
    starts: NotRequired[str]
    ends: NotRequired[str]
    zone: NotRequired[str]
    sampling: NotRequired[int]
    announced: NotRequired[Literal["not-needed", "header", "extension"]]
    announced_name: NotRequired[str]
    refuse: NotRequired[bool]
    notice: NotRequired[Literal["none", "tone", "announcement"]]
    consent: NotRequired[Literal["not-needed", "wanted", "needed"]]
    auto_resume_seconds: NotRequired[int]
    number: NotRequired[str | None]


class ConsentSaid(TypedDict):
    """What was said of consent."""

    consent: Literal["asked", "given", "refused", "withdrawn"]


class ContactIn(TypedDict):
    """A contact, all of it: what is left out is empty. It needs a name, a company, a number or an e-mail
    address. `custom` has the customer's own fields by their keys, `citizenship` is ISO 3166 alpha-2; without
    `keep_until` the rule of retention says how long it stays."""

    directory: str
    given: NotRequired[str]
    family: NotRequired[str]
    company: NotRequired[str]
    title: NotRequired[str]
    department: NotRequired[str]
    numbers: NotRequired[list[NumberIn]]
    emails: NotRequired[list[str]]
    addresses: NotRequired[list[AddressIn]]
    birthday: NotRequired[str | None]
    notes: NotRequired[str]
    speed_dial: NotRequired[str]
    custom: NotRequired[dict[str, str]]
    purposes: NotRequired[list[str]]
    source: NotRequired[str]
    keep_until: NotRequired[str | None]
    minor: NotRequired[bool]
    citizenship: NotRequired[str]


class ContactOut(TypedDict):
    """Everything about one contact."""

    id: str
    directory: str
    sealed: bool
    name: str
    company: str
    title: str
    numbers: list[NumberOut]
    emails: list[str]
    created_at: str
    changed_at: str
    given: str
    family: str
    department: str
    addresses: list[AddressOut]
    birthday: str | None
    notes: str
    speed_dial: str
    custom: dict[str, str]
    purposes: list[str]
    source: str
    shared_with: list[str]
    keep_until: str | None
    minor: bool
    citizenship: str


class CountOut(TypedDict):
    """How many recordings a deed with all that match reaches, those of one conversation together. `beyond`:
    more than one deed may reach."""

    recordings: int
    beyond: bool


class DecisionOut(TypedDict):
    """Why the call was recorded."""

    agreement: str
    agreement_version: str
    clause: str
    purpose: str
    reason: str


class DeletedOut(TypedDict):
    """What a deletion removed: recordings and objects; the evidence of it."""

    deleted: int
    objects: int
    evidence_id: str | None


class DeletionOut(TypedDict):
    """A request to delete recordings. `why` is null where only the customer can open it. `mine`: whoever
    calls asked for it, may take it back and not approve it."""

    id: str
    state: Literal["waiting", "approved", "refused", "withdrawn", "expired"]
    why: str | None
    by: str
    mine: bool
    at: str
    expires_at: str
    decided_by: str | None
    decided_at: str | None
    recordings: int


class DeletionRequestOut(TypedDict):
    """A deletion that a second person has to approve; nothing was deleted yet. It is over at `expires_at`."""

    id: str
    state: str
    recordings: int
    expires_at: str


class DeletionsOut(TypedDict):
    """One page of requests; hand `next` back as `after`."""

    items: list[DeletionOut]
    next: str | None


class DeliveriesOut(TypedDict):
    """One page of deliveries, newest first; hand `next` back as `after`."""

    items: list[DeliveryOut]
    next: str | None


class DeliveryOut(TypedDict):
    """One event for this endpoint. `event` is the `webhook-id` that the receiver sees each time."""

    id: str
    event: str
    kind: str
    at: str
    data: dict[str, Any]
    state: str
    next_attempt: str | None
    done_at: str | None
    attempts: list[AttemptOut]


class DirectoryOut(TypedDict):
    """A directory; `may_change`: the caller adds, changes and deletes contacts in it."""

    id: str
    kind: str
    name: str
    may_change: bool


class Discovery(TypedDict):
    """What is supported."""

    api_version: str
    supported_identities: list[dict[str, str]]
    supported_subject_request_types: list[str]
    processor_certificate: str
    signature_algorithm: str


class EndedOut(TypedDict):
    """How many sessions ended."""

    ended: int


class EndpointIn(TypedDict):
    """An endpoint: https to a public address, or a place that the operator lists."""

    name: str
    url: str
    kinds: list[
        Literal[
            "recording.started",
            "recording.finished",
            "recording.failed",
            "recording.deleted",
            "recording.rectified",
            "recording.restricted",
            "recording.unrestricted",
            "contact.deleted",
            "contact.rectified",
            "contact.restricted",
            "contact.unrestricted",
            "alarm.raised",
        ]
    ]


class EndpointOut(TypedDict):
    """An endpoint. While it fails, nothing is sent before `next_try`; `waiting` deliveries are kept for
    it."""

    id: str
    name: str
    url: str
    kinds: list[str]
    state: str
    why_disabled: str
    created_at: str
    failing_since: str | None
    next_try: str | None
    waiting: int


class EntriesOut(TypedDict):
    """One page of the audit trail, newest first; hand `next` back as `before`."""

    items: list[EntryOut]
    next: str | None


class EntryOut(TypedDict):
    """An entry of the ledger; `number` is null until the sequencer has placed it, `details` once they are
    erased."""

    id: str
    number: int | None
    at: str
    kind: str
    clause: str
    details: dict[str, Any] | None
    evidence_url: str


class ErrorOut(TypedDict):
    """What went wrong: 'error' as the specification writes it, and our stable id."""

    error: dict[str, Any]
    error_id: str


class ExportOut(TypedDict):
    """An export. `link` leads to the package until it expires; whoever has it may fetch it."""

    id: str
    title: str
    what: str
    state: str
    formats: list[str]
    asked_at: str
    made_at: str | None
    expires_at: str | None
    records: int
    size: int
    sha256: str
    error: str
    link: str | None
    progress: ProgressOut | None


class ExportsOut(TypedDict):
    """One page of exports, newest first; hand `next` back as `before`."""

    items: list[ExportOut]
    next: str | None


class FieldKeyIn(TypedDict):
    """A new header around a key of fields, with its proof; as of a file."""

    id: str
    header: str
    proof: str


class FieldKeyOut(TypedDict):
    """A key of names, notes and tags of an hour: the age header around it, in base64; null where it is
    damaged."""

    id: str
    header: str | None


class FieldKeysOut(TypedDict):
    """The next of those `left`, wrapped to former keys."""

    left: int
    recipients: list[str]
    items: list[FieldKeyOut]


class FieldsResealedOut(TypedDict):
    """How many of these keys were wrapped anew, and how many are `left` altogether."""

    resealed: int
    left: int


class FormerOut(TypedDict):
    """`left` of the `total` recordings from before the newest rotation are sealed to former keys, and
    `fields_left` keys of names, notes and tags are wrapped to them. `recipients` are the present ones;
    compare them with your own before you seal to them. `next` asks for the page after this one, '' on the
    last."""

    total: int
    left: int
    fields_left: int
    recipients: list[str]
    items: list[HeldOut]
    next: str


class GroupFields(TypedDict):
    """A group, by its name: there is one of each."""

    name: str


class GroupOut(TypedDict):
    """A group: how many of its people have an open account, a closed one, and how many of the open ones see
    the calls of all. Who they are: `/people?group=`."""

    name: str
    id: str
    people: int
    closed: int
    supervisors: int


class HeaderIn(TypedDict):
    """A new header for a file, and the key of its MAC (HKDF-SHA-256 of the file key, no salt, 'header'),
    which shows that whoever wrote it had opened the old one. Both in base64."""

    name: str
    header: str
    proof: str


class HeaderOut(TypedDict):
    """The age header of a file of a sealed original, in base64; null where nothing was ever sealed in it, or
    where it is damaged. Of a tail it is the header around its frame key."""

    name: str
    kind: Literal["age", "tail"]
    header: str | None


class HeldOut(TypedDict):
    """A recording that is sealed to former keys."""

    id: str
    started_at: str
    files: list[HeaderOut]
    url: str


class HoldOut(TypedDict):
    """A hold. `records` are those it reaches by name."""

    id: str
    title: str
    ground: str
    law: str
    scope: str
    owner: str
    review_at: str
    placed_at: str
    records: int
    clause: str
    lifted_at: str | None
    lifted_because: str
    evidence_id: str


class InvitedOut(TypedDict):
    """Who was written to; the link is in the mail, and nowhere else."""

    id: str
    invited_at: str


class KeptSearchOut(TypedDict):
    """The id of a search that was kept."""

    id: str


class Lifted(TypedDict):
    """Why a hold is lifted."""

    reason: str


class LimitOut(TypedDict):
    """A shortest or longest time, and the clause or law that sets it."""

    amount: int
    unit: str
    by: str
    name: str


class LineOut(TypedDict):
    """A contact in a list; of a `sealed` one only the customer can say who it is."""

    id: str
    directory: str
    sealed: bool
    name: str
    company: str
    title: str
    numbers: list[NumberOut]
    emails: list[str]


class LinesOut(TypedDict):
    """One page of contacts; hand `next` back as `after`."""

    items: list[LineOut]
    next: str | None


class ListedOut(TypedDict):
    """A conversation in the list, with the worst quality of its segments: good, impaired, gaps, silent; and
    what was said of consent and is known of the announcement, of its segments what most asks to be looked at:
    given, asked, not-asked, withdrawn, refused; announcement, tone, not-known, none; empty where it is not
    wanted and nothing was said."""

    id: str
    conversation_id: str
    started_at: str
    ended_at: str
    seconds: float
    direction: str
    trunk_id: str
    trunk_name: str
    sealed: bool
    parties: list[PartyOut]
    segments: int
    reason: str
    rendition: str
    quality: str
    consent: str
    notice: str


class LiveOut(TypedDict):
    """A call that runs now. `mode` is what policy says of it. `state`: recording; buffered (written, and
    discarded at the end unless somebody keeps it); paused; dormant (not written until somebody starts it);
    off. A pause ends by itself at `resumes_at`. `stopped`: somebody does not consent."""

    id: str
    started_at: str
    seen_at: str
    direction: str
    trunk_name: str
    sealed: bool
    parties: list[PartyOut]
    packets: int
    bytes: int
    on_hold: bool
    mode: Literal["always", "never", "on-demand", "keep-live"]
    state: Literal["recording", "paused", "dormant", "buffered", "off", "stopped"]
    resumes_at: str | None


class MediaOut(TypedDict):
    """A playable copy; `sha256` is that of the stored, sealed object."""

    kind: str
    media_type: str
    size: int
    sha256: str
    url: str


class MemberOut(TypedDict):
    """The groups of a person, the main one included."""

    id: str
    main_group: str | None
    groups: list[str]


class Membership(TypedDict):
    """`main`: this is the person's main group from now on; without it, it keeps the one that it has."""

    main: NotRequired[bool]


class MoveOut(TypedDict):
    """A pass that moved originals and WAV files of recordings from before `started_before`; no `finished_at`
    while it runs. `kept` counts those that the warm store keeps by write-once."""

    began_at: str
    finished_at: str | None
    started_before: str
    recordings: int
    objects: int
    bytes: int
    kept: int
    evidence_url: str | None


class Moved(TypedDict):
    """Whether the policy changes places with the one before or after it."""

    to: Literal["up", "down"]


class Narrowed(TypedDict):
    """Which recordings: everything that is given must hold. Numbers, names, tags and notes are compared as
    blind indexes: whole numbers, whole words."""

    number: NotRequired[str | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]
    direction: NotRequired[Literal["inbound", "outbound", "internal", "unknown"] | None]
    trunk: NotRequired[str | None]
    participant: NotRequired[str | None]
    user: NotRequired[list[str]]
    group: NotRequired[list[str]]
    shortest: NotRequired[float | None]
    longest: NotRequired[float | None]
    tag: NotRequired[str | None]
    note: NotRequired[str | None]
    quality: NotRequired[list[Literal["good", "impaired", "gaps", "silent"]]]
    consent: NotRequired[list[Literal["not-asked", "asked", "given", "refused", "withdrawn"]]]
    notice: NotRequired[list[Literal["not-known", "none", "tone", "announcement"]]]


class NewDeletion(TypedDict):
    """The deletion of many recordings; `why` is needed where a second person decides."""

    recordings: NotRequired[list[str]]
    matching: NotRequired[Narrowed | None]
    count: NotRequired[int | None]
    key: NotRequired[str]
    why: NotRequired[str]


class NewExport(TypedDict):
    """What to export: everything, what concerns one person, a span of time, or recordings with all that
    proves them."""

    what: Literal["everything", "subject", "records", "discovery"]
    formats: list[Literal["csv", "json", "mp3", "wav", "opus", "vcon", "pcap", "age"]]
    title: NotRequired[str]
    person: NotRequired[str]
    redact_others: NotRequired[bool]
    since: NotRequired[str | None]
    until: NotRequired[str | None]
    key: NotRequired[str]


class NewHold(TypedDict):
    """A hold on all records of one person (`person`), or on recordings (`recordings`)."""

    title: str
    ground: str
    law: NotRequired[str]
    owner: str
    review_at: str
    person: NotRequired[str]
    recordings: NotRequired[list[str]]


class NewLiveNote(TypedDict):
    """A note on a call that runs, at a moment of it or on the `whole`."""

    text: str
    moment_ms: NotRequired[int | None]
    whole: NotRequired[bool]


class NewLiveTag(TypedDict):
    """A tag; `moment_ms` and `whole` as in a note."""

    tag: str
    moment_ms: NotRequired[int | None]
    whole: NotRequired[bool]


class NewNote(TypedDict):
    """A note; `moment_ms` is from the start of the recording, null on the whole."""

    text: str
    moment_ms: NotRequired[int | None]


class NewNumber(TypedDict):
    """What tells that a party of a call is this person: a public number, an extension, a name at the PBX."""

    kind: NotRequired[Literal["did", "extension", "pbx-name"]]
    value: str


class NewPerson(TypedDict):
    """Whom to invite; the first of `groups` is the main one. Without `invite` nobody is written to yet."""

    email: str
    name: str
    role: NotRequired[Literal["administrator", "compliance", "supervisor", "user"]]
    groups: NotRequired[list[str]]
    numbers: NotRequired[list[NewNumber]]
    invite: NotRequired[bool]


class NewPolicy(TypedDict):
    """A policy to add, as the last. Of `number`, one telephone number, only the blind index is kept."""

    name: str
    mode: Literal["always", "never", "on-demand", "keep-live"]
    users: NotRequired[list[str]]
    groups: NotRequired[list[str]]
    prefix: NotRequired[str]
    direction: NotRequired[Literal["", "inbound", "outbound", "internal", "unknown"]]
    trunk: NotRequired[str | None]
    days: NotRequired[list[int]]
    starts: NotRequired[str]
    ends: NotRequired[str]
    zone: NotRequired[str]
    sampling: NotRequired[int]
    announced: NotRequired[Literal["not-needed", "header", "extension"]]
    announced_name: NotRequired[str]
    refuse: NotRequired[bool]
    notice: NotRequired[Literal["none", "tone", "announcement"]]
    consent: NotRequired[Literal["not-needed", "wanted", "needed"]]
    auto_resume_seconds: NotRequired[int]
    number: NotRequired[str]
    key: NotRequired[str]


class NewRule(TypedDict):
    """A new rule, with the `count` that its preview told of it: where it would delete another number now:
    409."""

    amount: NotRequired[int | None]
    unit: NotRequired[Literal["days", "months", "years"] | None]
    count: int


class NewSearch(TypedDict):
    """A search to keep: `query` as the address of the list in the console has it,
    `number=%2B39...&direction=inbound`. Shared ones all colleagues see."""

    name: str
    query: str
    shared: NotRequired[bool]


class NewTag(TypedDict):
    """A tag; `moment_ms` as in a note."""

    tag: str
    moment_ms: NotRequired[int | None]


class NewTagging(TypedDict):
    """A tag for many recordings."""

    recordings: NotRequired[list[str]]
    matching: NotRequired[Narrowed | None]
    count: NotRequired[int | None]
    key: NotRequired[str]
    tag: str


class NoteOut(TypedDict):
    """What somebody wrote. `text` is null where only the customer can open it: then `sealed` and its key in
    `wrapped` (age) say it, both in base64."""

    id: str
    recording: str
    moment_ms: int | None
    text: str | None
    by: str
    at: str
    sealed: str | None
    wrapped: str | None


class NoticeSaid(TypedDict):
    """What was played, or said, to the parties; Parley plays nothing itself."""

    notice: Literal["tone", "announcement"]


class NumberIn(TypedDict):
    """A telephone number, best in E.164; without its country it is one of the customer's trunks' country."""

    value: str
    kind: NotRequired[Literal["work", "mobile", "home", "fax", "extension", "other"]]


class NumberOut(TypedDict):
    """A telephone number, in E.164 or bare."""

    value: str
    kind: str


class OneDeletionOut(TypedDict):
    """A request with the recordings that it names; `kept`: how many would stay if it were approved now, by
    why; `bulk`: how far the deletion is, once it was approved."""

    id: str
    state: Literal["waiting", "approved", "refused", "withdrawn", "expired"]
    why: str | None
    by: str
    mine: bool
    at: str
    expires_at: str
    decided_by: str | None
    decided_at: str | None
    recordings: int
    records: list[str]
    kept: dict[str, int]
    bulk: BulkOut | None


class PartOut(TypedDict):
    """A file of the sealed original."""

    name: str
    kind: str
    size: int
    sha256: str
    url: str


class PartyOut(TypedDict):
    """A participant of a call."""

    role: str
    name: str
    number: str
    aor: str


class PeopleOut(TypedDict):
    """One page of people by name; hand `next` back as `after`. `total` counts all that match."""

    items: list[PersonLineOut]
    next: str | None
    total: int


class PersonFields(TypedDict):
    """A person, all of it. `level`: whose calls it sees (its own, those of its groups, all; administrators
    and compliance officers see all), besides those of `sees_groups` and `sees_people`. `may_download` and
    `may_delete`: what it may beyond its level and role. `groups` include the main one."""

    name: str
    role: Literal["administrator", "compliance", "supervisor", "user"]
    level: Literal["own", "group", "complete"]
    may_download: bool
    may_delete: bool
    active: bool
    main_group: str | None
    groups: list[str]
    sees_groups: list[str]
    sees_people: list[str]


class PersonLineOut(TypedDict):
    """A person in a list; `second_factor` is whether there is one."""

    id: str
    name: str
    email: str
    role: str
    level: str
    active: bool
    second_factor: bool
    last_sign_in: str | None
    created_at: str


class PersonOut(TypedDict):
    """A person as it stands."""

    name: str
    role: Literal["administrator", "compliance", "supervisor", "user"]
    level: Literal["own", "group", "complete"]
    may_download: bool
    may_delete: bool
    active: bool
    main_group: str | None
    groups: list[str]
    sees_groups: list[str]
    sees_people: list[str]
    id: str
    email: str
    second_factor: bool
    last_sign_in: str | None
    created_at: str
    numbers: list[UserNumberOut]


class PolicyOut(TypedDict):
    """A policy at its place (`position`, from 1). Whether it is about one number, which nobody can read
    back."""

    name: str
    mode: Literal["always", "never", "on-demand", "keep-live"]
    users: NotRequired[list[str]]
    groups: NotRequired[list[str]]
    prefix: NotRequired[str]
    direction: NotRequired[Literal["", "inbound", "outbound", "internal", "unknown"]]
    trunk: NotRequired[str | None]
    days: NotRequired[list[int]]
    starts: NotRequired[str]
    ends: NotRequired[str]
    zone: NotRequired[str]
    sampling: NotRequired[int]
    announced: NotRequired[Literal["not-needed", "header", "extension"]]
    announced_name: NotRequired[str]
    refuse: NotRequired[bool]
    notice: NotRequired[Literal["none", "tone", "announcement"]]
    consent: NotRequired[Literal["not-needed", "wanted", "needed"]]
    auto_resume_seconds: NotRequired[int]
    id: str
    position: int
    has_number: bool


class PreviewOut(TypedDict):
    """What a rule would delete at once: `count` records, the oldest and the newest by time. What it would
    leave: `held`, by the id of the hold, and `kept`, by law or restriction."""

    count: int
    oldest: str | None
    newest: str | None
    held: dict[str, int]
    kept: dict[str, int]


class ProgressOut(TypedDict):
    """How far it is; `total` 0: not known yet."""

    done: int
    total: int
    unit: str


class Range(TypedDict):
    """What to send again: events of the last 30 days, all or only those that did not come through."""

    since: str
    until: str
    missed: NotRequired[bool]


class Received(TypedDict):
    """The receipt; signed in `X-OpenDSR-Signature`."""

    controller_id: str
    subject_request_id: str
    received_time: str
    expected_completion_time: str
    encoded_request: str
    api_version: str


class RecordingOut(TypedDict):
    """Everything about one recording but its sound. The original's evidence names the parts as they are: that
    of the recording, until it is sealed anew to other keys."""

    id: str
    conversation_id: str
    started_at: str
    ended_at: str
    seconds: float
    direction: str
    trunk_id: str
    trunk_name: str
    sealed: bool
    parties: list[PartyOut]
    segments: int
    reason: str
    rendition: str
    decision: DecisionOut
    parts: list[PartOut]
    media: list[MediaOut]
    evidence_id: str
    evidence_url: str
    original_evidence_url: str


class ReplayedOut(TypedDict):
    """How many deliveries were queued."""

    queued: int


class ResealFieldsIn(TypedDict):
    """New headers, sealed to `recipients` alone."""

    recipients: list[str]
    keys: list[FieldKeyIn]


class ResealIn(TypedDict):
    """New headers for all files of a recording that have one, sealed to `recipients` alone."""

    recipients: list[str]
    files: list[HeaderIn]


class ResealedOut(TypedDict):
    """It is sealed to the present keys. The evidence names each file's hash before and after."""

    id: str
    evidence_id: str
    evidence_url: str


class RowsOut(TypedDict):
    """One page of recordings, newest first; hand `next` back as `after` for the one that follows."""

    items: list[ListedOut]
    next: str | None


class RuleOut(TypedDict):
    """How long a kind of record is kept; `keep` null: until somebody deletes it. `set_by` null: nobody said
    yet. `mine`: the customer may change it, else the provider alone, says `clause`."""

    store: str
    kind: str
    words: str
    keep: SpanOut | None
    set_by: str | None
    set_at: str | None
    evidence_id: str | None
    shortest: LimitOut | None
    longest: LimitOut | None
    mine: bool
    clause: str


class SealedOut(TypedDict):
    """A recording as only its customer can open it."""

    id: str
    started_at: str
    seconds: float
    streams: list[StreamOut]
    parts: list[SealedPartOut]
    sheet: SheetOut


class SealedPartOut(TypedDict):
    """A file of the sealed original, in order."""

    name: str
    kind: str
    size: int
    sha256: str
    url: str


class SearchOut(TypedDict):
    """A search that is kept. `name` and `query` are null where only the customer can open them: from `sealed`
    and `wrapped`, both base64."""

    id: str
    by: str
    mine: bool
    at: str
    shared: bool
    name: str | None
    query: str | None
    sealed: str
    wrapped: str


class SecretOut(TypedDict):
    """A secret as Standard Webhooks writes it. It is not shown again."""

    id: str
    secret: str


class SessionOut(TypedDict):
    """Where somebody is signed in: `place` is a network, `means` what proved it."""

    id: str
    started_at: str
    seen_at: str
    place: str
    browser: str
    means: str


class SheetOut(TypedDict):
    """Who spoke, sealed: an AES-256-GCM column and its key as an age file, both in base64."""

    recording: str
    sealed: str
    wrapped: str


class SpanOut(TypedDict):
    """A time: 6 months."""

    amount: int
    unit: str


class Status(TypedDict):
    """How a request stands. `results_url` is the page of the console where the package waits."""

    controller_id: str
    subject_request_id: str
    request_status: str
    expected_completion_time: str
    api_version: str
    results_url: str | None
    results_count: int | None


class StorageOut(TypedDict):
    """What was counted when everything was last read, at `counted_at`; null and empty before the first time.
    `damaged` are the files that are not as they were sealed now."""

    counted_at: str | None
    damaged: int
    tiers: list[TierOut]
    lines: list[StoredOut]
    moves: list[MoveOut]


class StoredOut(TypedDict):
    """So many sealed files of one kind and age in one tier. `age` is a band: week, month, quarter, year,
    older."""

    tier: str
    kind: str
    age: str
    objects: int
    bytes: int


class StreamOut(TypedDict):
    """A stream of a recording: whose voice, and the local port that its packets carry in the capture."""

    port: int
    side: str
    payload_types: list[TypeOut]


class TagOut(TypedDict):
    """What somebody filed it under; `tag` null, `sealed` and `wrapped` as in a note."""

    id: str
    recording: str
    moment_ms: int | None
    tag: str | None
    by: str
    at: str
    sealed: str | None
    wrapped: str | None


class TierOut(TypedDict):
    """All of one tier: 'warm', where everything is written, or 'cold', where what is large moves when it is
    old."""

    tier: str
    objects: int
    bytes: int


class ToldOut(TypedDict):
    """One thing that was said. `how` it is known: a policy says so; a header of the INVITE or an extension of
    its metadata; a person at a page, or a program; `by` is then a user's id."""

    about: Literal["notice", "consent"]
    value: Literal["none", "tone", "announcement", "not-asked", "asked", "given", "refused", "withdrawn"]
    how: Literal["policy", "header", "extension", "page", "program"]
    at: str
    by: str | None


class TypeOut(TypedDict):
    """An RTP payload type of a stream."""

    number: int
    name: str


class UserNumberOut(TypedDict):
    """A number of a person; `value` is empty where only the customer can open it."""

    id: str
    kind: str
    value: str


class WishOut(TypedDict):
    """What somebody wants of a call, until the recorder has answered: `done`, or `refused` with `why`."""

    id: str
    call: str
    deed: Literal["pause", "resume", "start", "keep", "stop", "permit"]
    state: Literal["waiting", "done", "refused"]
    why: str


class Parley(Connection):
    """Every operation of the interface, by its operation id."""

    def index(self) -> dict[str, str]:
        """Where everything is."""
        return cast("dict[str, str]", self.json("GET", "/"))

    def list_recordings(
        self,
        *,
        number: str | None = None,
        since: str | None = None,
        until: str | None = None,
        direction: Literal["inbound", "outbound", "internal", "unknown"] | None = None,
        trunk: str | None = None,
        participant: str | None = None,
        user: list[str] | None = None,
        group: list[str] | None = None,
        shortest: float | None = None,
        longest: float | None = None,
        tag: str | None = None,
        note: str | None = None,
        quality: list[Literal["good", "impaired", "gaps", "silent"]] | None = None,
        consent: list[Literal["not-asked", "asked", "given", "refused", "withdrawn"]] | None = None,
        notice: list[Literal["not-known", "none", "tone", "announcement"]] | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> RowsOut:
        """Find recordings. Scope recordings:read."""
        return cast(
            "RowsOut",
            self.json(
                "GET",
                "/recordings",
                query={
                    "number": number,
                    "since": since,
                    "until": until,
                    "direction": direction,
                    "trunk": trunk,
                    "participant": participant,
                    "user": user,
                    "group": group,
                    "shortest": shortest,
                    "longest": longest,
                    "tag": tag,
                    "note": note,
                    "quality": quality,
                    "consent": consent,
                    "notice": notice,
                    "after": after,
                    "limit": limit,
                },
            ),
        )

    def get_recording(self, recording_id: str) -> RecordingOut:
        """One recording. Scope recordings:read."""
        return cast("RecordingOut", self.json("GET", f"/recordings/{_quoted(recording_id)}"))

    def delete_recording(self, recording_id: str, *, why: str | None = None) -> DeletedOut:
        """Delete a recording. Scope recordings:delete."""
        return cast("DeletedOut", self.json("DELETE", f"/recordings/{_quoted(recording_id)}", query={"why": why}))

    def get_media(self, recording_id: str, kind: Literal["mp3", "wav", "opus", "peaks"]) -> bytes:
        """Its sound or its waveform. Scope recordings:listen."""
        return self.send("GET", f"/recordings/{_quoted(recording_id)}/media/{_quoted(kind)}")

    def get_part(self, recording_id: str, name: str, *, use: Literal["keep", "play"] | None = None) -> bytes:
        """A file of the sealed original. Scope recordings:listen."""
        return self.send("GET", f"/recordings/{_quoted(recording_id)}/parts/{_quoted(name)}", query={"use": use})

    def count_recordings(
        self,
        *,
        number: str | None = None,
        since: str | None = None,
        until: str | None = None,
        direction: Literal["inbound", "outbound", "internal", "unknown"] | None = None,
        trunk: str | None = None,
        participant: str | None = None,
        user: list[str] | None = None,
        group: list[str] | None = None,
        shortest: float | None = None,
        longest: float | None = None,
        tag: str | None = None,
        note: str | None = None,
        quality: list[Literal["good", "impaired", "gaps", "silent"]] | None = None,
        consent: list[Literal["not-asked", "asked", "given", "refused", "withdrawn"]] | None = None,
        notice: list[Literal["not-known", "none", "tone", "announcement"]] | None = None,
    ) -> CountOut:
        """How many recordings match. Scope recordings:read."""
        return cast(
            "CountOut",
            self.json(
                "GET",
                "/recordings/count",
                query={
                    "number": number,
                    "since": since,
                    "until": until,
                    "direction": direction,
                    "trunk": trunk,
                    "participant": participant,
                    "user": user,
                    "group": group,
                    "shortest": shortest,
                    "longest": longest,
                    "tag": tag,
                    "note": note,
                    "quality": quality,
                    "consent": consent,
                    "notice": notice,
                },
            ),
        )

    def tag_recordings(self, body: NewTagging) -> BulkOut:
        """Tag many recordings. Scope recordings:write."""
        return cast("BulkOut", self.json("POST", "/recordings/bulk/tag", body=body))

    def delete_recordings(self, body: NewDeletion) -> BegunOut:
        """Delete many recordings. Scope recordings:delete."""
        return cast("BegunOut", self.json("POST", "/recordings/bulk/delete", body=body))

    def get_bulk(self, bulk_id: str) -> BulkOut:
        """How far a deed with many recordings is. Scope recordings:read."""
        return cast("BulkOut", self.json("GET", f"/recordings/bulk/{_quoted(bulk_id)}"))

    def list_deletions(
        self, *, state: Literal["waiting", "over"] | None = None, after: str | None = None, limit: int | None = None
    ) -> DeletionsOut:
        """The requests for deletions. Scope recordings:delete."""
        return cast(
            "DeletionsOut", self.json("GET", "/deletions", query={"state": state, "after": after, "limit": limit})
        )

    def get_deletion(self, deletion_id: str) -> OneDeletionOut:
        """One request for a deletion. Scope recordings:delete."""
        return cast("OneDeletionOut", self.json("GET", f"/deletions/{_quoted(deletion_id)}"))

    def approve_deletion(self, deletion_id: str) -> OneDeletionOut:
        """Approve a deletion. Scope recordings:delete."""
        return cast("OneDeletionOut", self.json("POST", f"/deletions/{_quoted(deletion_id)}/approve"))

    def refuse_deletion(self, deletion_id: str) -> OneDeletionOut:
        """Refuse a deletion, or take back one's own. Scope recordings:delete."""
        return cast("OneDeletionOut", self.json("POST", f"/deletions/{_quoted(deletion_id)}/refuse"))

    def list_searches(self) -> list[SearchOut]:
        """The saved searches. Scope recordings:read."""
        return cast("list[SearchOut]", self.json("GET", "/searches"))

    def save_search(self, body: NewSearch) -> KeptSearchOut:
        """Keep a search. Scope recordings:write."""
        return cast("KeptSearchOut", self.json("POST", "/searches", body=body))

    def remove_search(self, search_id: str) -> None:
        """Remove a saved search. Scope recordings:write."""
        self.send("DELETE", f"/searches/{_quoted(search_id)}")

    def list_notes(self, recording_id: str) -> list[NoteOut]:
        """The notes on a recording. Scope recordings:read."""
        return cast("list[NoteOut]", self.json("GET", f"/recordings/{_quoted(recording_id)}/notes"))

    def add_note(self, recording_id: str, body: NewNote) -> NoteOut:
        """Write a note. Scope recordings:write."""
        return cast("NoteOut", self.json("POST", f"/recordings/{_quoted(recording_id)}/notes", body=body))

    def remove_note(self, recording_id: str, note_id: str) -> None:
        """Remove a note. Scope recordings:write."""
        self.send("DELETE", f"/recordings/{_quoted(recording_id)}/notes/{_quoted(note_id)}")

    def list_tags(self, recording_id: str) -> list[TagOut]:
        """The tags of a recording. Scope recordings:read."""
        return cast("list[TagOut]", self.json("GET", f"/recordings/{_quoted(recording_id)}/tags"))

    def add_tag(self, recording_id: str, body: NewTag) -> TagOut:
        """Add a tag. Scope recordings:write."""
        return cast("TagOut", self.json("POST", f"/recordings/{_quoted(recording_id)}/tags", body=body))

    def remove_tag(self, recording_id: str, tag_id: str) -> None:
        """Take a tag off. Scope recordings:write."""
        self.send("DELETE", f"/recordings/{_quoted(recording_id)}/tags/{_quoted(tag_id)}")

    def get_awareness(self, recording_id: str) -> AwarenessOut:
        """Announcement and consent of a call. Scope recordings:read."""
        return cast("AwarenessOut", self.json("GET", f"/recordings/{_quoted(recording_id)}/awareness"))

    def say_consent(self, recording_id: str, body: ConsentSaid) -> AwarenessOut:
        """Say what became of consent. Scope live:control."""
        return cast("AwarenessOut", self.json("POST", f"/recordings/{_quoted(recording_id)}/consent", body=body))

    def say_notice(self, recording_id: str, body: NoticeSaid) -> AwarenessOut:
        """Say what the parties were told. Scope live:control."""
        return cast("AwarenessOut", self.json("POST", f"/recordings/{_quoted(recording_id)}/notice", body=body))

    def get_sealed(self, recording_id: str) -> SealedOut:
        """One recording, sealed. Scope recordings:read."""
        return cast("SealedOut", self.json("GET", f"/recordings/{_quoted(recording_id)}/sealed"))

    def list_sheets(self, *, id: list[str] | None = None) -> list[SheetOut]:
        """Who spoke in some recordings, sealed. Scope recordings:read."""
        return cast("list[SheetOut]", self.json("GET", "/sheets", query={"id": id}))

    def list_former(self, *, after: str | None = None, limit: int | None = None) -> FormerOut:
        """Recordings that are sealed to former keys, with their headers. Scope recordings:reseal."""
        return cast("FormerOut", self.json("GET", "/former-keys", query={"after": after, "limit": limit}))

    def list_former_fields(self, *, after: str | None = None, limit: int | None = None) -> FieldKeysOut:
        """Keys of names, notes and tags that are wrapped to former keys. Scope recordings:reseal."""
        return cast("FieldKeysOut", self.json("GET", "/former-keys/fields", query={"after": after, "limit": limit}))

    def reseal_fields(self, body: ResealFieldsIn) -> FieldsResealedOut:
        """Wrap keys of names, notes and tags anew. Scope recordings:reseal."""
        return cast("FieldsResealedOut", self.json("POST", "/former-keys/fields", body=body))

    def reseal(self, recording_id: str, body: ResealIn) -> ResealedOut:
        """Seal a recording anew. Scope recordings:reseal."""
        return cast("ResealedOut", self.json("POST", f"/recordings/{_quoted(recording_id)}/reseal", body=body))

    def list_live_notes(self, call_id: str) -> list[NoteOut]:
        """The notes on a call that runs. Scope live:read."""
        return cast("list[NoteOut]", self.json("GET", f"/live/{_quoted(call_id)}/notes"))

    def add_live_note(self, call_id: str, body: NewLiveNote) -> NoteOut:
        """Write a note on a call that runs. Scope live:control."""
        return cast("NoteOut", self.json("POST", f"/live/{_quoted(call_id)}/notes", body=body))

    def remove_live_note(self, call_id: str, note_id: str) -> None:
        """Remove a note from a call that runs. Scope live:control."""
        self.send("DELETE", f"/live/{_quoted(call_id)}/notes/{_quoted(note_id)}")

    def list_live_tags(self, call_id: str) -> list[TagOut]:
        """The tags of a call that runs. Scope live:read."""
        return cast("list[TagOut]", self.json("GET", f"/live/{_quoted(call_id)}/tags"))

    def add_live_tag(self, call_id: str, body: NewLiveTag) -> TagOut:
        """Add a tag to a call that runs. Scope live:control."""
        return cast("TagOut", self.json("POST", f"/live/{_quoted(call_id)}/tags", body=body))

    def remove_live_tag(self, call_id: str, tag_id: str) -> None:
        """Take a tag off a call that runs. Scope live:control."""
        self.send("DELETE", f"/live/{_quoted(call_id)}/tags/{_quoted(tag_id)}")

    def list_live(self) -> list[LiveOut]:
        """Calls being recorded now. Scope live:read."""
        return cast("list[LiveOut]", self.json("GET", "/live"))

    def get_live(self, call_id: str) -> LiveOut:
        """One call that runs now. Scope live:read."""
        return cast("LiveOut", self.json("GET", f"/live/{_quoted(call_id)}"))

    def steer_call(self, call_id: str, deed: Literal["pause", "resume", "start", "keep"]) -> WishOut:
        """Pause, resume, start or keep a call. Scope live:control."""
        return cast("WishOut", self.json("POST", f"/live/{_quoted(call_id)}/{_quoted(deed)}"))

    def get_wish(self, call_id: str, wish_id: str) -> WishOut:
        """What came of a wish. Scope live:control."""
        return cast("WishOut", self.json("GET", f"/live/{_quoted(call_id)}/wishes/{_quoted(wish_id)}"))

    def list_alarms(
        self, *, state: Literal["all", "open"] | None = None, before: str | None = None, limit: int | None = None
    ) -> AlarmsOut:
        """The alarms. Scope alarms:read."""
        return cast("AlarmsOut", self.json("GET", "/alarms", query={"state": state, "before": before, "limit": limit}))

    def get_alarm(self, alarm_id: str) -> AlarmOut:
        """One alarm. Scope alarms:read."""
        return cast("AlarmOut", self.json("GET", f"/alarms/{_quoted(alarm_id)}"))

    def acknowledge_alarm(self, alarm_id: str) -> AlarmOut:
        """Say that an alarm was seen. Scope alarms:write."""
        return cast("AlarmOut", self.json("POST", f"/alarms/{_quoted(alarm_id)}/acknowledge"))

    def list_policies(self) -> list[PolicyOut]:
        """The recording policies. Scope policies:read."""
        return cast("list[PolicyOut]", self.json("GET", "/policies"))

    def add_policy(self, body: NewPolicy) -> PolicyOut:
        """Add a recording policy. Scope policies:write."""
        return cast("PolicyOut", self.json("POST", "/policies", body=body))

    def get_policy(self, policy_id: str) -> PolicyOut:
        """One recording policy. Scope policies:read."""
        return cast("PolicyOut", self.json("GET", f"/policies/{_quoted(policy_id)}"))

    def change_policy(self, policy_id: str, body: ChangedPolicy) -> PolicyOut:
        """Change a recording policy. Scope policies:write."""
        return cast("PolicyOut", self.json("PUT", f"/policies/{_quoted(policy_id)}", body=body))

    def remove_policy(self, policy_id: str) -> None:
        """Remove a recording policy. Scope policies:write."""
        self.send("DELETE", f"/policies/{_quoted(policy_id)}")

    def move_policy(self, policy_id: str, body: Moved) -> list[PolicyOut]:
        """Move a recording policy. Scope policies:write."""
        return cast("list[PolicyOut]", self.json("POST", f"/policies/{_quoted(policy_id)}/move", body=body))

    def get_evidence(self, entry_id: str, *, since: int | None = None) -> dict[str, Any]:
        """The bundle that proves one entry of the ledger. Scope audit:read."""
        return cast("dict[str, Any]", self.json("GET", f"/evidence/{_quoted(entry_id)}", query={"since": since}))

    def list_audit(
        self,
        *,
        kind: str | None = None,
        person: str | None = None,
        since: str | None = None,
        until: str | None = None,
        before: str | None = None,
        limit: int | None = None,
    ) -> EntriesOut:
        """The audit trail. Scope audit:read."""
        return cast(
            "EntriesOut",
            self.json(
                "GET",
                "/audit",
                query={
                    "kind": kind,
                    "person": person,
                    "since": since,
                    "until": until,
                    "before": before,
                    "limit": limit,
                },
            ),
        )

    def get_entry(self, entry_id: str) -> EntryOut:
        """One entry of the audit trail. Scope audit:read."""
        return cast("EntryOut", self.json("GET", f"/audit/{_quoted(entry_id)}"))

    def list_contacts(
        self, *, q: str | None = None, directory: str | None = None, after: str | None = None, limit: int | None = None
    ) -> LinesOut:
        """Find contacts. Scope contacts:read."""
        return cast(
            "LinesOut",
            self.json("GET", "/contacts", query={"q": q, "directory": directory, "after": after, "limit": limit}),
        )

    def add_contact(self, body: ContactIn) -> ContactOut:
        """Add a contact. Scope contacts:write."""
        return cast("ContactOut", self.json("POST", "/contacts", body=body))

    def get_contact(self, contact_id: str) -> ContactOut:
        """One contact. Scope contacts:read."""
        return cast("ContactOut", self.json("GET", f"/contacts/{_quoted(contact_id)}"))

    def change_contact(self, contact_id: str, body: ContactIn) -> ContactOut:
        """Change a contact. Scope contacts:write."""
        return cast("ContactOut", self.json("PUT", f"/contacts/{_quoted(contact_id)}", body=body))

    def delete_contact(self, contact_id: str) -> None:
        """Delete a contact. Scope contacts:write."""
        self.send("DELETE", f"/contacts/{_quoted(contact_id)}")

    def look_up(self, *, number: str) -> CallerOut:
        """Who calls from a number. Scope contacts:lookup."""
        return cast("CallerOut", self.json("GET", "/lookup", query={"number": number}))

    def list_directories(self) -> list[DirectoryOut]:
        """The directories of contacts. Scope contacts:read."""
        return cast("list[DirectoryOut]", self.json("GET", "/directories"))

    def list_exports(self, *, before: str | None = None, limit: int | None = None) -> ExportsOut:
        """The exports. Scope exports:read."""
        return cast("ExportsOut", self.json("GET", "/exports", query={"before": before, "limit": limit}))

    def ask_export(self, body: NewExport) -> ExportOut:
        """Ask for an export. Scope exports:write."""
        return cast("ExportOut", self.json("POST", "/exports", body=body))

    def get_export(self, export_id: str) -> ExportOut:
        """How an export stands. Scope exports:read."""
        return cast("ExportOut", self.json("GET", f"/exports/{_quoted(export_id)}"))

    def withdraw_export(self, export_id: str) -> ExportOut:
        """Withdraw an export. Scope exports:write."""
        return cast("ExportOut", self.json("DELETE", f"/exports/{_quoted(export_id)}"))

    def list_holds(self, *, state: Literal["standing", "lifted"] | None = None) -> list[HoldOut]:
        """The legal holds. Scope holds:read."""
        return cast("list[HoldOut]", self.json("GET", "/holds", query={"state": state}))

    def place_hold(self, body: NewHold) -> HoldOut:
        """Place a hold. Scope holds:write."""
        return cast("HoldOut", self.json("POST", "/holds", body=body))

    def get_hold(self, hold_id: str) -> HoldOut:
        """One hold. Scope holds:read."""
        return cast("HoldOut", self.json("GET", f"/holds/{_quoted(hold_id)}"))

    def lift_hold(self, hold_id: str, body: Lifted) -> HoldOut:
        """Lift a hold. Scope holds:write."""
        return cast("HoldOut", self.json("POST", f"/holds/{_quoted(hold_id)}/lift", body=body))

    def list_rules(self) -> list[RuleOut]:
        """The rules of retention. Scope retention:read."""
        return cast("list[RuleOut]", self.json("GET", "/retention"))

    def preview_rule(
        self,
        store: str,
        record_kind: str,
        *,
        amount: int | None = None,
        unit: Literal["days", "months", "years"] | None = None,
    ) -> PreviewOut:
        """What a rule of retention would delete. Scope retention:read."""
        return cast(
            "PreviewOut",
            self.json(
                "GET",
                f"/retention/{_quoted(store)}/{_quoted(record_kind)}/preview",
                query={"amount": amount, "unit": unit},
            ),
        )

    def set_rule(self, store: str, record_kind: str, body: NewRule) -> RuleOut:
        """Set a rule of retention. Scope retention:write."""
        return cast("RuleOut", self.json("PUT", f"/retention/{_quoted(store)}/{_quoted(record_kind)}", body=body))

    def list_people(
        self,
        *,
        q: str | None = None,
        role: Literal["administrator", "compliance", "supervisor", "user"] | None = None,
        group: str | None = None,
        state: Literal["open", "closed", "all"] | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> PeopleOut:
        """The people. Scope people:read."""
        return cast(
            "PeopleOut",
            self.json(
                "GET",
                "/people",
                query={"q": q, "role": role, "group": group, "state": state, "after": after, "limit": limit},
            ),
        )

    def invite_person(self, body: NewPerson) -> PersonOut:
        """Invite a person. Scope people:write."""
        return cast("PersonOut", self.json("POST", "/people", body=body))

    def get_person(self, person_id: str) -> PersonOut:
        """One person. Scope people:read."""
        return cast("PersonOut", self.json("GET", f"/people/{_quoted(person_id)}"))

    def change_person(self, person_id: str, body: PersonFields) -> PersonOut:
        """Change a person. Scope people:write."""
        return cast("PersonOut", self.json("PUT", f"/people/{_quoted(person_id)}", body=body))

    def invite_again(self, person_id: str) -> InvitedOut:
        """Send an invitation again. Scope people:write."""
        return cast("InvitedOut", self.json("POST", f"/people/{_quoted(person_id)}/invite"))

    def give_number(self, person_id: str, body: NewNumber) -> UserNumberOut:
        """Give a person a number. Scope people:write."""
        return cast("UserNumberOut", self.json("POST", f"/people/{_quoted(person_id)}/numbers", body=body))

    def take_number(self, person_id: str, number_id: str) -> None:
        """Take a number away. Scope people:write."""
        self.send("DELETE", f"/people/{_quoted(person_id)}/numbers/{_quoted(number_id)}")

    def list_sessions(self, person_id: str) -> list[SessionOut]:
        """Where a person is signed in. Scope people:read."""
        return cast("list[SessionOut]", self.json("GET", f"/people/{_quoted(person_id)}/sessions"))

    def end_sessions(self, person_id: str) -> EndedOut:
        """Sign a person out everywhere. Scope people:write."""
        return cast("EndedOut", self.json("DELETE", f"/people/{_quoted(person_id)}/sessions"))

    def end_session(self, person_id: str, session_id: str) -> None:
        """End one session. Scope people:write."""
        self.send("DELETE", f"/people/{_quoted(person_id)}/sessions/{_quoted(session_id)}")

    def list_groups(self) -> list[GroupOut]:
        """The groups of people. Scope people:read."""
        return cast("list[GroupOut]", self.json("GET", "/groups"))

    def add_group(self, body: GroupFields) -> GroupOut:
        """Add a group. Scope people:write."""
        return cast("GroupOut", self.json("POST", "/groups", body=body))

    def get_group(self, group_id: str) -> GroupOut:
        """One group. Scope people:read."""
        return cast("GroupOut", self.json("GET", f"/groups/{_quoted(group_id)}"))

    def rename_group(self, group_id: str, body: GroupFields) -> GroupOut:
        """Rename a group. Scope people:write."""
        return cast("GroupOut", self.json("PUT", f"/groups/{_quoted(group_id)}", body=body))

    def remove_group(self, group_id: str) -> None:
        """Remove a group. Scope people:write."""
        self.send("DELETE", f"/groups/{_quoted(group_id)}")

    def add_member(self, group_id: str, person_id: str, body: Membership) -> MemberOut:
        """Put a person into a group. Scope people:write."""
        return cast(
            "MemberOut", self.json("PUT", f"/groups/{_quoted(group_id)}/members/{_quoted(person_id)}", body=body)
        )

    def remove_member(self, group_id: str, person_id: str) -> MemberOut:
        """Take a person out of a group. Scope people:write."""
        return cast("MemberOut", self.json("DELETE", f"/groups/{_quoted(group_id)}/members/{_quoted(person_id)}"))

    def list_access(self, *, group: str | None = None, after: str | None = None, limit: int | None = None) -> AccessOut:
        """Who may see what, and why. Scope people:read."""
        return cast("AccessOut", self.json("GET", "/access", query={"group": group, "after": after, "limit": limit}))

    def get_storage(self) -> StorageOut:
        """What is stored, by tier, kind and age. Scope audit:read."""
        return cast("StorageOut", self.json("GET", "/storage"))

    def list_webhooks(self) -> list[EndpointOut]:
        """The endpoints. Scope webhooks:read."""
        return cast("list[EndpointOut]", self.json("GET", "/webhooks"))

    def make_webhook(self, body: EndpointIn) -> SecretOut:
        """Make an endpoint. Scope webhooks:write."""
        return cast("SecretOut", self.json("POST", "/webhooks", body=body))

    def get_webhook(self, endpoint_id: str) -> EndpointOut:
        """One endpoint. Scope webhooks:read."""
        return cast("EndpointOut", self.json("GET", f"/webhooks/{_quoted(endpoint_id)}"))

    def change_webhook(self, endpoint_id: str, body: EndpointIn) -> EndpointOut:
        """Change an endpoint. Scope webhooks:write."""
        return cast("EndpointOut", self.json("PUT", f"/webhooks/{_quoted(endpoint_id)}", body=body))

    def remove_webhook(self, endpoint_id: str) -> None:
        """Remove an endpoint. Scope webhooks:write."""
        self.send("DELETE", f"/webhooks/{_quoted(endpoint_id)}")

    def enable_webhook(self, endpoint_id: str) -> EndpointOut:
        """Enable an endpoint. Scope webhooks:write."""
        return cast("EndpointOut", self.json("POST", f"/webhooks/{_quoted(endpoint_id)}/enable"))

    def disable_webhook(self, endpoint_id: str) -> EndpointOut:
        """Disable an endpoint. Scope webhooks:write."""
        return cast("EndpointOut", self.json("POST", f"/webhooks/{_quoted(endpoint_id)}/disable"))

    def rotate_webhook(self, endpoint_id: str) -> SecretOut:
        """Rotate the secret. Scope webhooks:write."""
        return cast("SecretOut", self.json("POST", f"/webhooks/{_quoted(endpoint_id)}/rotate"))

    def send_webhook_test(self, endpoint_id: str) -> DeliveryOut:
        """Send a test. Scope webhooks:write."""
        return cast("DeliveryOut", self.json("POST", f"/webhooks/{_quoted(endpoint_id)}/test"))

    def replay_webhook(self, endpoint_id: str, body: Range) -> ReplayedOut:
        """Replay a time. Scope webhooks:write."""
        return cast("ReplayedOut", self.json("POST", f"/webhooks/{_quoted(endpoint_id)}/replay", body=body))

    def list_deliveries(
        self,
        endpoint_id: str,
        *,
        state: Literal["queued", "delivered", "failed"] | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> DeliveriesOut:
        """The log of an endpoint. Scope webhooks:read."""
        return cast(
            "DeliveriesOut",
            self.json(
                "GET",
                f"/webhooks/{_quoted(endpoint_id)}/deliveries",
                query={"state": state, "after": after, "limit": limit},
            ),
        )

    def replay_delivery(self, endpoint_id: str, delivery_id: str) -> DeliveryOut:
        """Replay a delivery. Scope webhooks:write."""
        return cast(
            "DeliveryOut",
            self.json("POST", f"/webhooks/{_quoted(endpoint_id)}/deliveries/{_quoted(delivery_id)}/replay"),
        )

    def opendsr_discovery(self) -> Discovery:
        """What is supported."""
        return cast("Discovery", self.json("GET", "/opendsr/v3/discovery"))

    def opendsr_certificate(self) -> bytes:
        """The public key that verifies signatures."""
        return self.send("GET", "/opendsr/v3/certificate")

    def opendsr_request(self, body: dict[str, Any]) -> Received:
        """Hand in a request. Scope rights:write."""
        return cast("Received", self.json("POST", "/opendsr/v3/requests", body=body))

    def opendsr_status(self, subject_request_id: str) -> Status:
        """How a request stands. Scope rights:read."""
        return cast("Status", self.json("GET", f"/opendsr/v3/requests/{_quoted(subject_request_id)}"))

    def opendsr_cancel(self, subject_request_id: str) -> Cancelled:
        """Take a request back. Scope rights:write."""
        return cast("Cancelled", self.json("DELETE", f"/opendsr/v3/requests/{_quoted(subject_request_id)}"))
