"""How the console turns values into words and addresses into filters. Pure: the time and the zone are arguments."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import phonenumbers
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from parley.foundation.numbers import parse_number
from parley.web import people_words

Shape = Literal["kept", "due", "late", "idle"]
Direction = Literal["inbound", "outbound", "internal", "unknown"]

DIRECTIONS: Final[Mapping[Direction, Any]] = {
    "inbound": _("inbound"),
    "outbound": _("outbound"),
    "internal": _("internal"),
    "unknown": _("unknown"),
}
ARROWS: Final = {"inbound": "↙", "outbound": "↗", "internal": "↔", "unknown": "·"}
ENDINGS: Final = {
    "bye": _("a party hung up"),
    "cancelled": _("cancelled before it was answered"),
    "no-media": _("no more sound arrived"),
    "interrupted": _("recording was interrupted"),
    "disk-full": _("the recorder's disk was full"),
    "shutdown": _("the recorder was shut down"),
}
KINDS: Final = {
    "recording.sealed": _("Recording sealed and stored"),
    "recording.rendered": _("Playable copy made"),
    "recording.resealed": _("Recording sealed anew to the present keys"),
    "recording.names-resealed": _("Keys of names, notes and tags sealed anew"),
    "recording.refused": _("Recording refused"),
    "recording.bulk": _("One deed with many recordings"),
    "recording.listed": _("List of recordings taken as CSV"),
    "recording.noted": _("Note on a recording"),
    "recording.tagged": _("Tag on a recording"),
    "recording.consent": _("Consent to a recording"),
    "recording.notice": _("Announcement of a recording"),
    "recording.stopped": _("Recording stopped: no consent"),
    "recording.permitted": _("Recording permitted again"),
    "recording.rendition-refused": _("Playable copy refused"),
    "agreement.signed": _("Agreement signed"),
    "agreement.published": _("New version of a policy published"),
    "policy.published": _("Policy published to customers"),
    "order.changed": _("Order changed"),
    "contract.ended": _("Contract ended"),
    "contract.renewed": _("Contract renewed"),
    "instruction.given": _("Instruction given"),
    "instruction.suspended": _("Instruction suspended"),
    "instruction.confirmed": _("Instruction confirmed"),
    "instruction.withdrawn": _("Instruction withdrawn"),
    "transfer.confirmed": _("Measure for a transfer confirmed"),
    "transfer.withdrawn": _("Measure for a transfer withdrawn"),
    "misuse.reported": _("Correction of a misuse requested"),
    "misuse.corrected": _("Misuse corrected"),
    "misuse.suspended": _("Service suspended for misuse"),
    "misuse.lifted": _("Suspension for misuse lifted"),
    "compulsion.received": _("Legal compulsion received"),
    "compulsion.silent": _("Legal compulsion that may not be told"),
    "recording.played": _("Recording played"),
    "recording.downloaded": _("Recording downloaded"),
    "recording.reason": _("Reason for listening given"),
    "listening.ruled": _("Rule about reasons for listening set"),
    "recording.searched": _("Recordings searched by person"),
    "evidence.exported": _("Evidence exported"),
    "contact.added": _("Contact added"),
    "contact.changed": _("Contact changed"),
    "contact.annotated": _("Contact's purposes or time of keeping set"),
    "contacts.moved": _("Contacts moved to another directory"),
    "contacts.merged": _("Contacts merged"),
    "contacts.shared": _("Contacts handed to a partner"),
    "contacts.consulted": _("Contacts consulted"),
    "contacts.exported": _("Contacts exported"),
    "contacts.imported": _("Contacts imported, one batch"),
    "contacts.import-begun": _("Import of contacts begun"),
    "contacts.import-done": _("Import of contacts done"),
    "contacts.import-undone": _("Import of contacts undone"),
    "contact-fields.set": _("Fields of contacts set"),
    "directory.added": _("Directory added"),
    "directory.changed": _("Directory changed"),
    "directory.removed": _("Directory removed"),
    "consent.given": _("Consent of a person written down"),
    "consent.withdrawn": _("Consent of a person withdrawn"),
    "objection.kept": _("Objection of a person kept"),
    "objection.lifted": _("Objection of a person lifted"),
    "objections.checked": _("Objection list asked about somebody"),
    "objections.exported": _("Objection list exported"),
    "partner.listed": _("Partner listed"),
    "marketing.written": _("Marketing letter written"),
    "person.signed-in": _("Signed in"),
    "person.signed-out": _("Signed out"),
    "person.created": _("Person added"),
    **people_words.KINDS,
    "user.created": _("Person added"),
    "customer.created": _("Customer created"),
    "trunk.added": _("Trunk added"),
    "audit.granted": _("Audit granted"),
    "audit.refused": _("Audit refused"),
    "audit.agreed": _("Date of an audit agreed"),
    "audit.held": _("Audit held"),
    "audit.reported": _("Audit reported"),
    "audit.finding-remedied": _("Finding of an audit remedied"),
    "audit.closed": _("Audit closed"),
    "audit.withdrawn": _("Request for an audit withdrawn"),
    "audit.pack-made": _("Audit pack made"),
    "audit.pack-fetched": _("Audit pack downloaded"),
    "attestation.assigned": _("Somebody made responsible for an attestation"),
    "attestation.recorded": _("Attestation recorded"),
    "attestation.shown": _("Attested"),
    "subprocessor.entered": _("Sub-processor entered in the register"),
    "subprocessor.amended": _("Register of sub-processors corrected"),
    "subprocessor.announced": _("Sub-processor change announced"),
    "subprocessor.engaged": _("Sub-processor engaged"),
    "subprocessor.ended": _("Sub-processor ended"),
    "subprocessor.withdrawn": _("Sub-processor change withdrawn"),
    "subprocessor.authorised": _("Sub-processors of the register authorised by signing"),
    "subprocessor.acknowledged": _("Receipt of a sub-processor notice acknowledged"),
    "subprocessor.receipt-assumed": _("Sub-processor notice counts as received"),
    "subprocessor.objected": _("Objection to a sub-processor"),
    "subprocessor.objection-resolved": _("Objection to a sub-processor resolved"),
    "subprocessor.service-terminated": _("Service terminated over a sub-processor"),
    "subprocessor.requested": _("Company of the provider's group requested"),
    "subprocessor.request-revoked": _("Request for a company of the provider's group taken back"),
    "subprocessor.closed": _("Nothing goes to a sub-processor any more"),
    "duty.opened": _("Duty opened"),
    "duty.warned": _("Duty comes nearer"),
    "duty.met": _("Duty met"),
    "duty.breached": _("Duty not met in time"),
    "duty.passed": _("Date passed"),
    "duty.waived": _("Duty waived"),
    "duty.cancelled": _("Duty cancelled"),
    "staff-access.asked": _("Support access asked for"),
    "staff-access.consented": _("Support access consented"),
    "staff-access.granted": _("Support access began"),
    "staff-access.refused": _("Support access refused"),
    "staff-access.withdrawn": _("Request for support access withdrawn"),
    "staff-access.lapsed": _("Request for support access lapsed"),
    "staff-access.looked": _("The provider's staff looked"),
    "staff-access.ended": _("Support access ended"),
    "access.reviewed": _("Accounts reviewed"),
    "person.role-changed": _("Role changed"),
    "person.closed": _("Account closed"),
    "person.opened": _("Account opened again"),
    "person.locked-out": _("Signing in locked after failures"),
    "key.rotated": _("Keys rotated"),
    "key.loss": _("Loss of keys declared"),
    "key.compromise": _("Keys declared in other hands"),
    "key.recovered": _("Keys found again"),
    "key.drill-passed": _("Recovery drill passed"),
    "key.drill-failed": _("Recovery drill failed"),
    "handlers.entered": _("Entry in the register of who handles data"),
    "handlers.closed": _("Entry closed in the register of who handles data"),
    "assessment.checked": _("Processing checked for high risk"),
    "assessment.needed": _("Impact assessment needed"),
    "assessment.told": _("Told that an impact assessment is needed"),
    "assessment.finished": _("Impact assessment finished"),
    "assessment.dismissed": _("Impact assessment found not needed"),
    "disclosure.demanded": _("Demand for data received"),
    "disclosure.told": _("Told of a demand for data"),
    "disclosure.made": _("Data disclosed"),
    "disclosure.refused": _("Disclosure refused"),
    "complaint.received": _("Complaint received"),
    "complaint.not-forwarded": _("Complaint not passed on in time"),
    "complaint.forwarded": _("Complaint passed on"),
    "complaint.answered": _("Complaint answered"),
    "complaint.closed": _("Complaint closed"),
    "breach-of-law.found": _("Breach of law found"),
    "breach-of-law.informed": _("Informed of a breach of law"),
    "breach-of-law.authority": _("Authority informed of a breach of law"),
    "breach-of-law.corrected": _("Breach of law corrected"),
    "mail.dispatched": _("Mail taken by the mail server"),
    "incident.declared": _("Incident declared"),
    "incident.registered": _("Incident registered, nobody told"),
    "incident.spread": _("Notices of an incident written for all affected"),
    "incident.further-issued": _("Further notice of an incident issued"),
    "incident.closing-issued": _("Closing report of an incident issued"),
    "incident.opened": _("Incident concerns this customer's data"),
    "incident.notified": _("Notice of an incident dispatched"),
    "incident.told-otherwise": _("Customer told of an incident by other means"),
    "incident.acknowledged": _("Notice of an incident acknowledged"),
    "incident.letters-drafted": _("Letters to persons drafted"),
    "incident.letters-ordered": _("Letters to persons ordered"),
    "retention.rule-set": _("Retention rule set"),
    "retention.law-declared": _("Law declared to bind"),
    "retention.law-withdrawn": _("Law declared to bind no more"),
    "retention.hold-placed": _("Hold placed"),
    "retention.hold-reviewed": _("Hold reviewed"),
    "retention.hold-lifted": _("Hold lifted"),
    "retention.held-used": _("Held record looked at by the hold's owner"),
    "retention.restricted": _("Use of records restricted"),
    "retention.unrestricted": _("Restriction of use lifted"),
    "retention.erased": _("Records erased"),
    "retention.rest-replayed": _("Holds and restrictions repeated on a restored backup"),
    "retention.replayed": _("Erasures repeated on a restored backup"),
    "trail.listed": _("Audit trail taken out as CSV"),
    "log.head": _("Head of a customer's log countersigned"),
}
CONSENT_WORDS: Final[Mapping[str, tuple[Any, Shape]]] = {
    "not-asked": (_("consent not asked"), "due"),
    "asked": (_("consent asked"), "due"),
    "given": (_("consent given"), "kept"),
    "refused": (_("consent refused"), "late"),
    "withdrawn": (_("consent withdrawn"), "late"),
}
NOTICE_WORDS: Final[Mapping[str, tuple[Any, Shape]]] = {
    "not-known": (_("announcement not known"), "due"),
    "none": (_("not announced"), "due"),
    "tone": (_("announced by a tone"), "kept"),
    "announcement": (_("announced"), "kept"),
}
"""Each in words, with the shape of the mark."""
ROLES: Final = {
    "operator": _("provider operator"),
    "administrator": _("administrator"),
    "compliance": _("compliance officer"),
    "supervisor": _("supervisor"),
    "user": _("user"),
}
CUSTODY: Final = {
    "local": (_("managed key"), _("The provider keeps this customer's key, sealed under its root key.")),
    "pkcs11": (_("managed key (HSM)"), _("The key lives in the provider's hardware security module.")),
    "customer-held": (
        _("your key"),
        _("Only the customer holds the key. No server of the provider can open a recording."),
    ),
}
_NUMBERISH: Final = re.compile(r"[+0-9][0-9 ().\-/]*")


class BadFilter(ValueError):
    """A filter in the address bar that cannot be understood: `field` names it, the message says what would be."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def zone_named(name: str | None) -> ZoneInfo:
    """The time zone that the browser's cookie names ("Europe%2FRome"), UTC for none or one that does not exist."""
    name = unquote(name or "")
    if name and re.fullmatch(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+){0,2}", name):
        try:
            return ZoneInfo(name)
        except (LookupError, OSError, ValueError):
            return ZoneInfo("UTC")
    return ZoneInfo("UTC")


def duration_words(seconds: float) -> str:
    """3 min 12 s; below a minute 12 s; from an hour 1 h 4 min."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {left} s"
    return f"{left} s"


def size_words(size: int) -> str:
    """Bytes as people say them: 812 bytes, 14 KB, 3.4 MB (decimal units)."""
    if size < 1000:
        return ngettext("%(size)d byte", "%(size)d bytes", size) % {"size": size}
    for unit, scale in (("KB", 10**3), ("MB", 10**6), ("GB", 10**9)):
        if size < scale * 1000 or unit == "GB":
            return f"{size / scale:.1f} {unit}" if size < scale * 10 else f"{size / scale:.0f} {unit}"
    raise AssertionError


@lru_cache(maxsize=2048)
def phone_words(raw: str) -> str:
    """A number grouped as its country does ("+39 0584 943232"); an extension or a name unchanged."""
    if not _NUMBERISH.fullmatch(raw.strip()) or not (number := parse_number(raw)):
        return raw
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def kind_words(kind: str) -> str:
    """What a kind of ledger entry means; an unknown kind reads as it is written."""
    return str(KINDS.get(kind, kind.replace(".", ": ").replace("-", " ").capitalize()))


def ending_words(reason: str) -> str:
    """Why a recording ended, in words; an unknown reason reads as it is written."""
    return str(ENDINGS.get(reason, reason.replace("-", " ")))


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar of a small plot in a box of 100 x 32: left edge, top, width, height, and what it says on hover."""

    x: float
    y: float
    width: float
    height: float
    label: str
    now: bool


def bars(values: Sequence[float], labels: Iterable[str], *, now: int) -> list[Bar]:
    """`values` as bars that fill the width, the tallest the height; a value above zero is at least visible."""
    top = max(values, default=0) or 1
    step = 100 / max(len(values), 1)
    found = []
    for index, (value, label) in enumerate(zip(values, labels, strict=True)):
        height = 0.0 if not value else max(2.0, 32 * value / top)
        found.append(
            Bar(x=round(index * step, 2), y=round(32 - height, 2), width=round(step * 0.72, 2), height=round(height, 2),
                label=label, now=index == now)
        )  # fmt: skip
    return found


def safe_next(target: str, *, prefix: str) -> str:
    """Where to go after signing in: `target` when it is an address of this console, else the console's first page."""
    inside = target.startswith(prefix) and "\\" not in target and "//" not in target and not target.startswith("//")
    return target if inside and len(target) < 2000 and target.isprintable() else prefix


_CODECS: Final = {"PCMU": "G.711 µ-law", "PCMA": "G.711 A-law"}


def codec_words(name: str) -> str:
    """A codec as people know it; an unknown one by its SDP name."""
    return _CODECS.get(name, name)


PROVIDER_CUSTODY: Final = {"customer-held": _("customer's key")}
"""The words of CUSTODY where the reader is the provider."""
