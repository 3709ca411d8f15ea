"""Recording metadata: who takes part in what is recorded (RFC 7865), complete or as a partial update.

The XML reader refuses document types and entities, and bounds size, depth and number of elements, before anything is
believed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from xml.parsers import expat

from parley.wire.siprec.errors import BadBody

MEDIA_TYPES = frozenset({"application/rs-metadata+xml", "application/rs-metadata"})
NAMESPACES = frozenset({"urn:ietf:params:xml:ns:recording:1", "urn:ietf:params:xml:ns:recording"})
MAX_TEXT = 49_152
MAX_DEPTH = 16
MAX_ELEMENTS = 2_000
MAX_VALUE = 1_024
MAX_EXTENSIONS = 32


@dataclass(frozen=True, slots=True)
class Name:
    """One nameID of a participant: address of record and display name."""

    aor: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Participant:
    id: str
    names: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """A communication session: its group, if any, and its SIP Session-ID values (RFC 7989)."""

    id: str
    group: str = ""
    sip_session_ids: tuple[str, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """A media stream of a communication session; `label` is that of its m-line."""

    id: str
    session: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class StreamAssociation:
    """Which streams a participant sends and receives."""

    participant: str
    sends: tuple[str, ...] = ()
    receives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the recording client told so far. `complete` false: an update to what was told before.

    `extensions` are elements of other namespaces (RFC 7865 section 7): local name in lower case, text.
    """

    complete: bool
    groups: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()
    participants: tuple[Participant, ...] = ()
    streams: tuple[Stream, ...] = ()
    associations: tuple[StreamAssociation, ...] = ()
    left: tuple[str, ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()

    def updated(self, update: "Metadata") -> "Metadata":
        """What is known after `update`: a complete one replaces all, a partial one adds and replaces by id (section
        4).
        """
        if update.complete:
            return update
        return replace(
            self,
            groups=tuple(dict.fromkeys((*self.groups, *update.groups))),
            sessions=_merged(self.sessions, update.sessions),
            participants=_merged(self.participants, update.participants),
            streams=_merged(self.streams, update.streams),
            associations=_merged(self.associations, update.associations, "participant"),
            left=tuple(dict.fromkeys((*self.left, *update.left))),
            extensions=tuple({**dict(self.extensions), **dict(update.extensions)}.items()),
        )

    @property
    def conversation(self) -> str:
        """What joins recordings of one conversation: the group, else the communication session; "" when neither is
        named.
        """
        grouped = next((session.group for session in self.sessions if session.group), "")
        single = self.sessions[0].id if self.sessions else ""
        return grouped or next(iter(self.groups), "") or single

    def sender(self, label: str) -> Participant | None:
        """Who speaks on the m-line with `label`, None when the metadata does not say."""
        ids = {stream.id for stream in self.streams if stream.label == label}
        for association in self.associations:
            if ids.intersection(association.sends):
                return next((one for one in self.participants if one.id == association.participant), None)
        return None


def _merged(old: Iterable[Any], new: Iterable[Any], key: str = "id") -> tuple[Any, ...]:
    items = {getattr(item, key): item for item in old}
    items.update({getattr(item, key): item for item in new})
    if len(items) > MAX_ELEMENTS:
        raise BadBody("recording metadata has grown too large")
    return tuple(items.values())


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: list["_Element"] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> list["_Element"]:
        return [child for child in self.children if child.name == name]

    def value(self, name: str) -> str:
        found = self.all(name)
        return found[0].text.strip() if found else ""

    def id(self, name: str) -> str:
        """The attribute `name`, or plain `id` as in drafts of the standard."""
        return (self.attributes.get(name) or self.attributes.get("id") or "").strip()


class _Reader:
    """Builds elements of the recording namespace; of everything else it keeps name and text (extension data)."""

    def __init__(self) -> None:
        self.root: _Element | None = None
        self.extensions: dict[str, str] = {}
        self._open: list[_Element | None] = []
        self._foreign: list[str] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            raise BadBody("recording metadata has too many elements")
        namespace, _, local = name.rpartition(" ")
        parent = self._open[-1] if self._open else None
        if namespace not in NAMESPACES or (self._open and parent is None):
            self._open.append(None)
            self._foreign.append(local.lower())
            return
        # Drafts wrote dataMode; the standard writes datamode.
        element = _Element(local.lower(), {key.rpartition(" ")[2].lower(): value for key, value in attributes.items()})
        if any(len(value) > MAX_VALUE for value in element.attributes.values()):
            raise BadBody("recording metadata has a value that is too long")
        if parent is not None:
            parent.children.append(element)
        elif self.root is None:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        if self._open.pop() is None:
            self._foreign.pop()

    def text(self, data: str) -> None:
        element = self._open[-1] if self._open else None
        if element is not None:
            if len(element.text) + len(data) > MAX_VALUE and (element.text + data).strip():
                raise BadBody("recording metadata has a value that is too long")
            element.text += data
        elif self._foreign and (len(self.extensions) < MAX_EXTENSIONS or self._foreign[-1] in self.extensions):
            name = self._foreign[-1]
            self.extensions[name] = (self.extensions.get(name, "") + data)[:MAX_VALUE]


def _refuse_declarations(*_: object) -> int:
    raise BadBody("recording metadata has a document type or an entity")


def _read(content: bytes) -> tuple[_Element, dict[str, str]]:
    if len(content) > MAX_TEXT:
        raise BadBody("recording metadata is too large")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.EntityDeclHandler = _refuse_declarations
    parser.ExternalEntityRefHandler = _refuse_declarations
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise BadBody("recording metadata is not well-formed XML") from None
    if reader.root is None or reader.root.name != "recording":
        raise BadBody("recording metadata has no recording element")
    return reader.root, reader.extensions


def parse(content: bytes) -> Metadata:
    """Reads an rs-metadata document. Raises BadBody when it is not one, or lacks the ids that it refers by."""
    root, extensions = _read(content.strip())
    mode = root.value("datamode").lower() or "complete"
    if mode not in {"complete", "partial"}:
        raise BadBody("recording metadata has an unknown data mode")
    sessions = tuple(
        Session(
            id=_required(item, "session_id"),
            group=item.value("group-ref"),
            sip_session_ids=tuple(one.text.strip() for one in item.all("sipsessionid")),
            ended=bool(item.value("end-time") or item.value("stop-time")),
        )
        for item in root.all("session")
    )
    left = (
        item.id("participant_id") for item in root.all("participantsessionassoc") if item.value("disassociate-time")
    )
    return Metadata(
        complete=mode == "complete",
        groups=tuple(_required(item, "group_id") for item in root.all("group")),
        sessions=sessions,
        participants=tuple(
            Participant(id=_required(item, "participant_id"), names=tuple(_name(one) for one in item.all("nameid")))
            for item in root.all("participant")
        ),
        streams=tuple(
            Stream(
                id=_required(item, "stream_id"),
                session=item.attributes.get("session_id", "").strip(),
                label=item.value("label"),
            )
            for item in root.all("stream")
        ),
        associations=tuple(
            StreamAssociation(
                participant=_required(item, "participant_id"),
                sends=tuple(one.text.strip() for one in item.all("send")),
                receives=tuple(one.text.strip() for one in item.all("recv")),
            )
            for item in root.all("participantstreamassoc")
        ),
        left=tuple(one for one in left if one),
        extensions=tuple((name, value.strip()) for name, value in extensions.items()),
    )


def _required(item: _Element, name: str) -> str:
    value = item.id(name)
    if not value:
        raise BadBody(f"recording metadata lacks a {name}")
    return value


def _name(item: _Element) -> Name:
    return Name(aor=(item.attributes.get("aor") or item.value("aor")).strip(), display=item.value("name"))
