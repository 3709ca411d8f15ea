"""Header values that SIP routing stands on, kept exactly as they were written.

`sipmessage` re-writes parameters percent-encoded and refuses host names that end in a digit ("sbc1"); a Via, tag or
route must come back to its owner octet by octet, so these types keep the text and only point into it.
"""

import re
from dataclasses import dataclass

_PARAMETER = re.compile(r';\s*([^\s;="<>,]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"<>]+))?\s*')
_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*(?P<transport>[A-Za-z0-9.\-]{1,16})\s+"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.\-_]{1,255})(?:\s*:\s*(?P<port>[0-9]{1,5}))?\s*"
)
_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@\s<>\"]{0,255})@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.\-_]{1,255})(?::(?P<port>[0-9]{1,5}))?(?P<rest>[;?][^\s<>\"]*)?",
    re.IGNORECASE,
)
_NAME_ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"<>,;:]*)\s*<([^<>\s]{1,2000})>\s*')
_BARE_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*:[^\s;,<>\"]{1,2000})\s*")


def split_list(value: str) -> tuple[str, ...]:
    """The comma-separated items of a header value; commas inside quotes or angle brackets do not separate (RFC 3261
    7.3).
    """
    items: list[str] = []
    start, quoted, angled, skip = 0, False, False, False
    for position, letter in enumerate(value):
        if skip:
            skip = False
        elif quoted:
            skip = letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter == "<":
            angled = True
        elif letter == ">":
            angled = False
        elif letter == "," and not angled:
            items.append(value[start:position].strip())
            start = position + 1
    items.append(value[start:].strip())
    return tuple(item for item in items if item)


def parse_parameters(text: str) -> dict[str, str | None]:
    """`;name=value` pairs by lower-case name, quotes taken off, the first of a name kept. Raises ValueError."""
    found: dict[str, str | None] = {}
    position = 0
    text = text.strip()
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise ValueError("header parameters are not valid")
        value = match.group(2)
        if value is not None and value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.setdefault(match.group(1).lower(), value)
        position = match.end()
    return found


def quoted(text: str) -> str:
    """`text` as a quoted-string (RFC 3261 section 25.1)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Via:
    """One hop (RFC 3261 section 20.42); `text` is the value as received."""

    text: str
    transport: str
    host: str
    port: int | None
    branch: str | None
    rport: bool

    @classmethod
    def parse(cls, text: str) -> "Via":
        """Reads one Via value. Raises ValueError."""
        match = _VIA.match(text)
        if match is None:
            raise ValueError("Via is not valid")
        parameters = parse_parameters(text[match.end() :])
        port = int(match["port"]) if match["port"] else None
        if port is not None and not 0 < port < 65536:
            raise ValueError("Via port is not valid")
        return cls(
            text=text,
            transport=match["transport"].upper(),
            host=match["host"],
            port=port,
            branch=parameters.get("branch"),
            rport="rport" in parameters,
        )

    def answered_from(self, *, address: str, port: int) -> str:
        """The value for the response: `received` and `rport` as seen (RFC 3261 18.2.1, RFC 3581 section 4)."""
        text = re.sub(r";\s*received\s*=\s*[^;]*", "", self.text, flags=re.IGNORECASE)
        if self.rport:
            text = re.sub(r";\s*rport(\s*=\s*[0-9]*)?\s*(?=;|$)", f";rport={port}", text, count=1, flags=re.IGNORECASE)
        if self.rport or self.host.strip("[]") != address:
            text += f";received={address}"
        return text

    def response_port(self, *, source_port: int) -> int:
        """Where a datagram response goes: the source port with `rport`, else the sent-by port (RFC 3581, RFC 3261
        18.2.2).
        """
        return source_port if self.rport else self.port or 5060


@dataclass(frozen=True, slots=True)
class Target:
    """A SIP URI to which requests can be sent; `text` is the URI as received."""

    text: str
    scheme: str
    user: str | None
    host: str
    port: int | None
    parameters: str

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Reads a sip or sips URI. Raises ValueError."""
        match = _URI.fullmatch(text)
        if match is None:
            raise ValueError("URI is not valid")
        port = int(match["port"]) if match["port"] else None
        if port is not None and not 0 < port < 65536:
            raise ValueError("URI port is not valid")
        return cls(
            text=text,
            scheme=match["scheme"].lower(),
            user=match["user"],
            host=match["host"],
            port=port,
            parameters=(match["rest"] or "").lower(),
        )

    @property
    def transport(self) -> str:
        """UDP unless the URI asks for another transport."""
        match = re.search(r";transport=([a-z]+)", self.parameters)
        return match.group(1).upper() if match else "UDP"

    @property
    def loose(self) -> bool:
        """Whether a Route with this URI is a loose router (RFC 3261 section 19.1.1, `lr`)."""
        return re.search(r";lr(=|;|$)", self.parameters) is not None


@dataclass(frozen=True, slots=True)
class NameAddress:
    """A From, To, Contact or Route value: where it points and its parameters; `text` is the value as received."""

    text: str
    uri: str
    parameters: dict[str, str | None]

    @classmethod
    def parse(cls, text: str) -> "NameAddress":
        """Reads one name-addr or addr-spec. Raises ValueError."""
        match = _NAME_ADDRESS.match(text) or _BARE_ADDRESS.match(text)
        if match is None:
            raise ValueError("address is not valid")
        return cls(text=text, uri=match.group(1), parameters=parse_parameters(text[match.end() :]))

    @property
    def tag(self) -> str | None:
        return self.parameters.get("tag")


def reason_header(*, code: int, text: str) -> str:
    """A Reason value that names a SIP code in words (RFC 3326 section 2)."""
    return f"SIP;cause={code};text={quoted(text)}"
