"""How well a recording went, in one word that search can compare. Pure.

`silent`: a side was never heard. `gaps`: the recorder could not receive for a while. `impaired`: more than one packet
in a hundred of some stream never came. `good`: none of these. The first that holds is said.
"""

from collections.abc import Sequence
from typing import Final, Literal

from parley.recordings.types import ClosedStream, Gap

Quality = Literal["good", "impaired", "gaps", "silent"]
QUALITIES: Final[tuple[Quality, ...]] = ("good", "impaired", "gaps", "silent")
TOLERATED_LOSS: Final = 0.01
"""Share of lost packets that listeners hardly notice once losses are concealed. Our choice, not a standard's."""


def quality(streams: Sequence[ClosedStream], gaps: Sequence[Gap]) -> Quality:
    """What these counts come to."""
    if not streams or any(not stream.packets for stream in streams):
        return "silent"
    if gaps:
        return "gaps"
    if any(stream.lost > TOLERATED_LOSS * (stream.packets + stream.lost) for stream in streams):
        return "impaired"
    return "good"
