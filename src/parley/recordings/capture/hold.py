"""The hold: memory that outlives the recorder, in which every packet is from the moment the kernel gives it away.

The supervisor keeps the memory (a memfd, never a disk) as it keeps the sockets, so a recorder that is killed loses
nothing: its successor finds here what was received and not stored yet, whose it was, and how far storing had come.

State of the one batch, always advanced by a single aligned store:

    EMPTY      nothing to do
    RECEIVING  the kernel writes datagrams into the slots: payload in place, length, source and time beside it. `order`
               names the port of each call and `first` its first slot; a slot is filled when its length is not zero
    FRAMED     `out` holds finished capture records, `entries` say of which recording and to which place they go

What is in `out` goes to the journal and to the parts; then the batch is EMPTY again. A successor can tell for each
entry whether the journal has it already (its place against what is durable), so that nothing is lost or doubled.
`lease` says whose port it is, and from which instant on (`paused_ns`, 0: none) what arrives there is written nowhere;
`account` what arrived there, advanced with each batch by values that may be applied twice.
"""

import ctypes
import mmap
import os

import numpy as np
import numpy.typing as npt

from parley.wire.pcap.api import HEADERS

from .errors import HoldMismatch

SLOT = 320
"""Bytes of a slot: 44 of headers, 276 of payload; a longer payload goes on in the slot's overflow."""
INLINE = SLOT - HEADERS
OVERFLOW = 1772
LARGEST = INLINE + OVERFLOW
"""Payload bytes stored of one datagram, more than an Ethernet frame holds; a longer one is cut, and says so."""
CONTROL = 64
PER_CALL = 64
"""Datagrams that one recvmmsg may bring."""
SOURCES = 4

EMPTY, RECEIVING, FRAMED = 0, 1, 2
UNUSED = 0xFFFFFFFF

_MAGIC = 0x0002_444C_4F48_5950
_PLACE_BITS = 48

HEADER = np.dtype(
    [
        ("magic", "u8"),
        ("state", "u8"),
        ("ports", "u4"),
        ("slots", "u4"),
        ("calls", "u4"),
        ("entries", "u4"),
        ("redo", "u4"),
    ]
)
LEASE = np.dtype(
    [
        ("recording", "u1", 16),
        ("sources", "u4", SOURCES),
        ("port", "u4"),
        ("address", "u4"),
        ("attached", "u4"),
        ("paused_ns", "i8"),
        ("base_drops", "u8"),
    ]
)
ACCOUNT = np.dtype(
    [
        ("packets", "u8"),
        ("bytes", "u8"),
        ("lost", "i8"),
        ("duplicates", "u8"),
        ("foreign", "u8"),
        ("late", "u8"),
        ("last_ns", "i8"),
        ("seen", "u8"),
        ("ssrc", "u4"),
        ("highest", "u4"),
        ("source", "u4"),
        ("source_port", "u4"),
    ]
)
PREVIOUS = np.dtype([("until_ns", "i8"), ("ssrc", "u4"), ("source", "u4"), ("source_port", "u4"), ("spare", "u4")])
ENTRY = np.dtype([("recording", "u1", 16), ("place", "u8"), ("start", "u4"), ("length", "u4")])
MESSAGE = np.dtype(
    [
        ("name", "u8"),
        ("name_length", "u4"),
        ("pad", "u4"),
        ("vector", "u8"),
        ("vector_length", "u8"),
        ("control", "u8"),
        ("control_length", "u8"),
        ("flags", "i4"),
        ("pad2", "i4"),
        ("length", "u4"),
        ("pad3", "u4"),
    ]
)
"""struct mmsghdr of Linux on 64-bit machines."""


def create_hold() -> int:
    """A descriptor of fresh memory for one recorder at a time; the supervisor keeps it open and passes it on."""
    return os.memfd_create("parley-hold", os.MFD_CLOEXEC)


def place(part: int, offset: int) -> int:
    """Part number and offset in it as one 64-bit word, so that both change at once."""
    return part << _PLACE_BITS | offset


def part_and_offset(word: int) -> tuple[int, int]:
    """What `place` joined."""
    return word >> _PLACE_BITS, word & ((1 << _PLACE_BITS) - 1)


class Hold:
    """The arrays of the hold behind `descriptor`, formatted for `ports` sockets when the memory is fresh.

    `inherited` is true when a predecessor used it. Raises HoldMismatch when it had other dimensions.
    """

    def __init__(self, descriptor: int, *, ports: int, slots: int = 8192) -> None:
        layout: dict[str, tuple[np.dtype[np.void] | str, tuple[int, ...]]] = {
            "header": (HEADER, (1,)),
            "lease": (LEASE, (ports,)),
            "account": (ACCOUNT, (ports,)),
            "previous": (PREVIOUS, (ports,)),
            "redo": (ACCOUNT, (slots,)),
            "redo_ports": ("u4", (slots,)),
            "order": ("u4", (slots,)),
            "first": ("u4", (slots + 1,)),
            "entries": (ENTRY, (slots,)),
            "messages": (MESSAGE, (slots,)),
            "vectors": ("u8", (slots, 2, 2)),
            "names": ("u1", (slots, 16)),
            "controls": ("u1", (slots, CONTROL)),
            "slots": ("u1", (slots, SLOT)),
            "overflow": ("u1", (slots, OVERFLOW)),
            "out": ("u1", (slots * (HEADERS + LARGEST),)),
        }
        sizes = {name: int(np.dtype(kind).itemsize * np.prod(shape)) for name, (kind, shape) in layout.items()}
        total = sum(-(-size // mmap.PAGESIZE) * mmap.PAGESIZE for size in sizes.values())
        if os.fstat(descriptor).st_size < total:
            os.ftruncate(descriptor, total)
        self.memory = mmap.mmap(descriptor, total)
        _keep_off_disk(self.memory, total)
        arrays: dict[str, npt.NDArray[np.void]] = {}
        position = 0
        for name, (kind, shape) in layout.items():
            arrays[name] = np.ndarray(shape, kind, self.memory, position)
            position += -(-sizes[name] // mmap.PAGESIZE) * mmap.PAGESIZE
        self.header = arrays["header"][0]
        self.lease, self.account, self.previous = arrays["lease"], arrays["account"], arrays["previous"]
        self.redo, self.redo_ports = arrays["redo"], arrays["redo_ports"].view(np.uint32)
        self.order, self.first = arrays["order"].view(np.uint32), arrays["first"].view(np.uint32)
        self.entries, self.messages = arrays["entries"], arrays["messages"]
        self.vectors = arrays["vectors"].view(np.uint64)
        self.names, self.controls = arrays["names"].view(np.uint8), arrays["controls"].view(np.uint8)
        self.slots, self.overflow = arrays["slots"].view(np.uint8), arrays["overflow"].view(np.uint8)
        self.out = arrays["out"].view(np.uint8)
        found = tuple(int(self.header[name]) for name in ("magic", "ports", "slots"))
        self.inherited = found[0] != 0
        if self.inherited and found != (_MAGIC, ports, slots):
            raise HoldMismatch(
                "the memory kept between recorders was laid out for other ports",
                remedy="restart the supervisor after changing the number of media ports",
            )
        if not self.inherited:
            self.first[:] = UNUSED
            self.header["ports"], self.header["slots"], self.header["magic"] = ports, slots, _MAGIC

    @property
    def state(self) -> int:
        """EMPTY, RECEIVING or FRAMED."""
        return int(self.header["state"])

    @state.setter
    def state(self, value: int) -> None:
        self.header["state"] = value

    def aim(self) -> None:
        """Point the kernel's message headers at this process's view of the slots. Only while the state is EMPTY."""
        count = len(self.slots)
        index = np.arange(count, dtype=np.uint64)
        self.vectors[:, 0, 0] = self.slots.ctypes.data + index * SLOT + HEADERS
        self.vectors[:, 0, 1] = INLINE
        self.vectors[:, 1, 0] = self.overflow.ctypes.data + index * OVERFLOW
        self.vectors[:, 1, 1] = OVERFLOW
        messages = self.messages
        messages["vector"] = self.vectors.ctypes.data + index * 32
        messages["vector_length"] = 2
        messages["name"] = self.names.ctypes.data + index * 16
        messages["name_length"] = 16
        messages["control"] = self.controls.ctypes.data + index * CONTROL
        messages["control_length"] = CONTROL
        messages["length"] = 0
        self.first[:] = UNUSED
        for used in (self.slots, self.names, self.controls, self.out[: self.slots.size]):
            used.reshape(-1)[:: mmap.PAGESIZE] = 0  # fetch the pages now: receiving must not wait for memory


def _keep_off_disk(memory: mmap.mmap, size: int) -> None:
    """Keep clear media out of core dumps, and out of swap where this account may lock memory."""
    memory.madvise(mmap.MADV_DONTDUMP)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    ctypes.CDLL(None).mlock2(ctypes.c_void_p(address), ctypes.c_size_t(size), 1)  # MLOCK_ONFAULT: only what is used
