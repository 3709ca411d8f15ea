"""How a customer stands at this moment: all that the gate must know beside the agreement. Pure, and kept as JSON.

Recorder, worker and web ask gates with it and no further query; whoever changes it is in `governance`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from parley.agreement.types import GateRequest, Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One agreement that binds the customer: the version, the digest of the text that was signed, what the order form
    sets anew ("breach.within": "24 hours"), and since when."""

    agreement: str
    version: str
    digest: str
    since: datetime
    overrides: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A customer's standing. `zone` is the time zone in which its deadlines fall.

    `withdrawn_purposes` are instructed by signing and were taken back; `added_purposes` were instructed besides;
    `suspended_purposes` wait to be confirmed or modified. `recipients`: sub-processors by key, with the instant from
    which each may receive this customer's data.
    """

    signed: tuple[Signed, ...] = ()
    zone: str = "UTC"
    added_purposes: frozenset[str] = frozenset()
    withdrawn_purposes: frozenset[str] = frozenset()
    suspended_purposes: frozenset[str] = frozenset()
    acceptable_use_suspended: bool = False
    confirmed_transfers: frozenset[str] = frozenset()
    contract_ended_at: datetime | None = None
    recipients: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    grants: tuple[Grant, ...] = ()

    def on(self, request: GateRequest, *, signed_purposes: frozenset[str]) -> GateRequest:
        """`request` with everything that this standing knows."""
        return replace(
            request,
            subscription_state="ended" if self.contract_ended_at and self.contract_ended_at <= request.at else "active",
            contract_ended_at=self.contract_ended_at,
            instructed_purposes=(signed_purposes | self.added_purposes) - self.withdrawn_purposes,
            suspended_purposes=self.suspended_purposes,
            acceptable_use_suspended=self.acceptable_use_suspended,
            confirmed_transfers=self.confirmed_transfers,
            recipients=self.recipients,
            grants=self.grants,
            zone=self.zone,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `standing_from_json` is the way back."""
        return {
            "signed": [
                {
                    "agreement": one.agreement,
                    "version": one.version,
                    "digest": one.digest,
                    "since": one.since.isoformat(),
                    "overrides": dict(one.overrides),
                }
                for one in self.signed
            ],
            "zone": self.zone,
            "added_purposes": sorted(self.added_purposes),
            "withdrawn_purposes": sorted(self.withdrawn_purposes),
            "suspended_purposes": sorted(self.suspended_purposes),
            "acceptable_use_suspended": self.acceptable_use_suspended,
            "confirmed_transfers": sorted(self.confirmed_transfers),
            "contract_ended_at": self.contract_ended_at.isoformat() if self.contract_ended_at else None,
            "recipients": {key: opens.isoformat() for key, opens in self.recipients.items()},
            "grants": [
                {
                    "id": grant.id,
                    "person": grant.person,
                    "purpose": grant.purpose,
                    "offering": grant.offering,
                    "starts": grant.starts.isoformat(),
                    "ends": grant.ends.isoformat(),
                    "consented": grant.consented,
                }
                for grant in self.grants
            ],
        }


def standing_from_json(raw: Mapping[str, Any]) -> Standing:
    """The standing that `Standing.to_json` wrote; what is missing has its default."""
    ended = raw.get("contract_ended_at")
    return Standing(
        signed=tuple(
            Signed(
                agreement=one["agreement"],
                version=one["version"],
                digest=one["digest"],
                since=datetime.fromisoformat(one["since"]),
                overrides=MappingProxyType(dict(one["overrides"])),
            )
            for one in raw.get("signed", ())
        ),
        zone=raw.get("zone", "UTC"),
        added_purposes=frozenset(raw.get("added_purposes", ())),
        withdrawn_purposes=frozenset(raw.get("withdrawn_purposes", ())),
        suspended_purposes=frozenset(raw.get("suspended_purposes", ())),
        acceptable_use_suspended=bool(raw.get("acceptable_use_suspended", False)),
        confirmed_transfers=frozenset(raw.get("confirmed_transfers", ())),
        contract_ended_at=datetime.fromisoformat(ended) if ended else None,
        recipients=MappingProxyType(
            {key: datetime.fromisoformat(opens) for key, opens in raw.get("recipients", {}).items()}
        ),
        grants=tuple(
            Grant(
                id=one["id"],
                person=one["person"],
                purpose=one["purpose"],
                offering=one["offering"],
                starts=datetime.fromisoformat(one["starts"]),
                ends=datetime.fromisoformat(one["ends"]),
                consented=bool(one["consented"]),
            )
            for one in raw.get("grants", ())
        ),
    )
