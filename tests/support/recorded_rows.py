"""Recordings as rows only: for tests of what is counted, listed or deleted, where nobody listens."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from parley.foundation.ids import new_id
from parley.recordings.models import Conversation, NumberIndex, Part, Recording, SealingEpoch
from parley.sealing.api import blind_index
from parley.tenancy import api as tenancy


def add_recording(*, at: datetime, numbers: Sequence[str], minutes: int = 3, parts: int = 2) -> UUID:
    """A recording of the customer in scope, from `at`, between people at `numbers`."""
    customer = tenancy.current()
    key = tenancy.keyring().index_key(customer, "number")
    epoch = SealingEpoch.objects.create(id=new_id(at=at), wrapped=b"w")
    conversation = Conversation.objects.create(id=new_id(at=at), index=secrets.token_bytes(17), started_at=at)
    row = Recording.objects.create(
        id=new_id(at=at),
        conversation=conversation,
        started_at=at,
        ended_at=at + timedelta(minutes=minutes),
        direction="inbound",
        trunk_id=UUID(int=1),
        trunk_name="trunk",
        epoch=epoch,
        sealed=b"s",
        streams=[],
        received=[],
        gaps=[],
        agreement=customer.agreement,
        agreement_version=customer.agreement_version,
        clause="T-1",
        purpose="record-calls",
        decision="allowed",
        reason="bye",
        evidence_id=new_id(at=at),
        rendition="pending",
        listed_at=at,
        quality="good",
    )
    Part.objects.bulk_create(
        Part(recording=row, number=n, name=str(n), kind="age", object_key=f"{row.id}/{n}", size=1, sha256="0" * 64)
        for n in range(parts)
    )
    NumberIndex.objects.bulk_create(
        NumberIndex(
            recording=row,
            value=blind_index(key, field="number", value=number),
            listed_at=at,
            listed_id=conversation.id,
        )
        for number in set(numbers)
    )
    return row.id
