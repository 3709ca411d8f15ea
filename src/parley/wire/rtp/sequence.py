"""Sequence numbers and timestamps that go on for ever, and what is missing or doubled among them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WINDOW = 64
"""Packets back in which a late one is told from a doubled one."""
_DROPOUT = 3000  # RFC 3550 appendix A.1: a larger step ahead is a sender that began anew
_FULL = (1 << WINDOW) - 1


def extend(values: npt.NDArray[np.integer], *, bits: int, previous: int | None = None) -> npt.NDArray[np.int64]:
    """`values`, which wrap at `bits` bits, unwrapped: each is nearest to the one before it (RFC 3550 section 6.4.1).

    `previous` is the last unwrapped value of the stream so far; the result continues from it.
    """
    if not len(values):
        return np.empty(0, np.int64)
    modulus = 1 << bits
    wide = values.astype(np.int64)
    first = int(wide[0])
    if previous is not None:
        first = previous + (first - previous + modulus // 2) % modulus - modulus // 2
    steps = (np.diff(wide) + modulus // 2) % modulus - modulus // 2
    return np.concatenate(([first], first + np.cumsum(steps))).astype(np.int64)


@dataclass(slots=True)
class Account:
    """What one stream brought: `highest` sequence number (16 bits), `seen` (bit i: highest - i arrived), counters.

    `seen` 0 means that nothing arrived yet.
    """

    ssrc: int = 0
    highest: int = 0
    seen: int = 0
    lost: int = 0
    duplicates: int = 0


def count_packet(account: Account, *, sequence: int, ssrc: int) -> None:
    """Enter one packet. A change of source, or a step that no network makes, starts anew without counting a loss."""
    ahead = (sequence - account.highest + 0x8000 & 0xFFFF) - 0x8000
    if not account.seen or ssrc != account.ssrc or ahead > _DROPOUT or ahead <= -_DROPOUT:
        account.ssrc, account.highest, account.seen = ssrc, sequence, 1
    elif ahead > 0:
        account.lost += ahead - 1
        account.highest = sequence
        account.seen = (account.seen << min(ahead, WINDOW) | 1) & _FULL
    elif ahead <= -WINDOW:
        account.duplicates += 1  # too late to tell; it was counted as lost if it was
    elif account.seen >> -ahead & 1:
        account.duplicates += 1
    else:
        account.seen |= 1 << -ahead
        account.lost = max(0, account.lost - 1)
