"""age v1 files, written with public keys only and read by range.

Layout (c2sp.org/age "Payload"): header | nonce 16 | chunks. A chunk is 64 KiB of plaintext, encrypted with
ChaCha20-Poly1305, and its 16-byte tag; the last one may be shorter. Chunk n is sealed under the nonce n (11 bytes,
big-endian) | 1 for the last chunk, 0 for all before it.
"""

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .errors import HeaderError, HeaderTruncatedError, PayloadError, UnfinishedError, WriterError
from .header import (
    FILE_KEY_LENGTH,
    MAXIMUM_HEADER,
    Header,
    derive_key,
    encode_header,
    first_hash,
    parse_header,
    unwrap_file_key,
)
from .keys import Identity, Recipient, identities_of, recipients_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 64 * 1024
"""Plaintext bytes of every chunk but the last."""
SEALED_CHUNK = CHUNK + 16
"""Bytes of such a chunk in the file."""

_NONCE_LENGTH = 16
_TAG_LENGTH = 16
_BATCH = 16  # chunks that one write to the sink carries at most: more saves nothing, and costs memory
_FIRST_READ = 4096

Readable = bytes | bytearray | memoryview


class BinarySink(Protocol):
    """Where sealed bytes go. A short count is completed by another call, as for raw files and pipes."""

    def write(self, data: Readable, /) -> int | None: ...


class SeekableSource(Protocol):
    """Where sealed bytes come from: a binary file, or anything that behaves like one."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...


class AgeWriter:
    """Seals what is written to the recipients; it cannot read back, and forgets the key at the end.

    The header goes to the sink at once. A chunk goes there as soon as one byte follows it, because only then is it
    known not to be the last. Memory: 64 KiB, whatever is written.

    `chunks` chunks are in the sink; `pending` is the plaintext after them, not sealed yet (at most 64 KiB, a view that
    the next write changes); `offset` is all plaintext accepted. `header_hash` are the first 16 bytes of the SHA-256 of
    the header: journal frames name the file by it. When the sink fails, its exception passes through, the chunks before
    the failed one stay whole, and the writer refuses everything after that: no chunk number is sealed twice.
    """

    def __init__(
        self, sink: BinarySink, recipients: Sequence[str | Recipient], *, file_key: bytes | None = None
    ) -> None:
        key = os.urandom(FILE_KEY_LENGTH) if file_key is None else file_key
        if len(key) != FILE_KEY_LENGTH:
            raise WriterError("a file key has 16 bytes", remedy="leave it out: a fresh one is made")
        header = encode_header(key, recipients_of(recipients))
        nonce = os.urandom(_NONCE_LENGTH)
        self.header_hash = hashlib.sha256(header).digest()[:16]
        self.chunks = 0
        self._cipher: ChaCha20Poly1305 | None = ChaCha20Poly1305(derive_key(key, salt=nonce, info=b"payload"))
        self._sink = sink
        self._buffer = memoryview(bytearray(CHUNK))
        self._filled = 0
        self._sealed = 0
        _write_all(sink, header + nonce)

    @property
    def offset(self) -> int:
        """Plaintext bytes accepted so far."""
        return self._sealed + self._filled

    @property
    def pending(self) -> memoryview:
        """The plaintext that no chunk in the sink holds yet. Copy it before the next write."""
        return self._buffer[: self._filled].toreadonly()

    @property
    def closed(self) -> bool:
        """True once nothing more is accepted: after `close`, or after the sink failed."""
        return self._cipher is None

    def write(self, data: Readable) -> int:
        """Accept all of `data`; the number of chunks that this sealed. Raises WriterError and what the sink raises."""
        if self._cipher is None:
            raise WriterError("a sealed file accepts nothing more", remedy="continue in a new part")
        size = len(data)
        if size <= CHUNK - self._filled:
            self._buffer[self._filled : self._filled + size] = data
            self._filled += size
            return 0
        return self._write_through(memoryview(data).cast("B"))

    def close(self) -> None:
        """Seal the last chunk, marked as final, and forget the key. Closing twice does nothing."""
        cipher = self._cipher
        if cipher is None:
            return
        self._cipher = None
        _write_all(self._sink, cipher.encrypt(_nonce(self.chunks, final=True), self._buffer[: self._filled], None))
        self.chunks += 1
        self._sealed += self._filled
        self._filled = 0
        self._buffer = memoryview(b"")

    def _write_through(self, data: memoryview) -> int:
        """Write what does not fit into the buffer: the filled buffer first, then whole chunks straight from `data`."""
        before = self.chunks
        position = 0
        if self._filled:
            position = CHUNK - self._filled
            self._buffer[self._filled :] = data[:position]
            self._filled = CHUNK
            self._seal(self._buffer)
            self._filled = 0
        whole = (len(data) - position - 1) // CHUNK  # one byte must follow a chunk that is not the last
        while whole > 0:
            count = min(whole, _BATCH)
            self._seal(data[position : position + count * CHUNK])
            position += count * CHUNK
            whole -= count
        rest = len(data) - position
        self._buffer[:rest] = data[position:]
        self._filled = rest
        return self.chunks - before

    def _seal(self, plaintext: memoryview) -> None:
        """Seal whole chunks and hand them to the sink in one write."""
        cipher = self._cipher
        if cipher is None:
            raise WriterError("a sealed file accepts nothing more", remedy="continue in a new part")
        self._cipher = None  # until the sink has it all: a failure leaves the writer closed
        count = len(plaintext) // CHUNK
        if count == 1:
            sealed: Readable = cipher.encrypt(_nonce(self.chunks, final=False), plaintext, None)
        else:
            sealed = memoryview(bytearray(count * SEALED_CHUNK))
            for index in range(count):
                cipher.encrypt_into(
                    _nonce(self.chunks + index, final=False),
                    plaintext[index * CHUNK : (index + 1) * CHUNK],
                    None,
                    sealed[index * SEALED_CHUNK : (index + 1) * SEALED_CHUNK],
                )
        _write_all(self._sink, sealed)
        self.chunks += count
        self._sealed += len(plaintext)
        self._cipher = cipher


class AgeReader:
    """Opens an age file by range: any byte costs one chunk, wherever it is.

    `size` is the plaintext's length, `finished` whether a final chunk ends it, `slots` the chunks stored, whole or not;
    `header_hash` names the file in journal frames. Without `tolerant`, a file that is not finished is refused
    (UnfinishedError): somebody may have cut it off. With `tolerant`, `size` reaches to the end of the last chunk that
    authenticates, and iteration ends before the first that does not. Not for several threads: the source has one
    position.

    Raises HeaderError (also HeaderTruncatedError, HeaderMacError), NoIdentityMatchesError, PayloadError.
    """

    def __init__(self, source: SeekableSource, identities: Sequence[str | Identity], *, tolerant: bool = False) -> None:
        self._source = source
        end = source.seek(0, io.SEEK_END)
        header, nonce, self.header_hash = _opened_header(source)
        file_key = unwrap_file_key(header, identities_of(identities))
        self._cipher = ChaCha20Poly1305(derive_key(file_key, salt=nonce, info=b"payload"))
        self._start = header.length + _NONCE_LENGTH
        self._stored = end - self._start
        self._tolerant = tolerant
        self._recent: tuple[int, bytes] = (-1, b"")
        self.slots = -(-self._stored // SEALED_CHUNK)
        self.finished = False
        self.size = 0
        self._find_end()

    def read_range(self, start: int, stop: int) -> bytes:
        """Plaintext bytes `start` to `stop`, as far as they exist. Raises PayloadError for a chunk that was altered."""
        if start < 0:
            raise ValueError("a range begins at 0 or later")
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        first = start // CHUNK
        base = first * CHUNK
        if stop <= base + CHUNK:
            return self.chunk(first)[start - base : stop - base]
        last = (stop - 1) // CHUNK
        pieces = [self.chunk(first)[start - base :]]
        pieces += [self.chunk(index) for index in range(first + 1, last)]
        pieces.append(self.chunk(last)[: stop - last * CHUNK])
        return b"".join(pieces)

    def __iter__(self) -> Iterator[bytes]:
        """The plaintext in order, chunk by chunk."""
        for index in range(-(-self.size // CHUNK)):
            try:
                yield self.chunk(index)
            except PayloadError:
                if self.finished or not self._tolerant:
                    raise
                return

    def chunk(self, index: int) -> bytes:
        """The plaintext of chunk `index`. Raises PayloadError when it does not authenticate or is not there."""
        if index == self._recent[0]:
            return self._recent[1]
        final = self.finished and index == self.slots - 1
        plaintext = self._open(index, final=final)
        if plaintext is None:
            raise PayloadError(
                f"chunk {index} of a sealed file was altered",
                remedy="take another copy of the file; the ledger has its hash",
            )
        self._recent = (index, plaintext)
        return plaintext

    def stream(self) -> io.BufferedReader:
        """The plaintext as an ordinary seekable binary file, for parsers and HTTP ranges."""
        return io.BufferedReader(_Plaintext(self), buffer_size=CHUNK)

    def _open(self, index: int, *, final: bool) -> bytes | None:
        self._source.seek(self._start + index * SEALED_CHUNK)
        sealed = _read_exactly(self._source, SEALED_CHUNK)
        if len(sealed) < _TAG_LENGTH:
            return None
        try:
            return self._cipher.decrypt(_nonce(index, final=final), sealed, None)
        except InvalidTag:
            return None

    def _find_end(self) -> None:
        """Set `size` and `finished` from the last chunk, which must authenticate before a length may be believed."""
        last = self.slots - 1
        ending = self._open(last, final=True) if last >= 0 else None
        if ending is not None and (ending or last == 0):
            self.finished = True
            self.size = last * CHUNK + len(ending)
            self._recent = (last, ending)
            return
        if not self._tolerant:
            if last < 0 or self._open(last, final=False) is not None:
                raise UnfinishedError("a sealed file has no end", remedy="open it as unfinished, with its journal tail")
            raise PayloadError(
                "the end of a sealed file is missing or was altered", remedy="take another copy of the file"
            )
        whole = self._stored // SEALED_CHUNK
        while whole and self._open(whole - 1, final=False) is None:
            whole -= 1
        self.size = whole * CHUNK


class _Plaintext(io.RawIOBase):
    """A reader's plaintext as a raw file; BufferedReader gives it the rest of the file protocol."""

    def __init__(self, reader: AgeReader) -> None:
        self._reader = reader
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._reader.size}[whence]
        if origin + offset < 0:
            raise ValueError("a position is 0 or later")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        piece = self._reader.read_range(self._position, self._position + len(view))
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def seal_bytes(data: Readable, recipients: Sequence[str | Recipient]) -> bytes:
    """A whole age file that holds `data`."""
    sink = io.BytesIO()
    writer = AgeWriter(sink, recipients)
    writer.write(data)
    writer.close()
    return sink.getvalue()


def open_bytes(data: Readable, identities: Sequence[str | Identity]) -> bytes:
    """What `seal_bytes`, or any age program, put into a finished file. Raises as AgeReader does."""
    return b"".join(AgeReader(io.BytesIO(data), identities))


def _nonce(index: int, *, final: bool) -> bytes:
    return (index << 8 | final).to_bytes(12, "big")


def _write_all(sink: BinarySink, data: Readable) -> None:
    written = sink.write(data)
    while written is not None and written < len(data):
        data = memoryview(data)[written:]
        written = sink.write(data)


def _read_exactly(source: SeekableSource, size: int) -> bytes:
    """`size` bytes, fewer only at the end of the source."""
    data = source.read(size)
    if len(data) in {0, size}:
        return data
    pieces = [data]
    missing = size - len(data)
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def read_header(source: SeekableSource) -> tuple[Header, bytes]:
    """The header at the start of `source`, and its bytes. Raises as `parse_header`."""
    header, data = _beginning(source)
    return header, data[: header.length]


def _beginning(source: SeekableSource) -> tuple[Header, bytes]:
    """The header, and what was read to find it: it, and mostly more."""
    size = _FIRST_READ
    while True:
        source.seek(0)
        data = _read_exactly(source, size)
        try:
            return parse_header(data), data
        except HeaderTruncatedError:
            if len(data) < size:
                raise
            if size >= MAXIMUM_HEADER:
                raise HeaderError("an age header is too large", remedy="the file was forged: do not use it") from None
            size *= 4


def _opened_header(source: SeekableSource) -> tuple[Header, bytes, bytes]:
    """The header, the payload nonce after it, and the hash that names the file."""
    header, data = _beginning(source)
    nonce = data[header.length : header.length + _NONCE_LENGTH]
    if len(nonce) < _NONCE_LENGTH:
        source.seek(header.length)
        nonce = _read_exactly(source, _NONCE_LENGTH)
    if len(nonce) < _NONCE_LENGTH:
        raise HeaderTruncatedError("a sealed file ends before its payload", remedy="nothing of it was ever sealed")
    return header, nonce, first_hash(header, data)
