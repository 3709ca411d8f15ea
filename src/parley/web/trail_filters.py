"""The filters of the audit trail, out of its address and back into it: a link is a view. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from parley.web import addresses
from parley.web.rules import BadFilter

_LONGEST_KIND: Final = 64


@dataclass(frozen=True, kw_only=True)
class TrailFilters:
    """What the trail shows: one kind of entry, those of one person, whole days in the reader's zone."""

    kind: str = ""
    person: UUID | None = None
    since: date | None = None
    until: date | None = None

    def query(self, **more: str) -> str:
        """The same view as a query string; `more` adds."""
        given = {"kind": self.kind, "person": self.person, "since": self.since, "until": self.until, **more}
        return urlencode({name: str(value) for name, value in given.items() if value})

    def wanted(self, zone: ZoneInfo) -> dict[str, Any]:
        """What the ledger is asked for."""
        since, until = addresses.instants(self.since, self.until, zone)
        return {"kinds": [self.kind] if self.kind else None, "person": self.person, "since": since, "until": until}


def parse_trail_filters(query: Mapping[str, str]) -> TrailFilters:
    """The filters of an address. Raises BadFilter for what is no kind, person or day."""
    since, until = addresses.days(query)
    kind = query.get("kind", "")
    if len(kind) > _LONGEST_KIND or "\0" in kind:
        raise BadFilter("kind", _("This is no kind of entry."))
    person = addresses.identity(query, "person", _("This is not a person."))
    return TrailFilters(kind=kind, person=person, since=since, until=until)
