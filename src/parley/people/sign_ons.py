"""Sign-on of the customer's own: which providers there are, and whose account it is that comes back from one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db import IntegrityError, transaction

from parley.foundation.ids import new_id
from parley.people import openid
from parley.people.accounts import create_user
from parley.people.errors import AccountRefused, SignOnRefused
from parley.people.evidence import leave
from parley.people.models import ExternalIdentity, SignOn, User
from parley.people.secrets import seal, unseal
from parley.people.types import SIGN_ON_CLAIMS
from parley.sealing.api import blind_index
from parley.tenancy.api import current, keyring
from parley.webhooks import api as outward

MOST: Final = 10
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


@dataclass(frozen=True, kw_only=True)
class SignOnView:
    """A provider as pages show it; its secret stays where it is."""

    id: UUID
    name: str
    issuer: str
    client_id: str
    claim: str
    domains: tuple[str, ...]
    create_missing: bool
    people: int


def sign_ons() -> Sequence[SignOnView]:
    """The providers of the customer in scope, by name."""
    return [
        SignOnView(
            id=row.id, name=row.name, issuer=row.issuer, client_id=row.client_id, claim=row.claim,
            domains=tuple(row.domains), create_missing=row.create_missing, people=row.identities.count(),
        )
        for row in SignOn.objects.order_by("name", "id")
    ]  # fmt: skip


def add_sign_on(
    *, name: str, issuer: str, client_id: str, secret: str, claim: str, domains: Sequence[str], create_missing: bool,
    by: UUID, at: datetime,
) -> UUID:  # fmt: skip
    """One more provider, which is asked for its description first. Raises SignOnRefused; leaves evidence."""
    name, issuer = " ".join(name.split())[:100], issuer.strip()
    given = tuple(dict.fromkeys(one.strip().lower().removeprefix("@") for one in domains if one.strip()))
    if not name or not client_id.strip() or not secret or claim not in SIGN_ON_CLAIMS:
        raise SignOnRefused("a sign-on needs a name, a client id and a secret", remedy="Fill them in.")
    if not given or not all(_DOMAIN.fullmatch(one) for one in given):
        raise SignOnRefused("a sign-on speaks for domains", remedy="Name them as example.org, with commas between.")
    try:
        outward.checked(issuer)
    except outward.AddressRefused as error:
        raise SignOnRefused(f"the issuer: {error.args[0]}", remedy=error.remedy) from error
    openid.discover(issuer)
    try:
        with transaction.atomic():
            if SignOn.objects.count() >= MOST:
                raise SignOnRefused(f"there are {MOST} sign-ons already", remedy="Remove one that nobody uses.")
            made = SignOn(
                id=new_id(at=at), name=name, issuer=issuer, client_id=client_id.strip(), claim=claim,
                domains=list(given), create_missing=create_missing, made_at=at,
            )  # fmt: skip
            made.secret = seal(secret.encode(), place=f"sign-on:{made.id}")
            made.save(force_insert=True)
            leave("sign-on.added", at=at, user=str(by), sign_on=str(made.id), creates=create_missing)
    except IntegrityError as error:
        raise SignOnRefused("this issuer is set up already", remedy="Remove it first.") from error
    return made.id


def remove_sign_on(sign_on: UUID, *, by: UUID, at: datetime) -> None:
    """Nobody signs in by that provider any more; accounts stay. Leaves evidence."""
    with transaction.atomic():
        if SignOn.objects.filter(pk=sign_on).delete()[0]:
            leave("sign-on.removed", at=at, user=str(by), sign_on=str(sign_on))


def begin(sign_on: UUID, *, back: str) -> openid.Begun:
    """Send a browser to the provider. Raises SignOnRefused."""
    return openid.begin(_client(_row(sign_on)), back=back)


def finish(
    sign_on: UUID, answer: Mapping[str, str], *, state: str, nonce: str, verifier: str, back: str, at: datetime
) -> User:  # fmt: skip
    """Whose account came back; a new one where the provider may create accounts. Raises SignOnRefused."""
    row = _row(sign_on)
    claims = openid.finish(
        _client(row), answer, state=state, nonce=nonce, verifier=verifier, back=back, at=at
    )  # fmt: skip
    return _account(row, claims, at=at)


def end_address(sign_on: UUID, *, back: str) -> str:
    """Where a browser ends its session at the provider, "" when that offers none. Raises SignOnRefused."""
    row = _row(sign_on)
    place = openid.discover(row.issuer).end_session_endpoint
    asked = urlencode({"client_id": row.client_id, "post_logout_redirect_uri": back})
    return f"{place}{'&' if '?' in place else '?'}{asked}" if place else ""


def _account(row: SignOn, claims: Mapping[str, Any], *, at: datetime) -> User:
    """The account that the subject is linked to, else the one of its address, else a new one.

    An address counts only in the provider's domains, and not when the provider says that it never checked it.
    """
    index = blind_index(keyring().index_key(current(), "openid subjects"), field=str(row.id), value=claims["sub"])
    with transaction.atomic():
        known = row.identities.filter(subject_index=index).select_related("user").first()
        if known is not None:
            return _open(known.user)
        address = str(claims.get(row.claim, "")).strip().lower()
        if address.rpartition("@")[2] not in row.domains or claims.get("email_verified") is False:
            raise SignOnRefused(
                "the sign-on of your organisation does not speak for your address",
                remedy="Ask your administrator which domains it covers, and whether your address is confirmed there.",
            )
        user = User.objects.filter(email=address).first() or _created(row, claims, address)
        ExternalIdentity.objects.create(sign_on=row, user=_open(user), subject_index=index, linked_at=at)
        leave("person.sign-on-linked", at=at, person=str(user.id), sign_on=str(row.id))
        return user


def _created(row: SignOn, claims: Mapping[str, Any], address: str) -> User:
    if not row.create_missing:
        raise SignOnRefused("there is no account for you here", remedy="Ask your administrator to add you.")
    try:
        name = str(claims.get("name") or address)[:200]
        return create_user(email=address, name=name, password=None, role="user", region=None)
    except AccountRefused as error:
        raise SignOnRefused(str(error.args[0]), remedy=error.remedy) from error


def _open(user: User) -> User:
    if not user.is_active:
        raise SignOnRefused("your account is closed", remedy="Ask your administrator to open it again.")
    return user


def _row(sign_on: UUID) -> SignOn:
    row = SignOn.objects.filter(pk=sign_on).first()
    if row is None:
        raise SignOnRefused("there is no such sign-on here", remedy="Go to the first page and choose again.")
    return row


def _client(row: SignOn) -> openid.Client:
    secret = unseal(row.secret, place=f"sign-on:{row.id}").decode()
    return openid.Client(issuer=row.issuer, client_id=row.client_id, client_secret=secret)
