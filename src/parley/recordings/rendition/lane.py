"""The sound of one stream while it is being put together: a window of samples that slides along the recording."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from parley.recordings.rendition.concealment import CONTEXT, conceal
from parley.recordings.rendition.packets import Ints

Samples = npt.NDArray[np.int16]


class Lane:
    """Samples from `base` on, of which those written are known and the rest is to be concealed or silent."""

    def __init__(self, *, capacity: int) -> None:
        self.base = 0
        self.capacity = capacity
        # In front of `base` lies what was taken last, unconcealed: a gap that began there goes on after it.
        self._samples = np.zeros(CONTEXT + capacity, np.int16)
        self._known = np.zeros(CONTEXT + capacity, np.uint8)

    def write(self, rows: Samples, positions: Ints) -> None:
        """Puts packets of equal length (rows, samples) at their positions; those in front of `base` come too late."""
        at = positions - self.base + CONTEXT
        keep = at >= CONTEXT
        if not keep.all():
            rows, at = rows[keep], at[keep]
        width = rows.shape[1]
        if len(at) and width:
            sliding_window_view(self._samples, width, writeable=True)[at] = rows
            sliding_window_view(self._known, width, writeable=True)[at] = 1

    def take(self, count: int) -> Samples:
        """The next `count` samples (at most `capacity`), losses concealed; the window slides behind them."""
        end = CONTEXT + count
        sound = conceal(self._samples[:end], self._known[:end])[CONTEXT:]
        self.base += count
        for array in (self._samples, self._known):
            array[: len(array) - count] = array[count:].copy()
            array[len(array) - count :] = 0
        return sound
