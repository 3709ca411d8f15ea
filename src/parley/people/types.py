"""What people tells others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

Role = Literal["operator", "administrator", "compliance", "supervisor", "user"]
ROLES: tuple[Role, ...] = ("operator", "administrator", "compliance", "supervisor", "user")
SEES_ALL: frozenset[Role] = frozenset({"administrator", "compliance"})

Level = Literal["own", "group", "complete"]
"""Whose calls somebody sees: those it took part in, those of its groups, all."""
LEVELS: tuple[Level, ...] = ("own", "group", "complete")
LEVEL_OF: Final[Mapping[Role, Level]] = {
    "operator": "own", "administrator": "complete", "compliance": "complete", "supervisor": "group", "user": "own",
}  # fmt: skip
"""The level that comes with a role; users and supervisors may be given another."""

NumberKind = Literal["did", "extension", "pbx-name"]
NUMBER_KINDS: tuple[NumberKind, ...] = ("did", "extension", "pbx-name")
"""Match keys: a public number, an extension, a name at the PBX (UPN)."""

Means = Literal["password", "codes", "recovery", "passkey", "openid"]
"""What proved a sign-in: a password alone, with a one-time or a recovery code; a passkey; a sign-on
elsewhere."""
STRONG: frozenset[Means] = frozenset({"codes", "recovery", "passkey", "openid"})
"""Those that count as a second factor; of a sign-on elsewhere the other side is trusted."""


SIGN_ON_CLAIMS: tuple[str, ...] = ("email", "preferred_username", "upn")
"""What an OpenID provider may name an account by: each must hold an e-mail address."""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Whose calls somebody may see: those of `number_indexes` (blind indexes), or all when that is None.

    `oversees` is whether its role includes the pages of duties and settings. `may_download` and `may_delete` are about
    the recordings that it sees.
    """

    user_id: UUID
    role: Role
    number_indexes: frozenset[bytes] | None
    level: Level = "own"
    may_download: bool = True
    may_delete: bool = False

    @property
    def oversees(self) -> bool:
        """Administrators and compliance officers."""
        return self.role in SEES_ALL


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the customer decided for all its people."""

    own_visible: bool = True
    own_download: bool = True
    factor_roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, kw_only=True)
class MatchKey:
    """A number, an extension or a name at the PBX as a page shows it; `value` "" where the customer holds the key."""

    id: UUID
    kind: NumberKind
    value: str


@dataclass(frozen=True, kw_only=True)
class SignInView:
    """A session as a page lists it."""

    id: UUID
    user_id: UUID
    started_at: datetime
    seen_at: datetime
    place: str
    browser: str
    means: Means
