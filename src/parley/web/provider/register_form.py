"""The form of a register entry: from what a browser sends to an entry, and back. Every problem names its field."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from parley.agreement import api as agreements
from parley.governance.subprocessors import api as subprocessors

TEXTS: Final = ("key", "name", "role", "country", "address", "contact", "privacy_url", "parent", "replaces")
LARGEST_DOCUMENT: Final = 25_000_000


class BadField(ValueError):
    """A field of the form that cannot be read: `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def values_of(request: HttpRequest) -> dict[str, Any]:
    """What the form holds, to show it again; an uploaded contract is replaced by its SHA-256."""
    given = request.POST
    values: dict[str, Any] = {name: given.get(name, "").strip()[:500] for name in TEXTS}
    values["country"] = values["country"].upper()
    values["purposes"] = given.getlist("purposes")
    values["offerings"] = given.getlist("offerings")
    values["affiliate"] = bool(given.get("affiliate"))
    values["planned_start"] = given.get("planned_start", "").strip()
    values["flowdown_digest"] = given.get("flowdown_digest", "").strip().lower()
    values["flowdown_signed_on"] = given.get("flowdown_signed_on", "").strip()
    values["clauses"] = {
        duty: given.get(f"flowdown_{duty}", "").strip()[:100] for duty in subprocessors.FLOWDOWN_DUTIES
    }
    document = request.FILES.get("flowdown_document")
    if isinstance(document, UploadedFile) and document.size:
        values["flowdown_digest"] = _digest(document)
    return values


def values_from(entry: subprocessors.Entry) -> dict[str, Any]:
    """The form of an entry as it stands."""
    flowdown = entry.flowdown
    return {
        **{name: getattr(entry, name, "") for name in TEXTS},
        "purposes": list(entry.purposes),
        "offerings": list(entry.offerings),
        "affiliate": entry.affiliate,
        "planned_start": "",
        "flowdown_digest": flowdown.digest if flowdown else "",
        "flowdown_signed_on": flowdown.signed_on.isoformat() if flowdown else "",
        "clauses": dict(flowdown.clauses) if flowdown else {},
    }


def empty() -> dict[str, Any]:
    """The form of an entry that is still to be thought of."""
    return {
        **dict.fromkeys(TEXTS, ""),
        "purposes": [],
        "offerings": [],
        "affiliate": False,
        "planned_start": "",
        "flowdown_digest": "",
        "flowdown_signed_on": "",
        "clauses": {},
    }


def entry_of(values: Mapping[str, Any]) -> subprocessors.Entry:
    """The entry that the form describes; whether it may stand in the register is checked there. Raises BadField."""
    flowdown = None
    if values["flowdown_digest"] or values["flowdown_signed_on"]:
        try:
            signed_on = date.fromisoformat(values["flowdown_signed_on"])
        except ValueError as error:
            raise BadField("flowdown_signed_on", _("Say on which day the contract was signed.")) from error
        flowdown = subprocessors.FlowDown(
            digest=values["flowdown_digest"], signed_on=signed_on, clauses=MappingProxyType(dict(values["clauses"]))
        )
    return subprocessors.Entry(
        key=values["key"],
        name=values["name"],
        role=values["role"],
        country=values["country"],
        address=values["address"],
        contact=values["contact"],
        privacy_url=values["privacy_url"],
        purposes=tuple(sorted(set(values["purposes"]))),
        offerings=("*",) if "*" in values["offerings"] else tuple(sorted(set(values["offerings"]))),
        parent=values["parent"],
        affiliate=values["affiliate"],
        flowdown=flowdown,
    )


def planned_start_of(values: Mapping[str, Any], *, zone: ZoneInfo) -> datetime:
    """The planned start: the first instant of that day in the reader's zone. Raises BadField."""
    try:
        day = date.fromisoformat(values["planned_start"])
    except ValueError as error:
        raise BadField("planned_start", _("Say on which day it shall start.")) from error
    return datetime.combine(day, time(), zone)


def choices(*, except_key: str = "") -> dict[str, Any]:
    """What the form lets choose among."""
    known = [one for one in subprocessors.entries() if one.key != except_key]
    return {
        "purposes": [
            (one.key, one.meaning) for one in agreements.PURPOSES.values() if one.key not in subprocessors.NEVER
        ],
        "offerings": [("*", _("all offerings")), *agreements.OFFERINGS.items()],
        "parents": [(one.key, one.name) for one in known],
        "replaceable": [(one.key, one.name) for one in known if one.status == "engaged"],
        "duties": list(subprocessors.FLOWDOWN_DUTIES.items()),
    }


def _digest(document: "UploadedFile[bytes]") -> str:
    """SHA-256 of the contract: the document itself stays with whoever has it."""
    if (document.size or 0) > LARGEST_DOCUMENT:
        raise BadField("flowdown_digest", _("The document is larger than 25 MB: give its SHA-256 instead."))
    digest = hashlib.sha256()
    for chunk in document.chunks():
        digest.update(chunk)
    return digest.hexdigest()
