"""OpenID Connect as a relying party: authorization code with PKCE; what a provider says is believed when it proves it.

Sources: OpenID Connect Core 1.0 section 3.1, Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (who answered). Providers are
called as `webhooks.fetch` calls: public https, no redirects, bounded in time and size. Nothing here is stored.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from parley.people.errors import SignOnRefused
from parley.webhooks import api as outward

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a public key alone: never "none", never one that the client secret could make."""
LEEWAY: Final = timedelta(minutes=2)
_MOST: Final = 256 * 1024
_LAST_MOMENT: Final = 2**53
"""Seconds since 1970 that a moment stays below: no integer of JSON overflows a float."""
_NEEDED: Final = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, kw_only=True)
class Client:
    """Who we are to a provider."""

    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Where the browser goes, and what to remember until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a provider says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    end_session_endpoint: str
    secret_in_body: bool
    names_itself: bool


def discover(issuer: str) -> Metadata:
    """The provider's own description. Raises SignOnRefused."""
    read = _json(f"{issuer.rstrip('/')}/.well-known/openid-configuration", what="its description")
    if any(not isinstance(read.get(name), str) for name in _NEEDED):
        raise _refused("its description lacks what OpenID Connect needs", "Check the issuer's address.")
    if read["issuer"] != issuer:
        raise _refused("it calls itself by another name", f"Set the issuer to exactly {read['issuer'][:200]}.")
    methods = read.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    optional = {name: read.get(name) for name in ("userinfo_endpoint", "end_session_endpoint")}
    said = {name: _called(place) if isinstance(place, str) and place else "" for name, place in optional.items()}
    return Metadata(
        authorization_endpoint=_called(read["authorization_endpoint"]),
        token_endpoint=_called(read["token_endpoint"]),
        jwks_uri=_called(read["jwks_uri"]),
        userinfo_endpoint=said["userinfo_endpoint"],
        end_session_endpoint=said["end_session_endpoint"],
        secret_in_body="client_secret_basic" not in methods,
        names_itself=read.get("authorization_response_iss_parameter_supported") is True,
    )


def begin(client: Client, *, back: str) -> Begun:
    """Send a browser to the provider, which sends it back to the address `back`. Raises SignOnRefused."""
    metadata = discover(client.issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    asked = {
        "response_type": "code", "client_id": client.client_id, "redirect_uri": back, "scope": "openid email profile",
        "state": state, "nonce": nonce, "code_challenge": _challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    place = metadata.authorization_endpoint
    return Begun(
        url=f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}", state=state, nonce=nonce, verifier=verifier
    )


def finish(
    client: Client, answer: Mapping[str, str], *, state: str, nonce: str, verifier: str, back: str, at: datetime
) -> Mapping[str, Any]:
    """The proved claims of whoever came back with `answer`, the parameters of its address. Raises SignOnRefused."""
    if not state or not secrets.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise _refused("the answer belongs to no sign-in that was begun here", "Sign in again from the first page.")
    metadata = discover(client.issuer)
    named = answer.get("iss")
    if named != client.issuer and (named is not None or metadata.names_itself):
        raise _refused("another provider answered than was asked", "Sign in again from the first page.")
    if "error" in answer:
        raise _refused("it let nobody in", "Try again, or ask whoever looks after it.")
    token, access = _redeem(client, metadata, answer.get("code", ""), verifier=verifier, back=back)
    claims = checked_claims(client, token, _keys(metadata), nonce=nonce, at=at)
    return {**_told(metadata, access, subject=claims["sub"]), **claims}


def checked_claims(client: Client, token: str, keys: KeySet, *, nonce: str, at: datetime) -> Mapping[str, Any]:
    """The claims of an ID token (Core section 3.1.3.7). Raises SignOnRefused naming what is wrong."""
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError) as error:
        raise _refused("its token is not signed by it", "Tell whoever looks after it: the signature.") from error
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != client.issuer:
        raise _refused("its token is of another issuer", "Tell whoever looks after it: iss.")
    if client.client_id not in listed or (len(listed) > 1 and claims.get("azp") != client.client_id):
        raise _refused("its token is for another client", "Compare the client id there and here.")
    if not _moment(claims.get("exp")) > at.timestamp() - LEEWAY.total_seconds():
        raise _refused("its token is over", "Compare the clocks of both sides, and sign in again.")
    if not _moment(claims.get("iat")) < at.timestamp() + LEEWAY.total_seconds():
        raise _refused("its token is of the future", "Compare the clocks of both sides.")
    if not nonce or not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise _refused("its token is of another sign-in", "Sign in again from the first page.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise _refused("its token names nobody", "Tell whoever looks after it: sub.")
    return claims


def _redeem(client: Client, metadata: Metadata, code: str, *, verifier: str, back: str) -> tuple[str, str]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if metadata.secret_in_body:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    else:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    read = _json(metadata.token_endpoint, what="the code", body=urlencode(form).encode(), headers=headers)
    token = read.get("id_token")
    if not isinstance(token, str):
        raise _refused("it gave no ID token", "Check that the client may ask for the scope openid.")
    access = read.get("access_token")
    return token, access if isinstance(access, str) and access.isascii() and access.isprintable() else ""


def _told(metadata: Metadata, access: str, *, subject: str) -> Mapping[str, Any]:
    """What the provider tells of the subject beside its token (Core section 5.3), nothing when it tells of another."""
    if not metadata.userinfo_endpoint or not access:
        return {}
    headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
    told = _json(metadata.userinfo_endpoint, what="who came back", headers=headers)
    if told.get("sub") != subject:
        raise _refused("it tells of another person than its token", "Tell whoever looks after it: userinfo.")
    return told


def _keys(metadata: Metadata) -> KeySet:
    read = _json(metadata.jwks_uri, what="its keys")
    try:
        # Keys of kinds that we do not know are left out; an octet key would make the secret a signature.
        known = [key for key in read.get("keys", []) if key.get("kty") in {"RSA", "EC", "OKP"}]
        return KeySet.import_key_set({"keys": known})
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise _refused("its keys cannot be read", "Tell whoever looks after it: jwks_uri.") from error


def _json(
    address: str, *, what: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    try:
        answer = outward.fetch(
            address, body=body, headers=headers or {"Accept": "application/json"}, most=_MOST
        )  # fmt: skip
        read = json.loads(answer.body) if answer.status == 200 else None
    except (outward.AddressRefused, outward.NoAnswer) as error:
        raise _refused(f"{what} cannot be asked for: {error.args[0]}", "Try again; check the address.") from error
    except (ValueError, RecursionError) as error:
        raise _refused(f"{what}: the answer is no JSON", "Check the issuer's address.") from error
    if not isinstance(read, dict):
        raise _refused(f"{what}: it answers {answer.status}", "Check issuer, client id and client secret.")
    return read


def _called(address: str) -> str:
    try:
        return outward.checked(address)
    except outward.AddressRefused as error:
        raise _refused(f"it names an address that is not called: {error.args[0]}", str(error.remedy)) from error


def _moment(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= _LAST_MOMENT:
        return float("nan")
    return float(value)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _refused(what: str, remedy: str) -> SignOnRefused:
    return SignOnRefused(f"the sign-on of your organisation: {what}", remedy=remedy)
