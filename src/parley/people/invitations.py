"""Links by which somebody sets a password: for a new account, or when the old one is lost.

A link holds as long as the password that it was made for: once followed, or after another was sent and followed, it is
nothing. It is kept nowhere but in the mail that carries it.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from parley.mail import api as mail
from parley.people.accounts import account, check_password_of
from parley.people.errors import InvitationRefused
from parley.people.evidence import clause, leave
from parley.people.models import SignIn, User
from parley.people.sign_ins import end_all
from parley.tenancy import api as tenancy

HOLDS: Final = timedelta(days=7)
_SALT: Final = "parley.invitation"


def invite(user_id: UUID, *, by: UUID, at: datetime) -> str:
    """Mail somebody a link to set a password; the link, for whoever must hand it over otherwise.

    Raises InvitationRefused for a closed account.
    """
    with transaction.atomic():
        user = account(user_id)
        if not user.is_active:
            raise InvitationRefused("this account is closed", remedy="Open it again first.")
        link = _link(user)
        customer = tenancy.current()
        mail.send(
            key=f"invitation:{user.id}:{at.isoformat()}",
            to=[user.email],
            subject=_("Your account at %(customer)s") % {"customer": customer.name},
            text=_(
                "%(name)s,\n\n"
                "there is an account for you at %(customer)s. Set a password within %(days)d days:\n\n%(link)s\n\n"
                "You then sign in with this e-mail address. If you did not expect this message, ignore it.\n"
            )
            % {"name": user.name, "customer": customer.name, "days": HOLDS.days, "link": link},
            purpose="invitation",
            clause=clause(at),
        )
        leave("person.invited", at=at, person=str(user.id), user=str(by))
    return link


def invited(token: str) -> User:
    """Whom a link invites. Raises InvitationRefused when it holds no more, or never did."""
    try:
        statement = signing.loads(token, salt=_SALT, max_age=HOLDS)
        user = User.objects.filter(pk=UUID(statement["user"]), is_active=True).first()
    except (signing.BadSignature, KeyError, TypeError, ValueError) as error:
        raise _spent() from error
    here = statement["customer"] == str(tenancy.current().id)
    if user is None or not here or not constant_time_compare(statement["bound"], _bound(user)):
        raise _spent()
    return user


def accept(token: str, password: str, *, at: datetime) -> User:
    """The password of whom the link invites, from now on; sessions that run end. Raises InvitationRefused,
    AccountRefused for a weak password."""
    with transaction.atomic():
        account(invited(token).pk)
        user = invited(token)  # once more, now that nobody else follows it beside
        check_password_of(user, password)
        user.password = make_password(password)
        user.save(update_fields=["password"])
        leave("person.password-set", at=at, person=str(user.id))
        end_all(SignIn.objects.filter(user=user), by=user.id, at=at)
    return user


def _link(user: User) -> str:
    customer = tenancy.current()
    statement = {"customer": str(customer.id), "user": str(user.id), "bound": _bound(user)}
    place = "provider" if customer.kind == "provider" else f"c/{customer.handle}"
    return f"{settings.PARLEY_PUBLIC_URL}/{place}/join/{signing.dumps(statement, salt=_SALT)}"


def _bound(user: User) -> str:
    """Changes with the account's password."""
    return salted_hmac(_SALT, user.password).hexdigest()[:32]


def _spent() -> InvitationRefused:
    return InvitationRefused(
        "this link holds no more", remedy="It was used, is older than 7 days, or was copied in part: ask for a new one."
    )
