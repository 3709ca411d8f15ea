"""Who calls the interface for programs: a session of the console, an API token, or a key for programs.

A token (`parley.tokens`) opens the operations of its scopes, below `API` and nowhere else. Whoever sends one is who it
says, whatever session came along; one that does not hold is nobody.

A key is a signed statement of whose account calls which customer, good for a year. It is kept nowhere. It ends with its
account, when the account's password changes, and by its age; it opens the addresses below `OPENDSR` and nothing else.
"""

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from parley.people import api as people
from parley.tokens import api as tokens
from parley.web.place import inside

API: Final = "/api/v1/"
OPENDSR: Final = "/api/v1/opendsr/v3/"
_TO_ALL: Final = frozenset({OPENDSR + "discovery", OPENDSR + "certificate"})
_SALT: Final = "parley.key-for-programs"
LIVES: Final = 366 * 24 * 3600
MAY_CALL: Final = frozenset({"administrator", "compliance"})


def open_to_all(path: str) -> bool:
    """Whether whoever checks our signatures may read this address."""
    return path in _TO_ALL


def token(request: HttpRequest) -> str:
    """The API token that came with the request, "" for none."""
    word, _space, text = request.headers.get("Authorization", "").partition(" ")
    text = text.strip()
    here = word.lower() == "bearer" and text.startswith(tokens.PREFIX) and request.path_info.startswith(API)
    return text if here else ""


def enter(request: HttpRequest) -> bool:
    """Let the request in as who its token says; False when the token does not hold here."""
    bearer = tokens.bearer(token(request), at=timezone.now())
    if bearer is None:
        return False
    here = inside(request)
    here.person, here.viewer = bearer.person, bearer.viewer
    request.META["parley.bearer"] = bearer
    return True


def bearer_of(request: HttpRequest) -> tokens.Bearer | None:
    """Who came with a token, None for a session and for a key for programs."""
    found = request.META.get("parley.bearer")
    return found if isinstance(found, tokens.Bearer) else None


def make_key(request: HttpRequest) -> str:
    """A key for programs of the person signed in."""
    here = inside(request)
    statement = {"customer": str(here.customer.id), "user": str(here.person.id), "bound": _bound(here.person)}
    return signing.dumps(statement, salt=_SALT)


def person(request: HttpRequest) -> people.User | None:
    """Whose key came with the request, if there is one that holds here."""
    word, _, key = request.headers.get("Authorization", "").partition(" ")
    if word.lower() != "bearer" or not request.path_info.startswith(OPENDSR):
        return None
    try:
        statement = signing.loads(key.strip(), salt=_SALT, max_age=LIVES)
    except signing.BadSignature:
        return None
    if statement["customer"] != str(inside(request).customer.id):
        return None
    user = people.by_id(statement["user"])
    if user is None or user.role not in MAY_CALL or not constant_time_compare(statement["bound"], _bound(user)):
        return None
    request.META["parley.key"] = True
    return user


def may_write(request: HttpRequest) -> bool:
    """Whether a request that changes something comes from who it seems: with a key, or from a page of ours."""
    if request.META.get("parley.key") is True or bearer_of(request) is not None:
        return True
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    return origin in {request.get_host(), urlsplit(settings.PARLEY_PUBLIC_URL).netloc}


def _bound(user: people.User) -> str:
    """Changes with the account's password."""
    return salted_hmac(_SALT, user.password).hexdigest()[:32]
