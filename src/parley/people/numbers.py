"""Match keys: what tells that a party of a call is one of the customer's people."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from parley.foundation.ids import new_id
from parley.foundation.numbers import canonical_number
from parley.people.errors import AccountRefused
from parley.people.evidence import leave
from parley.people.models import User, UserNumber
from parley.people.types import NUMBER_KINDS, MatchKey, NumberKind
from parley.sealing.api import blind_index, open_bytes, seal_bytes
from parley.tenancy import api as tenancy

MOST_PER_PERSON = 20
_LONGEST = 100


def canonical_key(value: str, *, kind: NumberKind, region: str | None) -> str:
    """The form in which a party of a call is indexed. Raises AccountRefused.

    Of a name at the PBX (UPN) only what stands before "@" counts: recording clients write it as the user of a SIP
    address, and the host there is that of the PBX.
    """
    value = value.strip()
    plain = canonical_number(value.partition("@")[0] if kind == "pbx-name" else value, region)
    if not plain or len(value) > _LONGEST:
        raise AccountRefused("this is no match key", remedy="Give a number, an extension or a name at the PBX.")
    if kind != "pbx-name" and not any(letter.isdigit() for letter in plain):
        raise AccountRefused("a number needs digits", remedy="Write it as +39 0584 943232, an extension as 232.")
    return plain


def index_of(canonical: str) -> bytes:
    """The blind index of a match key, for the customer in scope."""
    return Indexer()(canonical)


class Indexer:
    """Makes blind indexes of the customer in scope; the key is read once."""

    def __init__(self) -> None:
        self._key = tenancy.keyring().index_key(tenancy.current(), "number")

    def __call__(self, canonical: str) -> bytes:
        return blind_index(self._key, field="number", value=canonical)


def home_region() -> str | None:
    """The country of numbers without one: that of the customer's first trunk."""
    return next((trunk.region for trunk in tenancy.trunks(tenancy.current()) if trunk.region), None)


def add_number(user: User, value: str, *, kind: NumberKind, region: str | None) -> UserNumber:
    """One more match key of `user`, in the caller's transaction. Raises AccountRefused."""
    canonical = canonical_key(value, kind=kind, region=region)
    index = index_of(canonical)
    taken = UserNumber.objects.filter(number_index=index).select_related("user").first()
    if taken is not None:
        raise AccountRefused(
            "this number belongs to somebody already" if taken.user.is_active else "this number is of a closed account",
            remedy="Take it away from that account first; its calls then belong to whoever gets the number.",
        )
    return UserNumber.objects.create(
        id=new_id(at=timezone.now()),
        user=user,
        number_index=index,
        sealed=seal_bytes(canonical.encode(), tenancy.current().recipients),
        kind=kind,
    )


def give_number(
    user_id: UUID, value: str, *, kind: NumberKind, region: str | None, by: UUID, at: datetime
) -> UserNumber:
    """A match key for an account, with evidence that does not name it. Raises AccountRefused."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        if kind not in NUMBER_KINDS or user.numbers.count() >= MOST_PER_PERSON:
            raise AccountRefused(
                f"an account has at most {MOST_PER_PERSON} match keys", remedy="Take one away that is not used."
            )
        added = add_number(user, value, kind=kind, region=region)
        leave("person.changed", at=at, person=str(user.id), what="number-added", user=str(by))
    return added


def take_number(user_id: UUID, number_id: UUID, *, by: UUID, at: datetime) -> None:
    """The account has this match key no more; calls that it took part in are no longer its own."""
    with transaction.atomic():
        if UserNumber.objects.filter(pk=number_id, user_id=user_id).delete()[0]:
            leave("person.changed", at=at, person=str(user_id), what="number-removed", user=str(by))


def match_keys(user: User) -> Sequence[MatchKey]:
    """The match keys of `user`, opened where the provider holds the customer's key."""
    identities = tenancy.keyring().identities(tenancy.current())
    return [
        MatchKey(
            id=row.id,
            kind=next(kind for kind in NUMBER_KINDS if kind == row.kind),
            value=open_bytes(bytes(row.sealed), identities).decode() if identities else "",
        )
        for row in user.numbers.order_by("kind", "id")
    ]
