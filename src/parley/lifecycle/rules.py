"""The phases after the end of a contract, and when each step of a departure is due. Pure: no clock, no database.

| phase       | from           | to             | what holds                                                |
|-------------|----------------|----------------|-----------------------------------------------------------|
| running     |                | end            | the contract runs; an end in the future was announced     |
| renewable   | end            | renewal        | the customer may renew; nothing is touched                |
| accessible  | end or renewal | access         | the customer reads and exports its data                   |
| returnable  | access         | export         | closed; an export is made from the backup when asked for  |
| kept        | export         | destroy - lead | closed; the backup waits for its destruction              |
| destruction | destroy - lead | destroy        | keys, backups and packages go, absence is verified        |
| gone        | destroy        |                | nothing is left; the certificate says so                  |

An end that the customer confirms ("destroy now") closes and destroys at that instant, never before the end itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from parley.agreement.api import Agreement, after, end_instants, read_span
from parley.lifecycle.types import Phase, PhaseKey, Timeline

LEAD: Final = timedelta(hours=2)
"""So long before the agreement's last instant the last destruction begins: it then has time to be done again."""
PAGE_KEPT: Final = timedelta(days=90)
"""So long after the certificate the public link, the addresses and the letters about the end are kept."""
SCC: Final = "SCC.8.5"
_FIELDS: Final = ("renew", "access", "export", "destroy", "link_life", "certificate")
_USUAL_FORMATS: Final = ("csv", "json", "mp3")


def asked_by_mail(sender: str, *, addresses: Sequence[str], intake: str) -> str | None:
    """Who asks for an export by e-mail: the customer ("e-mail", from an address for its notices), or whom its order
    names for it ("reseller"); None when the customer named this address for neither."""
    wrote = sender.strip().lower()
    if wrote in {one.lower() for one in addresses}:
        return "e-mail"
    return "reseller" if wrote and wrote == intake.strip().lower() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFacts:
    """What an agreement says of an end, dated: all that the phases follow from. `support` None: it says nothing.

    `clauses` and `ours` by field of the term; `certificate` "always" also where standard contractual clauses apply.
    """

    renewal: datetime
    access: datetime
    export: datetime
    destroy: datetime
    support: datetime | None
    link_life: str
    certificate: str
    formats: tuple[str, ...]
    clauses: Mapping[str, str]
    ours: Mapping[str, bool]
    texts: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a departure's row keeps it."""
        dated = {name: getattr(self, name) for name in ("renewal", "access", "export", "destroy", "support")}
        return {
            **asdict(self),
            **{name: value.isoformat() if value else None for name, value in dated.items()},
            "formats": list(self.formats),
            "texts": [list(one) for one in self.texts],
            "clauses": dict(self.clauses),
            "ours": dict(self.ours),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "EndFacts":
        """Undoes `to_json`."""
        support = raw["support"]
        return cls(
            renewal=datetime.fromisoformat(raw["renewal"]),
            access=datetime.fromisoformat(raw["access"]),
            export=datetime.fromisoformat(raw["export"]),
            destroy=datetime.fromisoformat(raw["destroy"]),
            support=datetime.fromisoformat(support) if support else None,
            link_life=raw["link_life"],
            certificate=raw["certificate"],
            formats=tuple(raw["formats"]),
            clauses=raw["clauses"],
            ours=raw["ours"],
            texts=tuple((one[0], one[1]) for one in raw["texts"]),
        )

    def link_expires(self, made: datetime, *, zone: str) -> datetime:
        """When the link to a package that was made at `made` ends: after its life, and with the data at the latest."""
        span = read_span(self.link_life)
        return min(after(made, span, zone=zone) if span else made, last_start(self))


def facts_of(
    agreement: Agreement, *, ends_at: datetime, zone: str, scc: bool = False, texts: tuple[tuple[str, str], ...] = ()
) -> EndFacts:
    """What `agreement`, composed or not, says of a contract that ends at `ends_at`; `scc`: a transfer of the customer
    rests on standard contractual clauses, whose clause 8.5 wants the destruction certified."""
    end, support = agreement.terms.end, agreement.terms.support_data
    instants = end_instants(end, ends_at, zone=zone)
    clauses = {name: agreement.clause_of(f"end.{name}") for name in _FIELDS}
    ours = {name: agreement.is_ours(f"end.{name}") for name in _FIELDS}
    if support is not None:
        clauses["support"], ours["support"] = support.clause, support.authored
    certificate = end.certificate
    if scc and certificate != "always":
        certificate, clauses["certificate"], ours["certificate"] = "always", SCC, False
    return EndFacts(
        renewal=instants.renewal,
        access=instants.access,
        export=instants.export,
        destroy=instants.destroy,
        support=after(ends_at, support.keep, zone=zone) if support is not None else None,
        link_life=str(end.link_life),
        certificate=certificate,
        formats=tuple(end.formats or _USUAL_FORMATS),
        clauses=clauses,
        ours=ours,
        texts=texts,
    )


def last_start(facts: EndFacts) -> datetime:
    """When the last destruction begins at the latest, unless the customer confirms the end earlier."""
    return max(facts.access, facts.destroy - LEAD)


def close_at(facts: EndFacts, *, ends_at: datetime, confirmed: datetime | None = None) -> datetime:
    """When access ends and the live data goes."""
    return facts.access if confirmed is None else min(facts.access, max(confirmed, ends_at))


def destroy_at(facts: EndFacts, *, ends_at: datetime, confirmed: datetime | None = None) -> datetime:
    """When keys and copies go."""
    return last_start(facts) if confirmed is None else min(last_start(facts), max(confirmed, ends_at))


def timeline(facts: EndFacts, *, ends_at: datetime, zone: str, confirmed: datetime | None = None) -> Timeline:
    """The phases in order: each begins where the one before ends, those of no length are left out."""
    closed = close_at(facts, ends_at=ends_at, confirmed=confirmed)
    start = destroy_at(facts, ends_at=ends_at, confirmed=confirmed)
    gone = facts.destroy if confirmed is None else min(facts.destroy, start + LEAD)
    ends_at = ends_at.astimezone(UTC)
    cuts: list[tuple[PhaseKey, datetime, str]] = [
        ("renewable", min(facts.renewal, closed), "renew"),
        ("accessible", closed, "access"),
        ("returnable", max(closed, min(facts.export, start)), "export"),
        ("kept", start, "destroy"),
        ("destruction", gone, "destroy"),
    ]
    began = datetime.min.replace(tzinfo=UTC)
    phases = [_phase(facts, "running", began, ends_at, "access")]
    bounds = [ends_at, *(cut[1] for cut in cuts)]
    for (left, right), (key, _, field) in zip(pairwise(bounds), cuts, strict=True):
        if left < right:
            phases.append(_phase(facts, key, left, right, field))
    phases.append(replace(_phase(facts, "gone", gone, gone, "certificate"), ends=None))
    return Timeline(ends_at=ends_at, zone=zone, phases=tuple(phases))


def _phase(facts: EndFacts, key: PhaseKey, starts: datetime, ends: datetime, field: str) -> Phase:
    return Phase(key=key, starts=starts, ends=ends, clause=facts.clauses[field], ours=facts.ours[field])


def export_until(facts: EndFacts, *, ends_at: datetime, confirmed: datetime | None) -> datetime:
    """Until when an export may be asked for."""
    return min(facts.export, destroy_at(facts, ends_at=ends_at, confirmed=confirmed))
