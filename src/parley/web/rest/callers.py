"""Who calls the interface for programs: a session of the console, or a key for programs.

A key is a signed statement of whose account calls which customer, good for a year. It is kept nowhere. It ends with its
account, when the account's password changes, and by its age; it opens the addresses below `OPENDSR` and nothing else.
"""

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from parley.people import api as people
from parley.web.place import inside

OPENDSR: Final = "/api/v1/opendsr/v3/"
_TO_ALL: Final = frozenset({OPENDSR + "discovery", OPENDSR + "certificate"})
_SALT: Final = "parley.key-for-programs"
LIVES: Final = 366 * 24 * 3600
MAY_CALL: Final = frozenset({"administrator", "compliance"})


def open_to_all(path: str) -> bool:
    """Whether whoever checks our signatures may read this address."""
    return path in _TO_ALL


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
    if request.META.get("parley.key") is True:
        return True
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    return origin in {request.get_host(), urlsplit(settings.PARLEY_PUBLIC_URL).netloc}


def _bound(user: people.User) -> str:
    """Changes with the account's password."""
    return salted_hmac(_SALT, user.password).hexdigest()[:32]
