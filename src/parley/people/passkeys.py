"""Passkeys (W3C Web Authentication): made by a device that checks who holds it, hence two factors in one.

Attestation is not asked for: which device somebody trusts is its own business. User verification (finger, face, PIN) is
required, so that a passkey signs in without a password.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import webauthn
from django.db import IntegrityError, transaction
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from parley.foundation.ids import new_id
from parley.people.accounts import account
from parley.people.errors import FactorRefused
from parley.people.evidence import leave
from parley.people.models import Passkey, User
from parley.tenancy.api import current

MOST_PER_PERSON: Final = 10
_LONGEST: Final = 100_000
_UNREADABLE: Final = (WebAuthnException, KeyError, TypeError, ValueError, RecursionError)
"""What the library raises for an answer that no device of the right kind gave."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where passkeys belong to: the host, and the origin that browsers must name (`https://host`, with its port)."""

    host: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a browser is asked: the options as JSON, and the challenge to remember until it answers (base64url)."""

    options: str
    challenge: str


def ask_new(user: User, site: Site) -> Asked:
    """Ask the browser of `user` for a new passkey. Raises FactorRefused when there are ten."""
    known = [bytes(one) for one in user.passkeys.values_list("credential_id", flat=True)]
    if len(known) >= MOST_PER_PERSON:
        raise FactorRefused(f"an account has at most {MOST_PER_PERSON} passkeys", remedy="Remove one first.")
    options = webauthn.generate_registration_options(
        rp_id=site.host, rp_name=current().name, user_name=user.email, user_id=user.id.bytes,
        user_display_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )  # fmt: skip
    return Asked(options=webauthn.options_to_json(options), challenge=bytes_to_base64url(options.challenge))


def add(user: User, answer: str, *, challenge: str, site: Site, name: str, at: datetime) -> None:
    """The passkey that the browser made. Raises FactorRefused; leaves evidence."""
    try:
        made = webauthn.verify_registration_response(
            credential=_json(answer, challenge=challenge), expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host, expected_origin=site.origin, require_user_verification=True,
        )  # fmt: skip
    except _UNREADABLE as error:
        raise _refused() from error
    name = " ".join(name.split())[:100]
    try:
        with transaction.atomic():
            account(user.id)
            Passkey.objects.create(
                id=new_id(at=at), user=user, credential_id=made.credential_id,
                public_key=made.credential_public_key, sign_count=made.sign_count, name=name or f"{at:%Y-%m-%d}",
                rp_id=site.host, made_at=at,
            )  # fmt: skip
            leave("person.factor-added", at=at, person=str(user.id), factor="passkey")
    except IntegrityError as error:
        raise FactorRefused("this passkey is known already", remedy="Use another device or key.") from error


def ask(site: Site, user: User | None = None) -> Asked:
    """Ask a browser to prove a passkey, one of `user` where that is known."""
    known = user.passkeys.filter(rp_id=site.host).values_list("credential_id", flat=True) if user else ()
    options = webauthn.generate_authentication_options(
        rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=[PublicKeyCredentialDescriptor(id=bytes(one)) for one in known],
    )  # fmt: skip
    return Asked(options=webauthn.options_to_json(options), challenge=bytes_to_base64url(options.challenge))


def proved(answer: str, *, challenge: str, site: Site, at: datetime, user: User | None = None) -> User:
    """Whose passkey answered, `user`'s where that is known. Raises FactorRefused.

    A counter that goes back tells of a copied device: it is refused (W3C Web Authentication section 6.1.1).
    """
    try:
        credential = _json(answer, challenge=challenge)
        identity = base64url_to_bytes(str(credential["rawId"]))
    except _UNREADABLE as error:
        raise _refused() from error
    with transaction.atomic():
        rows = Passkey.objects.select_for_update(of=("self",)).select_related("user")
        row = rows.filter(credential_id=identity, rp_id=site.host, user__is_active=True).first()
        if row is None or (user is not None and row.user_id != user.id):
            raise _refused()
        try:
            verified = webauthn.verify_authentication_response(
                credential=credential, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=site.host,
                expected_origin=site.origin, credential_public_key=bytes(row.public_key),
                credential_current_sign_count=row.sign_count, require_user_verification=True,
            )  # fmt: skip
        except _UNREADABLE as error:
            raise _refused() from error
        row.sign_count, row.used_at = verified.new_sign_count, at
        row.save(update_fields=["sign_count", "used_at"])
        return row.user


def _json(answer: str, *, challenge: str) -> dict[str, Any]:
    read = json.loads(answer[:_LONGEST])
    if not isinstance(read, dict) or not challenge:
        raise TypeError("no credential, or none was asked for")
    return read


def _refused() -> FactorRefused:
    return FactorRefused("this passkey does not prove who you are", remedy="Try again, or sign in another way.")
