"""Messages out of a byte stream (RFC 3261 section 18.3), with limits, and keep-alives (RFC 5626 section 3.5.1)."""

from dataclasses import dataclass

from parley.wire.sip.message import MAX_HEAD, MAX_MESSAGE, content_length, parse_headers


@dataclass(frozen=True, slots=True)
class Whole:
    """One complete message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """A double CRLF: answer with one CRLF."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The stream can no longer be framed: answer `head` with `code` when possible, then close."""

    head: bytes
    code: int
    reason: str


StreamEvent = Whole | Ping | Lost


class StreamFramer:
    """Cuts a stream into messages, whatever the segments; never holds more than one message of MAX_MESSAGE octets."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._length: int | None = None
        self._lost = False

    @property
    def partial(self) -> bool:
        """Whether a message has begun and not ended: the peer owes us octets."""
        return bool(self._buffer)

    def receive(self, data: bytes) -> list[StreamEvent]:
        """What `data` completes, in order. After a Lost the rest of the stream is ignored."""
        events: list[StreamEvent] = []
        self._buffer += data
        while not self._lost:
            event = self._next()
            if event is None:
                break
            events.append(event)
            if isinstance(event, Lost):
                self._lost = True
        if self._lost:
            self._buffer.clear()
        return events

    def _next(self) -> StreamEvent | None:
        if self._length is None:
            if self._buffer.startswith(b"\r\n\r\n"):
                del self._buffer[:4]
                return Ping()
            if self._buffer.startswith(b"\r\n") and len(self._buffer) > 2 and self._buffer[2:3] != b"\r":
                del self._buffer[:2]
            if (not self._buffer or self._buffer.startswith(b"\r")) and len(self._buffer) < 4:
                return None
            return self._head()
        if len(self._buffer) < self._length:
            return None
        data = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        self._length, self._searched = None, 0
        return Whole(data)

    def _head(self) -> StreamEvent | None:
        """Finds the end of the head and learns the length of the message."""
        end = self._buffer.find(b"\r\n\r\n", self._searched)
        if end < 0 or end > MAX_HEAD:
            self._searched = max(0, len(self._buffer) - 3)
            if len(self._buffer) > MAX_HEAD:
                return Lost(head=bytes(self._buffer[:MAX_HEAD]), code=513, reason="message head is too large")
            return None
        head = bytes(self._buffer[: end + 4])
        try:
            length = content_length(parse_headers(head[:-4])[1])
        except ValueError as error:
            return Lost(head=head, code=400, reason=str(error))
        if length is None:
            return Lost(head=head, code=400, reason="Content-Length is missing on a stream")
        if end + 4 + length > MAX_MESSAGE:
            return Lost(head=head, code=513, reason="message is too large")
        self._length = end + 4 + length
        return self._next()
