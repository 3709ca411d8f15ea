"""Very many recordings as rows, by COPY: what search meets at a customer with years of calls behind it.

Sheets are really sealed, under a key for each hour, numbers and names are as unevenly spread as real ones, one
conversation in twenty has a second segment. There are no objects: nobody listens.
"""

import json
import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from parley.foundation.ids import new_id
from parley.recordings.annotations import tag_place
from parley.recordings.keys import keys
from parley.recordings.types import NAME_INDEX, NUMBER_INDEX, Party, PartySheet, party_aad
from parley.sealing.api import FieldSealer
from parley.tenancy import api as tenancy
from parley.tenancy.selection import administrator

SWITCHBOARD = "+390584943232"
"""Takes part in three recordings of ten."""
TAG = "complaint"
"""Three recordings of ten are filed under it."""
RARE = "+390501112233"
"""Takes part in about a hundred recordings."""
BEGIN = datetime(2023, 11, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)
TRUNKS = (UUID(int=1), UUID(int=2), UUID(int=3))

_COLUMNS = {
    "recordings_sealingepoch": "id, wrapped",
    "recordings_conversation": "id, index, started_at",
    "recordings_recording": (
        "id, conversation_id, started_at, ended_at, direction, trunk_id, trunk_name, epoch_id, sealed, streams,"
        " received, gaps, on_hold, agreement, agreement_version, clause, purpose, decision, reason, evidence_id,"
        " rendition, rendition_error, listed_at, quality, consent, notice"
    ),
    "recordings_numberindex": "recording_id, value, listed_at, listed_id",
    "recordings_wordindex": "recording_id, value, listed_at, listed_id",
    "recordings_tag": "id, recording_id, value, epoch_id, sealed, by, at, listed_at, listed_id",
}
_TOGETHER = 20_000


@dataclass
class _Maker:
    """Rows of one customer, the oldest first."""

    count: int
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {table: [] for table in _COLUMNS})
    indexes: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        customer = tenancy.current()
        self.sealer = FieldSealer(customer.recipients)
        self.agreement = (customer.agreement, customer.agreement_version)
        names = [
            "".join(self.dice.choice("bdfglmnprstv") + self.dice.choice("aeiou") for _ in "123") for _ in "x" * 5000
        ]
        self.names = list(dict.fromkeys(names))
        streams = [
            {"label": str(n), "side": side, "port": 30000 + 2 * n, "codec": "PCMU", "clock_rate": 8000,
             "payload_types": [], "party": n}
            for n, side in enumerate(("caller", "callee"))
        ]  # fmt: skip
        received = [
            {"label": str(n), "port": 30000 + 2 * n, "packets": 9000, "bytes": 1440000, "lost": 3, "duplicates": 0}
            for n in range(2)
        ]
        self.streams, self.received = json.dumps(streams), json.dumps(received)
        nobody = [Party(label=str(n), role=side, name=f"name{n}", aor="sip:a@pbx", number=f"number{n}")
                  for n, side in enumerate(("caller", "callee"))]  # fmt: skip
        self.template = PartySheet(parties=tuple(nobody), call_id="c@pbx").to_json().decode()
        self.tag = keys().tag(TAG)
        self.rare = max(1, count_of_rare(self.count))
        self.epoch = UUID(int=0)

    def batches(self) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
        step = (END - BEGIN) / self.count
        for number in range(self.count):
            self._one(number, BEGIN + number * step)
            if number % _TOGETHER == _TOGETHER - 1:
                yield self._taken()
        yield self._taken()

    def _taken(self) -> dict[str, list[tuple[Any, ...]]]:
        taken, self.rows = self.rows, {table: [] for table in _COLUMNS}
        return taken

    def _one(self, number: int, at: datetime) -> None:
        conversation = new_id(at=at)
        self.rows["recordings_conversation"].append((conversation, secrets.token_bytes(17), at))
        first = self._number(number)
        parties = (
            Party(label="0", role="caller", name=self._name(), aor="sip:a@pbx", number=first),
            Party(label="1", role="callee", name=self._name(), aor="sip:b@pbx", number=self._anybody()),
        )
        self._segment(number, at, at, conversation, parties)
        if number % 20 == 0:
            self._segment(number, at + timedelta(minutes=4), at, conversation, parties)

    def _segment(self, number: int, at: datetime, listed: datetime, conversation: UUID, parties: Any) -> None:
        recording = new_id(at=at)
        sheet = self._sheet(parties)
        sealed = self.sealer.seal(sheet, aad=party_aad(recording), now=at.timestamp())
        self._epoch(sealed)
        chance = self.dice.random()
        quality = "good" if chance < 0.95 else "impaired" if chance < 0.98 else "gaps" if chance < 0.995 else "silent"
        self.rows["recordings_recording"].append((
            recording, conversation, at, at + timedelta(seconds=self.dice.expovariate(1 / 180)),
            self.dice.choices(("inbound", "outbound", "internal"), (6, 3.9, 0.1))[0],
            TRUNKS[number % 3], "main", sealed.epoch_id, sealed.data, self.streams, self.received, "[]", "[]",
            *self.agreement, "IM-1.purposes", "record-calls", "instructed", "bye", new_id(at=at), "ready", "",
            listed, quality, *_told(number),
        ))  # fmt: skip
        place = (listed, conversation)
        for value in {self._index(NUMBER_INDEX, party.number) for party in parties}:
            self.rows["recordings_numberindex"].append((recording, value, *place))
        for value in {self._index(NAME_INDEX, word) for party in parties for word in party.name.lower().split()}:
            self.rows["recordings_wordindex"].append((recording, value, *place))
        if number % 10 in (1, 4, 7):
            tag = new_id(at=at)
            sealed = self.sealer.seal(TAG.encode(), aad=tag_place(self.tag), now=at.timestamp())
            self._epoch(sealed)
            self.rows["recordings_tag"].append(
                (tag, recording, self.tag, sealed.epoch_id, sealed.data, UUID(int=9), at, *place)
            )

    def _sheet(self, parties: Sequence[Party]) -> bytes:
        """As `PartySheet.to_json` writes it, from a template: a million of them."""
        text = self.template
        for number, party in enumerate(parties):
            text = text.replace(f"name{number}", party.name).replace(f"number{number}", party.number)
        return text.encode()

    def _epoch(self, sealed: Any) -> None:
        if sealed.epoch_id != self.epoch:
            self.epoch = sealed.epoch_id
            self.rows["recordings_sealingepoch"].append((sealed.epoch_id, sealed.wrapped))

    def _number(self, number: int) -> str:
        if number % 10 in (2, 5, 8):
            return SWITCHBOARD
        return RARE if number % (self.count // self.rare) == 0 else self._anybody()

    def _anybody(self) -> str:
        return f"+39050{int(1_000_000 * self.dice.random() ** 2):07}"

    def _name(self) -> str:
        return f"{self._word()} {self._word()}".title()

    def _word(self) -> str:
        return self.names[int(len(self.names) * self.dice.random() ** 2)]

    def _index(self, name: str, value: str) -> bytes:
        known = self.indexes.get((name, value))
        if known is None:
            known = self.indexes[name, value] = keys().index(name, value)
        return known


def _told(number: int) -> tuple[str, str]:
    """Consent and announcement of a call: of every second a policy wants them, one in five hundred refuses."""
    if number % 500 == 3:
        return "refused", "announcement"
    if number % 1000 == 7:
        return "withdrawn", "none"
    if number % 10 == 9:
        return "not-asked", "not-known"
    return ("given", "announcement") if number % 2 else ("", "")


def count_of_rare(count: int) -> int:
    """How many recordings of `count` conversations `RARE` takes part in, at least."""
    return min(100, count // 20)


def add_many(count: int) -> None:
    """`count` conversations of the customer in scope, evenly from BEGIN to END, ready to be searched."""
    made = _Maker(count)
    given = administrator(dbname=tenancy.current().database).parameters()
    with psycopg.connect(**given, autocommit=True) as connection:
        for rows in made.batches():
            with connection.transaction(), connection.cursor() as cursor:
                for table, columns in _COLUMNS.items():
                    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                        for row in rows[table]:
                            copy.write_row(row)
        for table in _COLUMNS:
            connection.execute(f"VACUUM (ANALYZE) {table}")
