"""Checks a Parley evidence bundle with nothing but Python, faster with `cryptography` beside it. Runs alone:

    python verifier.py BUNDLE --log-key KEY [--provider-key KEY] [--checkpoint KEPT]

A bundle is one canonical JSON object and a newline. Keys never come from the bundle: the log's key is pinned by whoever
verifies. Every byte is bound: what is not signed or hashed must re-encode to exactly the same bytes, so any change is
refused. Sources: RFC 9162 section 2.1 (tree and proofs), RFC 8785 (canonical JSON, the subset without fractions),
c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.

This file imports nothing of Parley, so that it can be read, copied and run by somebody who does not trust Parley. Copy
it to a folder of its own, or run it by `python -P`: beside it lies a `types.py` that Python would take for its own.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

_LIBRARY: Final = find_spec("cryptography") is not None
if _LIBRARY:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT: Final = "parley-bundle/1"
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
SIGNATURE: Final = 0x01  # c2sp.org/signed-note: Ed25519 over the note's text
COSIGNATURE: Final = 0x04  # c2sp.org/tlog-cosignature: 8 bytes of time, then Ed25519 over time and text
MAX_BUNDLE: Final = 1 << 20
MAX_DEPTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1  # every JSON reader holds these exactly
_DASH: Final = "— "
_BUNDLE_MEMBERS: Final = {"checkpoint", "consistency", "details", "entry", "format", "index", "keys", "path"}
_ENTRY_MEMBERS: Final = {"at", "clause", "commitment", "id", "kind", "v"}


class VerificationError(Exception):
    """The evidence is refused. `remedy` says what would help, when anything would."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} ({self.remedy})" if self.remedy else message


# --- canonical forms -------------------------------------------------------------------------------------------------


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def canonical(value: object) -> bytes:
    """The one encoding of `value` (RFC 8785): sorted members, no spaces, UTF-8.

    Holds texts, whole numbers up to 2**53 - 1, true, false, null, lists and objects with ASCII member names. Anything
    else (fractions, bytes, deep nesting) raises TypeError or ValueError: two programs could encode it differently.
    """
    _require_canonical(value, depth=0)
    return _ENCODER.encode(value).encode()


def _require_canonical(value: object, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError("a whole number beyond 2**53 - 1")
    elif isinstance(value, dict):
        for name, member in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise ValueError(f"a member name that is not ASCII text: {name!r}")
            _require_canonical(member, depth=depth + 1)
    elif isinstance(value, list | tuple):
        for member in value:
            _require_canonical(member, depth=depth + 1)
    else:
        raise TypeError(f"{type(value).__name__} has no canonical form")


def parse_canonical(data: bytes) -> Any:
    """The value whose canonical encoding is exactly `data`; ValueError for every other spelling of it."""
    try:
        value = json.loads(data)
        same = canonical(value) == data
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"not canonical JSON: {error}") from None
    if not same:
        raise ValueError("not canonical JSON: it encodes differently")
    return value


def decode_base64(text: str, *, length: int | None = None) -> bytes:
    """The bytes of padded standard base64, in its only spelling (RFC 4648 section 3.5); ValueError otherwise."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the canonical base64")
    if length is not None and len(data) != length:
        raise ValueError(f"{len(data)} bytes where {length} belong")
    return data


# --- RFC 9162 section 2.1: hashes and proofs -------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data), RFC 9162 section 2.1.1."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), RFC 9162 section 2.1.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash `leaf` stands at `index` in the tree of `size` leaves under `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, result = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(sibling, result)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            result = node_hash(result, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and result == root


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the tree of `new_size` leaves only adds to the tree of `old_size` leaves (RFC 9162, 2.1.4.2)."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size in (0, new_size):
        expected = EMPTY_ROOT if old_size == 0 else new_root
        return not path and old_root == expected and (new_size > 0 or new_root == EMPTY_ROOT)
    if not path:
        return False
    # A complete old tree is itself the first node of the path, and is left out of it.
    nodes = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new = node_hash(new, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and old == old_root and new == new_root


# --- RFC 8032 section 5.1: Ed25519, for machines with Python alone ----------------------------------------------------

_Point = tuple[int, int, int, int]  # extended homogeneous coordinates X, Y, Z, T
_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P


@lru_cache(maxsize=256)  # many bundles stand under one head: it is verified once
def ed25519_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is that of `message` under `public` (RFC 8032 section 5.1.7). Not constant in time: nothing
    here is secret."""
    key = _decompressed(public)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    minus_key = (_P - key[0], key[1], key[2], _P - key[3])
    challenge = int.from_bytes(digest, "little") % _ORDER
    return _compressed(_sum(_times(scalar, _BASE), _times(challenge, minus_key))) == signature[:32]


def _sum(a: _Point, b: _Point) -> _Point:
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    c, d = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = right - left, d - c, d + c, right + left
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _sum(result, point)
        point = _sum(point, point)
        scalar >>= 1
    return result


def _decompressed(encoded: bytes) -> _Point | None:
    """The point that 32 bytes stand for, None for any that is not one in its only spelling (section 5.1.3)."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if len(encoded) != 32 or y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


def _compressed(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _base() -> _Point:
    base = _decompressed((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert base is not None  # noqa: S101 - a constant of the curve
    return base


_BASE: Final = _base()


# --- signed notes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VerifierKey:
    """A name and an Ed25519 public key, written `<name>+<8 hex key id>+<base64 of kind and key>`."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || LF || kind || public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key written as `text`; ValueError when anything in it does not agree."""
        name, _, rest = text.strip().partition("+")
        _, _, encoded = rest.partition("+")
        material = decode_base64(encoded, length=33)
        require_name(name)
        key = cls(name=name, kind=material[0], public=material[1:])
        if str(key) != text.strip() or key.kind not in (SIGNATURE, COSIGNATURE):
            raise ValueError("not an Ed25519 verifier key: name, key id and key do not belong together")
        return key

    def verifies(self, signature: bytes, text: str) -> bool:
        """Whether `signature` (64 bytes, or 72 with the time of a cosignature) is this key's over the note `text`."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = cosigned_message(text, time=time)
        if not _LIBRARY:
            return ed25519_holds(self.public, signature, message)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def require_name(name: str) -> None:
    """ValueError unless `name` can name a key or an origin: not empty, no space, plus or control character."""
    if not name or len(name.encode()) > 255 or re.search(r"[\s+\x00-\x1f\x7f]", name):
        raise ValueError("a key name is 1 to 255 bytes without spaces or '+'")


def cosigned_message(text: str, *, time: int) -> bytes:
    """What a cosigner signs: that it saw the checkpoint `text` at `time` (seconds since 1970)."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


@dataclass(frozen=True)
class Note:
    """A signed text: `text` ends with LF; each signature is (name, 4-byte key id, signature bytes)."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def __str__(self) -> str:
        lines = (f"{_DASH}{name} {base64.b64encode(key + signed).decode()}\n" for name, key, signed in self.signatures)
        return self.text + "\n" + "".join(lines)

    @classmethod
    def parse(cls, source: str) -> "Note":
        """The note written as `source`; ValueError for any other than the one spelling of it."""
        text, separator, block = source.rpartition("\n\n")
        signatures = []
        for line in block.removesuffix("\n").split("\n"):
            name, _, encoded = line.removeprefix(_DASH).partition(" ")
            require_name(name)
            blob = decode_base64(encoded)
            signatures.append((name, blob[:4], blob[4:]))
        note = cls(text=text + "\n", signatures=tuple(signatures))
        if not separator or not signatures or len(signatures) > 16 or str(note) != source:
            raise ValueError("not a signed note")
        return note

    def signature_of(self, key: VerifierKey) -> bytes | None:
        """The verified signature of `key`, None when it did not sign; ValueError when it is wrong or repeated."""
        found = [signed for name, key_id, signed in self.signatures if (name, key_id) == (key.name, key.key_id)]
        if not found:
            return None
        if len(found) > 1 or not key.verifies(found[0], self.text):
            raise ValueError(f"the signature of {key.name} is wrong")
        return found[0]


@dataclass(frozen=True)
class Head:
    """What a checkpoint states: the log `origin` had `size` entries under the 32-byte `root`."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """The head written as a checkpoint's text (c2sp.org/tlog-checkpoint, without extension lines)."""
        lines = text.split("\n")
        if len(lines) != 4 or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
            raise ValueError("not a checkpoint")
        require_name(lines[0])
        head = cls(origin=lines[0], size=int(lines[1]), root=decode_base64(lines[2], length=32))
        if str(head) != text:
            raise ValueError("not a checkpoint")
        return head


def verify_checkpoint(source: str, *, log_key: VerifierKey) -> tuple[Head, Note]:
    """The head that the log's own key signed. ValueError when another log or another key signed it."""
    note = Note.parse(source)
    head = Head.parse(note.text)
    if log_key.kind != SIGNATURE or head.origin != log_key.name:
        raise ValueError("it belongs to another log")
    if note.signature_of(log_key) is None:
        raise ValueError("the log's key did not sign it")
    return head, note


# --- the bundle ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verified:
    """What a bundle proves. `details` is None when they were erased; `countersigned` says who else saw the head."""

    entry: Mapping[str, Any]
    details: Mapping[str, Any] | None
    index: int
    head: Head
    countersigned: str  # "pinned", "unpinned" (a key that the verifier was not given) or "none"
    countersigned_at: datetime | None
    kept: bool  # the head only adds to the checkpoint that the verifier kept
    steps: tuple[str, ...]


def verify_bundle(
    data: bytes, *, log_key: str, provider_key: str | None = None, kept_checkpoint: str | None = None
) -> Verified:
    """What the bundle `data` proves under the pinned keys; VerificationError says the first thing that is wrong.

    `log_key` and `provider_key` are verifier keys got elsewhere than from the bundle. `kept_checkpoint` is a checkpoint
    that the verifier kept from an earlier time: the log may only have added to it.
    """
    pinned_log, pinned_provider = _pinned(log_key, SIGNATURE), None
    if provider_key is not None:
        pinned_provider = _pinned(provider_key, COSIGNATURE)
    bundle = _read_bundle(data)
    steps = ["the bundle is canonical: one spelling, every byte accounted for"]
    try:
        head, note = verify_checkpoint(bundle["checkpoint"], log_key=pinned_log)
    except ValueError as error:
        raise VerificationError(f"the checkpoint is not the pinned log's: {error}") from None
    if bundle["keys"]["log"] != str(pinned_log):
        raise VerificationError("the bundle names another log key than the pinned one")
    steps.append(f"the head of {head.origin} ({head.size} entries) is signed by the pinned log key")
    countersigned, seen = _check_countersignature(bundle["keys"]["provider"], note, pinned_provider)
    if seen is not None:
        steps.append(f"the provider countersigned it at {seen:%Y-%m-%dT%H:%M:%SZ} ({countersigned} key)")
    _check_entry(bundle, head)
    steps.append(f"the entry is number {bundle['index']} of that head ({len(bundle['path'])} hashes, RFC 9162)")
    details = _check_details(bundle)
    steps.append("the details are those committed to" if details is not None else "the details were erased")
    kept = _check_kept(bundle["consistency"], head, pinned_log, kept_checkpoint)
    if kept:
        steps.append("the log only added to the checkpoint that you kept")
    return Verified(
        entry=bundle["entry"],
        details=details,
        index=bundle["index"],
        head=head,
        countersigned=countersigned,
        countersigned_at=seen,
        kept=kept,
        steps=tuple(steps),
    )


def _pinned(text: str, kind: int) -> VerifierKey:
    try:
        key = VerifierKey.parse(text)
    except ValueError as error:
        raise VerificationError(f"a key to verify with is unreadable: {error}") from None
    if key.kind != kind:
        role = "log" if kind == SIGNATURE else "provider"
        raise VerificationError(f"this is not a {role} key", remedy="log keys are of kind 1, provider keys of kind 4")
    return key


def _read_bundle(data: bytes) -> dict[str, Any]:
    """The members of a bundle, every one of the right type; VerificationError otherwise."""
    if len(data) > MAX_BUNDLE:
        raise VerificationError("the bundle is larger than 1 MiB")
    if not data.endswith(b"\n"):
        raise VerificationError("the bundle is cut off or changed at its end")
    try:
        bundle: dict[str, Any] = parse_canonical(data[:-1])
    except ValueError as error:
        raise VerificationError(f"the bundle is {error}") from None
    _require(isinstance(bundle, dict) and bundle.keys() == _BUNDLE_MEMBERS, "members")
    _require(bundle["format"] == FORMAT, "format")
    _require(isinstance(bundle["checkpoint"], str), "checkpoint")
    _require(type(bundle["index"]) is int and bundle["index"] >= 0, "index")
    keys, entry, details, consistency = (bundle[name] for name in ("keys", "entry", "details", "consistency"))
    _require(isinstance(keys, dict) and keys.keys() == {"log", "provider"}, "keys")
    _require(isinstance(entry, dict) and entry.keys() == _ENTRY_MEMBERS and entry["v"] == 1, "entry")
    _require(type(entry["v"]) is int and all(isinstance(entry[name], str) for name in _ENTRY_MEMBERS - {"v"}), "entry")
    if details is not None:
        _require(isinstance(details, dict) and details.keys() == {"salt", "value"}, "details")
        _require(isinstance(details["salt"], str) and isinstance(details["value"], dict), "details")
    bundle["path"] = _read_path(bundle["path"])
    if consistency is not None:
        _require(isinstance(consistency, dict) and consistency.keys() == {"path", "root", "size"}, "consistency")
        _require(type(consistency["size"]) is int and isinstance(consistency["root"], str), "consistency")
        consistency["path"] = _read_path(consistency["path"])
    return bundle


def _require(condition: bool, member: str) -> None:
    if not condition:
        raise VerificationError(f"the bundle's {member} is not as {FORMAT} has it")


def _read_path(value: Any) -> list[bytes]:
    _require(isinstance(value, list) and len(value) <= 64, "path")
    try:
        return [decode_base64(text, length=32) for text in value]
    except (TypeError, ValueError):
        raise VerificationError("the bundle's path is not a list of hashes") from None


def _check_countersignature(named: object, note: Note, pinned: VerifierKey | None) -> tuple[str, datetime | None]:
    """("pinned" | "unpinned" | "none", time of the cosignature). Every line of the note must be accounted for."""
    if named is None:
        if pinned is not None:
            raise VerificationError(
                "the provider did not countersign this head", remedy="export the bundle again in a minute"
            )
        if len(note.signatures) != 1:
            raise VerificationError("the checkpoint carries a signature that the bundle does not name")
        return "none", None
    try:
        key = VerifierKey.parse(named) if isinstance(named, str) else None
        blob = note.signature_of(key) if key is not None and key.kind == COSIGNATURE else None
    except ValueError as error:
        raise VerificationError(f"the provider's countersignature: {error}") from None
    if key is None or blob is None or len(note.signatures) != 2 or str(key) != named:
        raise VerificationError("the provider's countersignature is missing or not alone")
    if pinned is not None and key != pinned:
        raise VerificationError("another key than the pinned provider's countersigned this head")
    seconds = int.from_bytes(blob[:8], "big")
    if seconds > 253402300799:  # the year 9999: beyond it no calendar can say the time
        raise VerificationError("the countersignature bears no possible time")
    return ("unpinned" if pinned is None else "pinned"), datetime.fromtimestamp(seconds, UTC)


def _check_entry(bundle: Mapping[str, Any], head: Head) -> None:
    leaf = leaf_hash(canonical(bundle["entry"]))
    if not verify_inclusion(leaf=leaf, index=bundle["index"], size=head.size, path=bundle["path"], root=head.root):
        raise VerificationError("the entry is not in the log under this head")


def _check_details(bundle: Mapping[str, Any]) -> Mapping[str, Any] | None:
    details = bundle["details"]
    if details is None:
        return None
    if not re.fullmatch(r"[0-9a-f]{64}", details["salt"]):
        raise VerificationError("the salt of the details is not 32 bytes in hex")
    committed = hashlib.sha256(bytes.fromhex(details["salt"]) + canonical(details["value"])).hexdigest()
    if committed != bundle["entry"]["commitment"]:
        raise VerificationError("the details are not those that the entry commits to")
    value: Mapping[str, Any] = details["value"]
    return value


def _check_kept(proof: Mapping[str, Any] | None, head: Head, log_key: VerifierKey, kept: str | None) -> bool:
    """Whether the head was shown to add only to the `kept` checkpoint. A proof that is there must hold in any case."""
    if proof is not None:
        try:
            root = decode_base64(proof["root"], length=32)
        except ValueError as error:
            raise VerificationError(f"the earlier root is unreadable: {error}") from None
        if not verify_consistency(
            old_size=proof["size"], old_root=root, new_size=head.size, new_root=head.root, path=proof["path"]
        ):
            raise VerificationError("the log does not contain its earlier head: history was rewritten")
    if kept is None:
        return False
    try:
        known, _ = verify_checkpoint(kept, log_key=log_key)
    except ValueError as error:
        raise VerificationError(f"the kept checkpoint is unusable: {error}") from None
    if known.size == head.size:
        proven_root = head.root
    elif proof is not None and proof["size"] == known.size:
        proven_root = decode_base64(proof["root"], length=32)
    else:
        raise VerificationError(
            f"the bundle does not reach back to the kept checkpoint of {known.size} entries",
            remedy=f"export it again with since={known.size}",
        )
    if proven_root != known.root:
        raise VerificationError("the log does not contain the checkpoint that you kept: history was rewritten")
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints each step and answers 0 when the bundle holds, 1 when it is refused, 2 when it cannot be read."""
    parser = argparse.ArgumentParser(description="Checks a Parley evidence bundle, offline.")
    parser.add_argument("bundle", type=Path, help="the file that `parley export` or the console gave")
    parser.add_argument("--log-key", required=True, help="the log's verifier key, got from the agreement's annex")
    parser.add_argument("--provider-key", help="the provider's verifier key: require its countersignature")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you kept: the log may only have added to it")
    options = parser.parse_args(arguments)
    try:
        data = options.bundle.read_bytes()
        kept = options.checkpoint.read_text("utf-8") if options.checkpoint else None
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"cannot read: {error}\n")
        return 2
    try:
        verified = verify_bundle(data, log_key=options.log_key, provider_key=options.provider_key, kept_checkpoint=kept)
    except VerificationError as error:
        sys.stderr.write(f"REFUSED: {error}\n")
        return 1
    for step in verified.steps:
        sys.stdout.write(f"  ok  {step}\n")
    entry = verified.entry
    sys.stdout.write(f"VERIFIED  {entry['at']}  {entry['kind']}  {entry['clause']}  {entry['id']}\n")
    if verified.details is not None:
        sys.stdout.write(json.dumps(verified.details, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
