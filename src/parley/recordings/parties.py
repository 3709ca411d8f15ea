"""Who speaks on which stream, and which way the call went. Pure; its results are personal data and travel sealed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from parley.foundation.numbers import canonical_number, parse_e164
from parley.recordings.types import Direction, Party, Side
from parley.wire.siprec.api import Metadata, Participant

_USER = re.compile(r"(?:sips?|tel):([^@;>]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The parties of a call in order of appearance, and for each label its side and the number (index) of its party."""

    direction: Direction
    parties: tuple[Party, ...]
    sides: dict[str, Side]
    speakers: dict[str, int]


def read_cast(
    metadata: Metadata,
    labels: Sequence[str],
    *,
    region: str | None,
    own_numbers: Sequence[str],
    stopped: Mapping[str, str] | None = None,
) -> Cast:
    """The cast of a call whose m-lines have `labels`, in their order.

    RFC 7865 does not say who called: the speaker of the first m-line is taken as the caller, as recording clients write
    it. `own_numbers` are the E.164 prefixes of the customer's side; they alone decide inbound or outbound. `stopped`
    says who sends a stream whose sender the metadata leave out while it is on hold.
    """
    order: list[Participant] = []
    participants = {one.id: one for one in metadata.participants}
    by_label: dict[str, str] = {}
    for label in labels:
        sender = metadata.sender(label) or participants.get((stopped or {}).get(label, ""))
        if sender is not None:
            by_label[label] = sender.id
            if sender not in order:
                order.append(sender)
    order += [one for one in metadata.participants if one not in order]
    index = {one.id: number for number, one in enumerate(order)}
    parties = tuple(
        _party(one, number, next((label for label, who in by_label.items() if who == one.id), ""), region)
        for number, one in enumerate(order)
    )
    speakers = {label: index[who] for label, who in by_label.items()}
    sides = {label: _side(speakers.get(label, position)) for position, label in enumerate(labels)}
    return Cast(direction=_direction(parties, own_numbers), parties=parties, sides=sides, speakers=speakers)


def _side(position: int) -> Side:
    return "caller" if position == 0 else "callee" if position == 1 else "other"


def _party(participant: Participant, position: int, label: str, region: str | None) -> Party:
    names = [name for name in participant.names if name.aor] or list(participant.names)
    users = [_user(name.aor) for name in names]
    public = next((user for user in users if parse_e164(user, region)), users[0] if users else "")
    return Party(
        label=label,
        role=_side(position),
        name=next((name.display for name in participant.names if name.display), ""),
        aor=names[0].aor if names else "",
        number=canonical_number(public, region) if public else "",
    )


def _user(aor: str) -> str:
    match = _USER.match(aor.strip())
    return unquote(match[1]) if match else ""


def _direction(parties: Sequence[Party], own_numbers: Sequence[str]) -> Direction:
    if len(parties) < 2:
        return "unknown"
    caller, callee = (any(party.number.startswith(own) for own in own_numbers) for party in parties[:2])
    if caller and callee:
        return "internal"
    if caller or callee:
        return "outbound" if caller else "inbound"
    return "unknown"
