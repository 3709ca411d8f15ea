"""What tokens tell others: scopes, tokens, whoever comes with one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from parley.people.api import User, Viewer

Scope = Literal[
    "recordings:read",
    "recordings:listen",
    "recordings:write",
    "recordings:delete",
    "recordings:reseal",
    "live:read",
    "live:control",
    "alarms:read",
    "alarms:write",
    "policies:read",
    "policies:write",
    "contacts:read",
    "contacts:write",
    "contacts:lookup",
    "holds:read",
    "holds:write",
    "retention:read",
    "retention:write",
    "exports:read",
    "exports:write",
    "people:read",
    "people:write",
    "audit:read",
    "rights:read",
    "rights:write",
    "webhooks:read",
    "webhooks:write",
]
SCOPES: Final[Mapping[Scope, str]] = MappingProxyType(
    {
        "recordings:read": "find recordings and read what is known of them",
        "recordings:listen": "fetch sound, waveforms and sealed originals",
        "recordings:write": "add and remove notes and tags",
        "recordings:delete": "delete recordings",
        "recordings:reseal": "fetch headers of recordings under former keys, and seal them anew",
        "live:read": "see the calls that are being recorded",
        "live:control": "pause, resume, start and keep calls that run, note and tag them",
        "alarms:read": "read alarms",
        "alarms:write": "say that alarms were seen",
        "policies:read": "read recording policies",
        "policies:write": "add, change, move and remove recording policies",
        "contacts:read": "read and search contacts",
        "contacts:write": "add, change and delete contacts",
        "contacts:lookup": "tell who calls from a number",
        "holds:read": "read legal holds",
        "holds:write": "place and lift legal holds",
        "retention:read": "read the rules of retention and what they would delete",
        "retention:write": "set rules of retention",
        "exports:read": "read exports and their links",
        "exports:write": "ask for exports and withdraw them",
        "people:read": "read who has an account, its groups and sessions, and who may see what",
        "people:write": "invite, change and close people and groups, end sessions, as their administrator",
        "audit:read": "read the audit trail and its proofs",
        "rights:read": "read how requests of persons stand",
        "rights:write": "hand in and take back requests of persons",
        "webhooks:read": "read endpoints of webhooks and their deliveries",
        "webhooks:write": "make, change, test and replay webhooks",
    }
)
"""What a token may do, one for each group of operations, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token as a page lists it; `hint` is its end, to tell it from others. `last_used` is a day, no more.

    `groups` None: it sees what its maker sees; else of that only the calls of these groups.
    """

    id: UUID
    name: str
    hint: str
    scopes: tuple[Scope, ...]
    groups: tuple[UUID, ...] | None
    made_by: UUID
    made_at: datetime
    expires_at: datetime
    last_used: date | None
    revoked_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it opens anything at `at`, as far as it says itself; its maker's account must be open as well."""
        return self.revoked_at is None and at < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A token with its text, which is shown once and kept nowhere."""

    id: UUID
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whoever comes with a token: for which person, what it may see, what it may do."""

    token_id: UUID
    person: User
    viewer: Viewer
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the token includes `scope`."""
        return scope in self.scopes
