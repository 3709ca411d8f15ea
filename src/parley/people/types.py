"""What people tells others."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Role = Literal["operator", "administrator", "compliance", "supervisor", "user"]
ROLES: tuple[Role, ...] = ("operator", "administrator", "compliance", "supervisor", "user")
SEES_ALL: frozenset[Role] = frozenset({"administrator", "compliance"})


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Whose calls somebody may see: those of `number_indexes` (blind indexes), or all when that is None."""

    user_id: UUID
    role: Role
    number_indexes: frozenset[bytes] | None
