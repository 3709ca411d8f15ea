"""Who received such data is told what a person's request did to it (GDPR Art. 19): sub-processors by letter, the
customer's programs by webhook. Programs are told ids alone: what there is to know of a record now, they fetch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from parley.agreement.api import OFFERINGS
from parley.governance.subprocessors import api as subprocessors
from parley.inventory.api import Held, stores
from parley.mail import api as mail
from parley.rights import letters, notices
from parley.rights.binding import own
from parley.rights.models import Request
from parley.rights.story import MACHINE, tell
from parley.tenancy import api as tenancy
from parley.webhooks import api as webhooks

Deed = Literal["rectification", "erasure", "restriction", "lifting"]
_WORDS: Final[Mapping[Deed, str]] = {
    "rectification": "rectified", "restriction": "restricted", "lifting": "unrestricted",
}  # fmt: skip
"""What webhooks call it. Of an erasure the stores themselves tell, whatever caused it."""
_RECORDS: Final[Mapping[tuple[str, str], str]] = {
    ("recordings", "recording"): "recording", ("contacts", "contact"): "contact",
    ("contacts", "dated-contact"): "contact",
}  # fmt: skip
"""What webhooks call a record, by its store and kind; programs hear of no others."""


def tell_all(row: Request, deed: Deed, records: Sequence[Held], *, at: datetime) -> None:
    """Both kinds of recipients, in the caller's transaction."""
    write_to_subprocessors(row, deed, records, at=at)
    tell_programs(row, deed, records, at=at)


def tell_programs(row: Request, deed: Deed, records: Sequence[Held], *, at: datetime) -> None:
    """Endpoints that want to hear of it, each record once; the story says how many deliveries that made."""
    if deed not in _WORDS:
        return
    news = [
        webhooks.News(
            kind=f"{name}.{_WORDS[deed]}", key=f"{name}.{_WORDS[deed]}:{held.id}:{row.id}:{at.isoformat()}",
            payload={name: str(held.id), "request": str(row.id)}, at=at,
        )
        for held in records
        if (name := _RECORDS.get((held.store, held.kind))) is not None
    ]  # fmt: skip
    if deliveries := webhooks.announce_all(news):
        tell(row, "programs-told", who=MACHINE, at=at, facts={"deed": deed, "deliveries": deliveries})


def write_to_subprocessors(row: Request, deed: Deed, records: Sequence[Held], *, at: datetime) -> None:
    """Those whose windows are open, for the offerings that the records belong to."""
    offerings = sorted({stores()[held.store].offering for held in records})
    receiving = () if own() or not offerings else _receiving(offerings, at=at)
    for key, contact in receiving:
        letter = letters.recipients(
            tag=row.tag, deed=deed, provider=tenancy.provider().name,
            offerings=", ".join(OFFERINGS.get(one, one) for one in offerings),
        )  # fmt: skip
        number = row.events.filter(what="recipient-told").count()
        notices.write_to(row, "recipient", to=(contact,), letter=letter, number=number)
        tell(row, "recipient-told", who=MACHINE, at=at, facts={"recipient": key, "deed": deed})


def _receiving(offerings: Sequence[str], *, at: datetime) -> list[tuple[str, str]]:
    opened = {key for key, since in tenancy.standing().recipients.items() if since <= at}
    found = []
    for entry in subprocessors.entries():
        if entry.key in opened and set(entry.offerings) & set(offerings):
            try:
                found.append((entry.key, mail.canonical_address(entry.contact)))
            except mail.MailRefused:
                continue
    return found
