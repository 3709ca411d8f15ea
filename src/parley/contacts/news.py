"""What the customer's programs are told of contacts: ids alone. In the transaction of what happened."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from parley.webhooks import api as webhooks

DELETED: Final = "contact.deleted"


def tell_deleted(ids: Iterable[UUID], *, at: datetime) -> None:
    """Contacts are gone (GDPR Art. 19), whatever caused it; each once, however often it is looked for."""
    webhooks.announce_all(
        [
            webhooks.News(kind=DELETED, key=f"{DELETED}:{one}", payload={"contact": str(one)}, at=at)
            for one in dict.fromkeys(ids)
        ]
    )
