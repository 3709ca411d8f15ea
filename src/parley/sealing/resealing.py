"""A sealed file for other recipients: its header is written anew, what follows is copied byte by byte.

The header of an age file wraps the file key once for each recipient; all that follows depends on the file key alone.
Whoever opens the old header can therefore write a new one, and whoever stores the file needs neither the file key nor
an identity to put it in place. Who stores it does need to know that the new header is no rubbish, which would destroy
the file: `proof` is the key of the header's MAC (HKDF of the file key, "header"). Only who opened the old header has
it; it opens nothing. That it fits the old header and the new one shows that one file key made both; whether each
recipient's stanza wraps that key, nobody can tell without an identity.

A new header says, in a stanza that age programs skip, the hash of the header that the file was first sealed under:
journal frames name the file by it, and a tail goes on fitting. A tail wraps its frame key in a small age file of its
own: that one's header is written anew in the same way.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .errors import HeaderError, HeaderTruncatedError
from .frames import TAIL_MAGIC, parse_tail
from .header import (
    MAXIMUM_HEADER,
    SEALED_AS,
    encode_header,
    first_hash,
    mac_key,
    parse_header,
    require_mac,
    unwrap_file_key,
)
from .keys import Identity, Recipient, identities_of, recipients_of
from .stream import SeekableSource, read_header

SealedKind = Literal["age", "tail"]
"""An age file, or the tail of one."""

_LENGTH = struct.Struct(">I")
_NEVER_WRITTEN = 4096  # bytes of zeros at the start of a file whose first block a power cut took
_X25519 = b"X25519"


@dataclass(frozen=True, slots=True)
class NewHeader:
    """A header for other recipients, and the key of its MAC: what `require_rewritten` asks for."""

    header: bytes
    proof: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replacement:
    """The first bytes of a sealed file as it is to be, and how many bytes of the stored one they replace."""

    head: bytes
    replaces: int


def rewritten_header(
    old: bytes, *, identities: Sequence[str | Identity], recipients: Sequence[str | Recipient]
) -> NewHeader:
    """The header that opens the same payload for `recipients`, and for nobody else.

    Raises HeaderError (also HeaderMacError), NoIdentityMatchesError, KeyFormatError.
    """
    header = parse_header(old)
    file_key = unwrap_file_key(header, identities_of(identities))
    new = encode_header(file_key, recipients_of(recipients), sealed_as=first_hash(header, old))
    return NewHeader(new, mac_key(file_key))


def require_rewritten(old: bytes, new: bytes, *, proof: bytes, recipients: int) -> None:
    """That `new` is a whole header, for so many recipients, by somebody who opened `old`. Raises HeaderError.

    To be asked without any key: see the module for what it shows and what not.
    """
    if len(new) > MAXIMUM_HEADER:
        raise HeaderError("a new header is too large", remedy="wrap the file key once for each recipient")
    before, after = parse_header(old), parse_header(new)
    if after.length != len(new):
        raise HeaderError("something follows a new header", remedy="send the header alone, to its last line feed")
    kinds = [stanza.arguments[0] for stanza in after.stanzas]
    bodies = {(len(one.arguments), len(one.body)) for one in after.stanzas if one.arguments[0] == _X25519}
    shares = {one.arguments for one in after.stanzas}
    if kinds != [_X25519] * recipients + [SEALED_AS] or bodies != {(2, 32)} or len(shares) != len(kinds):
        raise HeaderError(
            f"a new header has one X25519 stanza for each of the {recipients} recipients and then {SEALED_AS.decode()}",
            remedy="seal to exactly the customer's present recipients",
        )
    if first_hash(after, new) != first_hash(before, old):
        raise HeaderError("a new header belongs to another file", remedy="give each file its own header")
    for header in (before, after):
        require_mac(header, key=proof)


def stored_header(source: SeekableSource, kind: SealedKind) -> bytes | None:
    """The age header in a stored file of that kind, None where nothing of it was ever sealed. Raises HeaderError.

    Of a tail it is the header around its frame key.
    """
    try:
        if kind == "age":
            return read_header(source)[1]
        wrapped = _wrapped_key(source)
        return wrapped[: parse_header(wrapped).length]
    except HeaderTruncatedError:
        return None
    except HeaderError:
        source.seek(0)
        if any(source.read(_NEVER_WRITTEN)):
            raise
        return None


def replacement(source: SeekableSource, kind: SealedKind, new: bytes) -> Replacement:
    """What stands at the beginning of the stored file when `new` takes the place of its header. Raises HeaderError."""
    old = stored_header(source, kind)
    if old is None:
        raise HeaderTruncatedError("a sealed file ends inside its header", remedy="nothing of it was ever sealed")
    if kind == "age":
        return Replacement(new, len(old))
    length = len(_wrapped_key(source)) - len(old) + len(new)
    return Replacement(TAIL_MAGIC + _LENGTH.pack(length) + new, len(TAIL_MAGIC) + _LENGTH.size + len(old))


def _wrapped_key(source: SeekableSource) -> bytes:
    source.seek(0)
    start = source.read(len(TAIL_MAGIC) + _LENGTH.size)
    source.seek(0)
    most = len(start) + (_LENGTH.unpack(start[-_LENGTH.size :])[0] if len(start) > len(TAIL_MAGIC) + 3 else 0)
    return parse_tail(source.read(min(most, MAXIMUM_HEADER) + 64)).wrapped_key
