"""Telling the customer by e-mail; a duty to tell is met when a server took the message."""

from datetime import UTC, datetime

from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations import api as obligations

TOLD = "instructions.told"


def tell(*, key: str, subject: str, text: str, clause: str, duty: bool = False) -> bool:
    """Write to the addresses for notices, in the caller's transaction; whether there is anybody to write to.

    With `duty`, the duty `<key>:tell-customer` is met when a mail server took the message.
    """
    addresses = contract.notice_addresses()
    if not addresses:
        return False
    mail.send(
        key=key,
        to=addresses,
        subject=subject,
        text=text,
        purpose="instructions",
        clause=clause,
        then=TOLD if duty else "",
    )
    return True


def told(work: obligations.Work) -> None:
    """Handler of `instructions.told`: the message went out, or nobody took it; then the duty falls due and is loud."""
    if work.payload["state"] == "sent":
        meet(str(work.payload["key"]), at=datetime.now(UTC), by="mail", message=str(work.payload["message"]))


def meet(event_key: str, *, at: datetime, by: str, **details: str) -> None:
    """The customer knows: the duty to tell it is met."""
    key = f"{event_key}:tell-customer"
    if obligations.duty(key) is not None:
        obligations.meet(key, at=at, by=by, details=dict(details))
