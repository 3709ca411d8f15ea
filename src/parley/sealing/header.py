"""The textual header of an age v1 file: who can open it, and the file key wrapped for each of them.

Source: c2sp.org/age, sections "Header" and "The X25519 recipient type".
"""

import binascii
import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import HeaderError, HeaderMacError, HeaderTruncatedError, NoIdentityMatchesError
from .keys import Identity, Recipient

VERSION_LINE = b"age-encryption.org/v1\n"
FILE_KEY_LENGTH = 16
MAXIMUM_HEADER = 1 << 20
"""A header larger than this is refused: ours have some 200 bytes a recipient."""
SEALED_AS = b"parley-sealed-as"
"""The stanza of a header that was written anew (`resealing`): who opens the file skips it, as any unknown type."""
HASH_LENGTH = 16

_X25519_LABEL = b"age-encryption.org/v1/X25519"
_STANZA_MARK = b"-> "
_END_MARK = b"---"
_BODY_COLUMNS = 64
_X25519_BODY_LENGTH = FILE_KEY_LENGTH + 16
_NO_NONCE = bytes(12)  # a wrapping key seals one file key, ever


@dataclass(frozen=True, slots=True)
class Stanza:
    """One recipient stanza: `arguments` (the first is the type) and the decoded `body`."""

    arguments: tuple[bytes, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header. The MAC covers `authenticated`; `length` counts all bytes, the last line feed included."""

    stanzas: tuple[Stanza, ...]
    authenticated: bytes
    mac: bytes
    length: int


def derive_key(file_key: bytes, *, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 with 32 bytes of output, the only derivation that age uses."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(file_key)


def encode_header(file_key: bytes, recipients: Sequence[Recipient], *, sealed_as: bytes | None = None) -> bytes:
    """The header that wraps `file_key` (16 bytes) once for each recipient, with its MAC and last line feed.

    `sealed_as`, of a file that was sealed before under another header: the `first_hash` that it keeps.
    """
    lines = [VERSION_LINE]
    for recipient in recipients:
        share, wrapped = _wrap(file_key, recipient)
        lines.append(_STANZA_MARK + b"X25519 " + _encode_base64(share) + b"\n" + _encode_base64(wrapped) + b"\n")
    if sealed_as is not None:
        lines.append(_STANZA_MARK + SEALED_AS + b" " + _encode_base64(sealed_as) + b"\n\n")
    authenticated = b"".join(lines) + _END_MARK
    return authenticated + b" " + _encode_base64(mac_of(mac_key(file_key), authenticated)) + b"\n"


def first_hash(header: Header, encoded: bytes) -> bytes:
    """What names the file in journal frames: the first 16 bytes of the SHA-256 of the header that it was first sealed
    under. `encoded` begins with the header as it stands. Raises HeaderError.

    A header that was written anew says the hash of the first one, under the same MAC as its recipients.
    """
    named = [stanza for stanza in header.stanzas if stanza.arguments[0] == SEALED_AS]
    if not named:
        return hashlib.sha256(encoded[: header.length]).digest()[:HASH_LENGTH]
    if len(named) > 1 or len(named[0].arguments) != 2 or named[0].body:
        raise HeaderError("a header that was written anew is malformed", remedy="take another copy of the file")
    return _decode_base64(named[0].arguments[1], length=HASH_LENGTH)


def parse_header(data: bytes) -> Header:
    """The header at the start of `data`; what follows it is not looked at.

    Raises HeaderTruncatedError when `data` ends inside it, HeaderError when it is not a canonical age v1 header.
    """
    lines = _Lines(data)
    if lines.next() != VERSION_LINE[:-1]:
        raise HeaderError("this is not an age v1 file", remedy="check that the whole file was copied, as binary")
    stanzas: list[Stanza] = []
    while True:
        start = lines.position
        line = lines.next()
        if line.startswith(_END_MARK):
            break
        stanzas.append(_parse_stanza(line, lines))
    if not stanzas:
        raise HeaderError("an age header names no recipient", remedy="the file was damaged: take another copy")
    if not line.startswith(_END_MARK + b" "):
        raise HeaderError(
            "the last line of an age header is malformed", remedy="the file was damaged: take another copy"
        )
    mac = _decode_base64(line[len(_END_MARK) + 1 :], length=32)
    return Header(stanzas=tuple(stanzas), authenticated=data[: start + len(_END_MARK)], mac=mac, length=lines.position)


def unwrap_file_key(header: Header, identities: Sequence[Identity]) -> bytes:
    """The file key, with the header's MAC checked.

    Raises HeaderError for a malformed stanza, NoIdentityMatchesError, HeaderMacError.
    """
    if len(header.stanzas) > 1 and any(stanza.arguments[0] == b"scrypt" for stanza in header.stanzas):
        raise HeaderError("an age header mixes a passphrase with keys", remedy="the file was forged: do not use it")
    wrapped = [_parse_x25519(stanza) for stanza in header.stanzas if stanza.arguments[0] == b"X25519"]
    for share, body in wrapped:
        for identity in identities:
            file_key = _unwrap(share, body, identity)
            if file_key is None:
                continue
            require_mac(header, key=mac_key(file_key))
            return file_key
    raise NoIdentityMatchesError(
        "none of the given identities opens this file", remedy="use the identity of one of the customer's recipients"
    )


def mac_key(file_key: bytes) -> bytes:
    """The 32 bytes that authenticate a header and nothing else: no file key follows from them."""
    return derive_key(file_key, salt=b"", info=b"header")


def mac_of(key: bytes, authenticated: bytes) -> bytes:
    """The MAC of a header."""
    return hmac.digest(key, authenticated, "sha256")


def require_mac(header: Header, *, key: bytes) -> None:
    """That who has `mac_key` of the file wrote this header. Raises HeaderMacError."""
    if not hmac.compare_digest(mac_of(key, header.authenticated), header.mac):
        raise HeaderMacError("the header of a sealed file was altered", remedy="take another copy of the file")


class _Lines:
    """Lines of a header that may be cut short: `next` raises HeaderTruncatedError at the end of the data."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def next(self) -> bytes:
        end = self._data.find(b"\n", self.position)
        if end < 0:
            rest = self._data[self.position :]
            if self.position == 0 and not VERSION_LINE.startswith(rest):
                raise HeaderError(
                    "this is not an age v1 file", remedy="check that the whole file was copied, as binary"
                )
            raise HeaderTruncatedError("a sealed file ends inside its header", remedy="nothing of it was ever sealed")
        line = self._data[self.position : end]
        self.position = end + 1
        return line


def _parse_stanza(line: bytes, lines: _Lines) -> Stanza:
    arguments = tuple(line[len(_STANZA_MARK) :].split(b" "))
    if not line.startswith(_STANZA_MARK) or not all(_is_visible(argument) for argument in arguments):
        raise HeaderError("a line of an age header is malformed", remedy="the file was damaged: take another copy")
    encoded = b""
    while True:
        body_line = lines.next()
        if len(body_line) > _BODY_COLUMNS:
            raise HeaderError("a line of an age header is too long", remedy="the file was damaged: take another copy")
        encoded += body_line
        if len(body_line) < _BODY_COLUMNS:
            return Stanza(arguments=arguments, body=_decode_base64(encoded))


def _is_visible(argument: bytes) -> bool:
    return bool(argument) and all(33 <= byte <= 126 for byte in argument)


def _parse_x25519(stanza: Stanza) -> tuple[bytes, bytes]:
    """The ephemeral share and the wrapped file key.

    The length is checked before any key is tried, against partitioning oracles (c2sp.org/age).
    """
    if len(stanza.arguments) != 2 or len(stanza.body) != _X25519_BODY_LENGTH:
        raise HeaderError("an X25519 stanza is malformed", remedy="the file was damaged: take another copy")
    return _decode_base64(stanza.arguments[1], length=32), stanza.body


def _wrap(file_key: bytes, recipient: Recipient) -> tuple[bytes, bytes]:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient.public_key))
    wrapping_key = derive_key(secret, salt=share + recipient.public_key, info=_X25519_LABEL)
    return share, ChaCha20Poly1305(wrapping_key).encrypt(_NO_NONCE, file_key, None)


def _unwrap(share: bytes, body: bytes, identity: Identity) -> bytes | None:
    try:
        secret = identity.private_key.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError as error:
        raise HeaderError(
            "an X25519 stanza has a share of small order", remedy="the file was forged: do not use it"
        ) from error
    wrapping_key = derive_key(secret, salt=share + identity.public_key, info=_X25519_LABEL)
    try:
        return ChaCha20Poly1305(wrapping_key).decrypt(_NO_NONCE, body, None)
    except InvalidTag:
        return None


def _encode_base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _decode_base64(text: bytes, *, length: int | None = None) -> bytes:
    """The bytes of unpadded, canonical base64 (RFC 4648 section 3.5); any other spelling of them is refused."""
    try:
        data = binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error as error:
        raise HeaderError(
            "an age header has malformed base64", remedy="the file was damaged: take another copy"
        ) from error
    if _encode_base64(data) != text or (length is not None and len(data) != length):
        raise HeaderError("an age header has non-canonical base64", remedy="the file was forged: do not use it")
    return data
