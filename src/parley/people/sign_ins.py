"""Sessions: who is signed in, since when, from about where; ending them."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from parley.foundation.ids import new_id
from parley.people.evidence import leave
from parley.people.models import SignIn, User
from parley.people.types import Means, SignInView

SEEN_EVERY: Final = timedelta(minutes=5)
"""How often it is written down that a session is in use."""
_KNOWN: Final[dict[str, Means]] = {
    "password": "password", "codes": "codes", "recovery": "recovery", "passkey": "passkey", "openid": "openid",
}  # fmt: skip
_BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
    ("curl", "curl"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def begin(
    user: User, *, session_key: str, address: str, agent: str, means: Means, at: datetime
) -> UUID:  # fmt: skip
    """Write down that `user` signed in, in the session of that key, which is saved already. Its id."""
    row = SignIn.objects.create(
        id=new_id(at=at), session_id=session_key, user=user, started_at=at, seen_at=at, place=coarse(address),
        browser=browser_of(agent), means=means,
    )  # fmt: skip
    return row.id


def seen(sign_in: UUID, *, address: str, at: datetime) -> None:
    """The session is in use, from about there."""
    SignIn.objects.filter(pk=sign_in).update(seen_at=at, place=coarse(address))


def sign_ins(user_id: UUID | None = None, *, at: datetime, limit: int = 200) -> Sequence[SignInView]:
    """Sessions that have not ended, of one person or of everybody, last seen first."""
    rows = SignIn.objects.filter(session__expire_date__gt=at, user__is_active=True).order_by("-seen_at", "id")
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    return [
        SignInView(
            id=row.id, user_id=row.user_id, started_at=row.started_at, seen_at=row.seen_at, place=row.place,
            browser=row.browser, means=_KNOWN[row.means],
        )
        for row in rows[:limit]
    ]  # fmt: skip


def end(sign_in: UUID, *, user_id: UUID | None, by: UUID, at: datetime) -> bool:
    """End a session: of `user_id`, or anybody's when that is None. False when there is none."""
    rows = SignIn.objects.filter(pk=sign_in)
    return end_all(rows if user_id is None else rows.filter(user_id=user_id), by=by, at=at) > 0


def end_of(user_id: UUID, *, by: UUID, at: datetime, but: UUID | None = None) -> int:
    """Sign somebody out everywhere, `but` for one session; how many ended."""
    rows = SignIn.objects.filter(user_id=user_id)
    return end_all(rows if but is None else rows.exclude(pk=but), by=by, at=at)


def end_all(rows: QuerySet[SignIn], *, by: UUID, at: datetime) -> int:
    """End the sessions of `rows`; leaves evidence of each."""
    with transaction.atomic():
        found = list(rows.select_for_update().values_list("session_id", "user_id", "id"))
        Session.objects.filter(session_key__in=[session for session, _, _ in found]).delete()
        for _, person, sign_in in found:
            leave("person.session-ended", at=at, person=str(person), session=str(sign_in), user=str(by))
    return len(found)


def coarse(address: str) -> str:
    """The network of an address: its first 24 bits, of IPv6 48; "" for what is no address."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((known, 24 if known.version == 4 else 48), strict=False))


def browser_of(agent: str) -> str:
    """Browser and system in two words; what is not known is left out."""
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(word for word in (browser, system) if word)
