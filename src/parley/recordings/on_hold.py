"""When a stream of a call was on hold, by what the recording client says of it. Pure.

In SIPREC every stream is offered `sendonly`; one that is to carry nothing for a while is offered `inactive` (RFC 7866
section 7.1.1, the directions of RFC 3264 section 8.4), or taken away and offered again later, or the metadata no longer
name its sender.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from parley.recordings.session_words import Line
from parley.recordings.types import OnHold, Side

MOST_HOLDS: Final = 1_000
"""Holds that one recording remembers: a client that offers anew all the time must not let its manifest grow."""


def follow(
    holds: Sequence[OnHold], lines: Sequence[Line], sides: Mapping[str, Side], *, at: datetime
) -> tuple[OnHold, ...]:
    """`holds` after an offer at `at` that made the lines what they are; `sides` by label, of streams that were ever
    captured."""
    state = {line.label: line for line in lines if line.label in sides}
    kept, open_labels = [], set()
    for hold in holds:
        line = state.get(hold.label)
        if hold.ends_at is not None or line is None:
            kept.append(hold)
        elif not line.port if hold.removed else line.port and line.held:
            kept.append(hold)
            open_labels.add(hold.label)
        else:
            kept.append(replace(hold, ends_at=max(at, hold.starts_at)))
    begun = [
        OnHold(label=label, side=sides[label], starts_at=at, removed=not line.port)
        for label, line in state.items()
        if label not in open_labels and (line.held or not line.port)
    ]
    return (*kept, *begun)[: max(MOST_HOLDS, len(kept))]


def ended(holds: Sequence[OnHold], *, at: datetime) -> tuple[OnHold, ...]:
    """`holds` of a call that was over at `at`: one without an end lasted until then, a stream that was taken away and
    never came back was none."""
    return tuple(
        hold if hold.ends_at is not None else replace(hold, ends_at=max(at, hold.starts_at))
        for hold in holds
        if hold.ends_at is not None or not hold.removed
    )
