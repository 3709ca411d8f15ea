"""Letters on their way: to the controller first, to the person by the channel it came by. In the outbox only until a
server took them: then nothing of them is left there in clear."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.conf import settings

from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.people import api as people
from parley.rights import clock, letters
from parley.rights.binding import Bound, own
from parley.rights.letters import Letter
from parley.rights.models import Request
from parley.rights.sealed import Reader
from parley.rights.story import MACHINE, locked, sheet_place, tell
from parley.rights.tokens import follow_url
from parley.tenancy import api as tenancy

DISPATCHED: Final = "rights.dispatched"
CLEAR: Final = "rights.clear-mail"
_LONGEST_IN_OUTBOX: Final = timedelta(days=8)
How = Literal["mail", "follow-page", "staff"]


def forward(row: Request, binds: Bound, *, person: dict[str, str], at: datetime, by_controller: bool) -> str:
    """Pass the request on to the controller; how: "mail", "controller" (it came from there), "console", "nowhere".

    KV-4 wants an e-mail to the order's address, so only its dispatch meets that duty. Where the agreement names no
    medium ("promptly", IX-8) and the order names no address, standing in the customer's console is passing on. What the
    customer's own people wrote down needs no passing on.
    """
    addresses = () if own() else contract.notice_addresses()
    if by_controller:
        how = "controller"
    elif addresses:
        how = "mail"
    else:
        how = "console" if binds.term.forward == "promptly" else "nowhere"
    if how == "mail":
        subject, text = letters.forward(
            tag=row.tag, kinds=row.kinds, received=letters.day(row.received_at, binds.zone),
            due=letters.day(row.due, binds.zone), person=person, console=console_url(row),
            clause=binds.clause_of("forward"),
        )  # fmt: skip
        _send(row, "forward", to=addresses, subject=subject, text=text, clause=binds.clause_of("forward"))
    elif how in ("controller", "console") and binds.term.forward != "no":
        obligations.meet(clock.key(row, "forward"), at=at, by="rights", details={"how": how})
    return how


def tell_person(
    row: Request, word: str, letter: Letter, *, at: datetime, email: str | None = None, number: int = 0
) -> How:
    """Write to the person; how it is told: by mail where an address is known, else on its page, or by staff.

    `email` is the address where the caller has it in clear. Who telephoned or sent a letter is called or written to by
    staff, with the text that the story keeps. Where the customer alone holds the key, no process can read the address
    later: then the person's page says it.
    """
    address = email if email is not None else opened(row).get("email", "")
    if not address:
        return "staff" if row.channel in ("telephone", "letter", "console") else "follow-page"
    subject, text = letter
    _send(row, word, to=(address,), subject=subject, text=text, clause=row.clause, number=number)
    tell(row, "mailed", who=MACHINE, at=at, facts={"letter": word}, leave=False)
    return "mail"


def write_to(row: Request, word: str, *, to: tuple[str, ...], letter: Letter, number: int = 0) -> None:
    """Write to somebody else about the request: a recipient of the data, another controller."""
    subject, text = letter
    _send(row, word, to=to, subject=subject, text=text, clause=row.clause, number=number)


def dispatched(work: obligations.Work) -> None:
    """A mail of a request was taken by a server, or nobody will: the story says so, and its text goes."""
    message_id, state = UUID(work.payload["message"]), work.payload["state"]
    _rights, request_id, word, *_rest = work.payload["key"].split(":")
    row = locked(UUID(request_id))
    message = mail.message(message_id)
    at = message.sent_at or work.now
    if state == "sent" and word == "forward":
        if row.forward != "no":
            obligations.meet(clock.key(row, "forward"), at=at, by="mail", details={"message": str(message_id)})
        tell(row, "forward-dispatched", who="mail", at=at, facts={"message": str(message_id)}, leave=False)
    if state == "failed":
        tell(row, "mail-failed", who="mail", at=work.now, facts={"letter": word, "message": str(message_id)})
        return
    if not mail.blank(message_id):
        obligations.enqueue(
            kind=CLEAR, key=f"{CLEAR}:{message_id}", due=work.now + _LONGEST_IN_OUTBOX,
            payload={"message": str(message_id)},
        )  # fmt: skip


def clear(work: obligations.Work) -> None:
    """The last recipient was tried: what a message said goes."""
    mail.blank(UUID(work.payload["message"]), whatever=True)


def opened(row: Request) -> dict[str, str]:
    """Who asks, in clear; empty where it stays sealed."""
    return dict(Reader.here().read(row.sealed, row.epoch, place=sheet_place(row.id)))


def console_url(row: Request) -> str:
    """Where the customer's people find the request."""
    place = "/provider" if own() else f"/c/{tenancy.current().handle}"
    return f"{settings.PARLEY_PUBLIC_URL}{place}/rights/{row.id}/"


def of_controller(by: str) -> bool:
    """Whether `by` is somebody of the customer in scope."""
    try:
        user = UUID(by)
    except ValueError:
        return False
    return any(account.id == user for account in people.accounts())


def follow(row: Request) -> str:
    """The person's page."""
    return follow_url(row.id)


def _send(
    row: Request, word: str, *, to: tuple[str, ...], subject: str, text: str, clause: str, number: int = 0
) -> None:
    mail.send(
        key=f"rights:{row.id}:{word}:{number}", to=to, subject=subject, text=text, purpose="rights", clause=clause,
        then=DISPATCHED,
    )  # fmt: skip
