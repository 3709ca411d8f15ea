"""SIPREC messages as a recording client writes them, each piece replaceable by a wrong one."""

from dataclasses import dataclass, field, replace


def media_line(
    label: str | None, *, port: int = 6000, codecs: str = "0", direction: str = "sendonly", more: str = ""
) -> str:
    text = f"m=audio {port} RTP/AVP {codecs}\r\n{more}"
    if label is not None:
        text += f"a=label:{label}\r\n"
    return text + f"a={direction}\r\n"


def sdp(*lines: str, address: str = "127.0.0.1", version: int = 1) -> bytes:
    lines = lines or (media_line("1"), media_line("2", port=6002, codecs="8"))
    head = f"v=0\r\no=src 1 {version} IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
    return (head + "".join(lines)).encode()


NAMESPACE = 'xmlns="urn:ietf:params:xml:ns:recording:1"'


def metadata(
    *,
    caller: str = "+390584943232",
    callee: str = "+390266711",
    group: str = "g1",
    session: str = "s1",
    mode: str = "complete",
) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<recording {NAMESPACE}><datamode>{mode}</datamode>
<group group_id="{group}"><associate-time>2026-11-22T10:00:00Z</associate-time></group>
<session session_id="{session}"><group-ref>{group}</group-ref></session>
<participant participant_id="p1">
<nameID aor="sip:{caller}@example.org"><name xml:lang="it">Anna Caller</name></nameID></participant>
<participant participant_id="p2"><nameID aor="tel:{callee}"><name>Bruno Callee</name></nameID></participant>
<stream stream_id="t1" session_id="{session}"><label>1</label></stream>
<stream stream_id="t2" session_id="{session}"><label>2</label></stream>
<participantstreamassoc participant_id="p1"><send>t1</send><recv>t2</recv></participantstreamassoc>
<participantstreamassoc participant_id="p2"><send>t2</send><recv>t1</recv></participantstreamassoc>
</recording>""".encode()


def multipart(*parts: tuple[str, bytes], boundary: str = "part") -> tuple[str, bytes]:
    body = b"".join(
        f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n" for kind, content in parts
    )
    return f"multipart/mixed;boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def siprec_body(description: bytes | None = None, document: bytes | None = None) -> tuple[str, bytes]:
    return multipart(("application/sdp", description or sdp()), ("application/rs-metadata+xml", document or metadata()))


@dataclass(frozen=True)
class Client:
    """One recording client and one dialog of it; `to_tag` once it is answered."""

    call_id: str = "call-1"
    tag: str = "src1"
    to_tag: str = ""
    host: str = "127.0.0.1"
    port: int = 5080
    transport: str = "UDP"
    sequence: int = 1
    extra: tuple[tuple[str, str], ...] = ()
    without: frozenset[str] = field(default_factory=frozenset)

    def answered(self, response: bytes) -> "Client":
        tag = next(
            line for line in response.decode(errors="replace").split("\r\n") if line.startswith("To:")
        ).partition(";tag=")[2]
        return replace(self, to_tag=tag)

    def headers(self, method: str, branch: str) -> list[tuple[str, str]]:
        to_tag = f";tag={self.to_tag}" if self.to_tag else ""
        contact = f"<sip:src@{self.host}:{self.port};transport={self.transport.lower()}>;+sip.src"
        return [
            ("Via", f"SIP/2.0/{self.transport} {self.host}:{self.port};branch={branch};rport"),
            ("From", f"<sip:src@{self.host}>;tag={self.tag}"),
            ("To", f"<sip:srs@127.0.0.1>{to_tag}"),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.sequence} {method}"),
            ("Contact", contact),
            ("Max-Forwards", "70"),
        ]

    def request(
        self, method: str, *, body: tuple[str, bytes] = ("", b""), branch: str = "", length: str | None = None
    ) -> bytes:
        """The request in octets; `length` replaces the true Content-Length, `without` leaves headers out."""
        branch = branch or f"z9hG4bK-{self.call_id}-{self.sequence}-{method}"
        headers = self.headers(method, branch)
        if method == "INVITE":
            headers.append(("Require", "siprec"))
        headers += self.extra
        if body[0]:
            headers.append(("Content-Type", body[0]))
        headers.append(("Content-Length", str(len(body[1])) if length is None else length))
        kept = [f"{name}: {value}" for name, value in headers if name not in self.without]
        return "\r\n".join([f"{method} sip:srs@127.0.0.1 SIP/2.0", *kept]).encode() + b"\r\n\r\n" + body[1]

    def invite(self, body: tuple[str, bytes] | None = None, *, branch: str = "", length: str | None = None) -> bytes:
        return self.request("INVITE", body=body or siprec_body(), branch=branch, length=length)

    def ack(self, branch: str = "") -> bytes:
        return self.request("ACK", branch=branch)

    def next(self) -> "Client":
        return replace(self, sequence=self.sequence + 1)
