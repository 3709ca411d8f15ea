"""What is heard where packets were lost: the last pitch period, fading out in 60 ms (after G.711 Appendix I)."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

LONGEST = 480
"""Samples after which a gap is silent (60 ms)."""
HISTORY = 320
"""Samples before a gap in which the pitch is sought (40 ms)."""
CONTEXT = LONGEST + HISTORY
"""Samples before a window that concealment inside the window may depend on."""
_SHORTEST_PITCH, _LONGEST_PITCH = 40, 160
_TEMPLATE = 80
_BATCH = 512
_FADE = np.clip((LONGEST - np.arange(LONGEST, dtype=np.float32)) / (LONGEST - 80), 0, 1)

Samples = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]


def conceal(samples: Samples, known: npt.NDArray[np.uint8]) -> Samples:
    """A copy of `samples` in which gaps of `known` (0 where lost) go on as the sound before them did.

    What was sent is never touched. A gap with less than 40 ms of window before it stays silent.
    """
    sound = samples.copy()
    edges = np.diff(known.astype(np.int8))
    starts = np.flatnonzero(edges == -1) + 1
    starts = starts[starts >= HISTORY]
    if not len(starts):
        return sound
    stops = np.append(np.flatnonzero(edges == 1) + 1, len(known))
    lengths = np.minimum(stops[np.searchsorted(stops, starts)] - starts, LONGEST)
    for batch in range(0, len(starts), _BATCH):
        begin, length = starts[batch : batch + _BATCH], lengths[batch : batch + _BATCH]
        filling = _continue(sliding_window_view(samples, HISTORY)[begin - HISTORY].astype(np.float32))
        inside = np.arange(LONGEST) < length[:, None]
        sound[(begin[:, None] + np.arange(LONGEST))[inside]] = filling[inside]
    return sound


def _continue(history: Floats) -> Samples:
    """LONGEST samples after each row of `history` (rows, HISTORY): its last pitch period repeated under a fade."""
    template = history[:, -_TEMPLATE:]
    lags = np.arange(_SHORTEST_PITCH, _LONGEST_PITCH + 1)
    candidates = sliding_window_view(history, _TEMPLATE, axis=1)[:, HISTORY - _TEMPLATE - lags]
    likeness = np.einsum("rlt,rt->rl", candidates, template)
    energy = np.einsum("rlt,rlt->rl", candidates, candidates)
    pitch = lags[np.argmax(likeness / np.sqrt(energy + 1), axis=1)]
    repeat = HISTORY - pitch[:, None] + np.arange(LONGEST) % pitch[:, None]
    return (np.take_along_axis(history, repeat, axis=1) * _FADE).astype(np.int16)
