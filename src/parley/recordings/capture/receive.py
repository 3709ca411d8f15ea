"""From the kernel's buffers into the hold: one recvmmsg for each socket, a cache-sized batch at a time."""

import ctypes
import errno
import os
import socket
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .hold import CONTROL, EMPTY, PER_CALL, RECEIVING, UNUSED, Hold

_recvmmsg = ctypes.PyDLL(None, use_errno=True).recvmmsg
"""Called with the interpreter lock held: it never waits (MSG_DONTWAIT), and taking the lock back from a busy thread
after each of thousands of calls would."""
_recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
_MESSAGE = 64


_MOST_CALLS = 512


class Lines:
    """The sockets to drain, in order: descriptors beside their indexes in the hold's tables."""

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        self.descriptors = [descriptor for descriptor, _ in pairs]
        self.indexes = np.array([index for _, index in pairs], np.uint32)

    def __len__(self) -> int:
        return len(self.descriptors)

    def select(self, positions: Sequence[int]) -> "Lines":
        """The lines at `positions` alone."""
        return Lines([(self.descriptors[position], int(self.indexes[position])) for position in positions])


class Receiver:
    """Fills the hold's slots. One thread only."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._base = hold.messages.ctypes.data
        self._first = hold.first.data
        self._last_start = len(hold.slots) - PER_CALL

    def receive(self, lines: Lines, start: int) -> tuple[int, list[int], int]:
        """Empty sockets, from the line at `start` on, into the slots until these are full.

        The line to go on with, the positions of lines that gave PER_CALL datagrams and may have more, and the slots
        that are filled. The state is RECEIVING afterwards. Raises OSError for a socket that is none.
        """
        hold, first = self._hold, self._first
        stop = min(len(lines), start + _MOST_CALLS)
        hold.order[: stop - start] = lines.indexes[start:stop]
        hold.state = RECEIVING
        base, limit, dontwait = self._base, self._last_start, socket.MSG_DONTWAIT
        used = call = 0
        more = []
        for descriptor in lines.descriptors[start:stop]:
            first[call] = used
            call += 1
            count = _recvmmsg(descriptor, base + _MESSAGE * used, PER_CALL, dontwait, None)
            if count > 0:
                used += count
                if count == PER_CALL:
                    more.append(start + call - 1)
                if used > limit:
                    break
            elif ctypes.get_errno() not in (errno.EAGAIN, errno.EINTR):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return start + call, more, used

    def counts(self, calls: int, used: int) -> npt.NDArray[np.int64]:
        """How many slots each of `calls` calls filled."""
        counts = np.empty(calls, np.int64)
        first = self._hold.first[:calls]
        counts[:-1] = first[1:] - first[:-1]
        counts[-1:] = used - first[-1:]
        return counts

    def found(self) -> tuple[int, int]:
        """Calls begun and slots filled in the batch of a predecessor that was killed.

        The kernel stores a datagram's length last, so a slot with a length is whole.
        """
        hold = self._hold
        calls = int(np.count_nonzero(hold.first != UNUSED))
        if not calls:
            return 0, 0
        start = int(hold.first[calls - 1])
        present = np.flatnonzero(hold.messages["length"][start : start + PER_CALL])
        return calls, start + (int(present[-1]) + 1 if len(present) else 0)

    def clear(self, used: int, calls: int) -> None:
        """Make the hold ready for the next batch. The state must be EMPTY: what is cleared would be lost otherwise."""
        hold = self._hold
        if hold.state != EMPTY:
            raise RuntimeError("a batch that is not stored must not be cleared")
        messages = hold.messages[:used]
        messages["length"] = 0
        messages["control_length"] = CONTROL
        messages["name_length"] = 16
        hold.first[:calls] = UNUSED
