"""Frozen dataclasses to JSON and back, accepting nothing that the dataclass does not say.

The spool files cross a process boundary and outlive a crash: whoever reads them must notice a torn or foreign file
before acting on it. Supported field types: str, int, float, bool, UUID, datetime (RFC 3339, UTC), bytes (base64, or hex
when annotated `Hex`), Literal, optional, tuple[X, ...], frozenset[X], Mapping[str, X] and nested dataclasses.
"""

import base64
import binascii
import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from parley.foundation.errors import ParleyError

Hex = Annotated[bytes, "hex"]
"""Bytes that are written as lower-case hexadecimal instead of base64."""

T = TypeVar("T")


class MalformedFile(ParleyError):
    """A file of the spool does not have the shape that it must have. Permanent; names the field, never its value."""

    error_id: ClassVar[str] = "recordings.malformed-file"


def encode(value: Any) -> Any:
    """The JSON value (dict, list, str, int, float, bool, None) of a dataclass instance."""
    if is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        return {field.name: _encode_as(hints[field.name], getattr(value, field.name)) for field in fields(value)}
    raise TypeError("only dataclass instances are encoded")


def dumps(value: Any) -> bytes:
    """A dataclass instance as canonical JSON: UTF-8, sorted keys, no spaces."""
    return json.dumps(encode(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def loads(kind: type[T], data: bytes | str) -> T:
    """An instance of the dataclass `kind` from JSON text. Raises MalformedFile naming the first wrong field."""
    try:
        parsed = json.loads(data)
    except ValueError as error:
        raise MalformedFile(f"{kind.__name__}: not JSON") from error
    return decode(kind, parsed)


def decode(kind: type[T], value: Any) -> T:
    """An instance of the dataclass `kind` from parsed JSON. Raises MalformedFile."""
    decoded: T = _decode_as(kind, value, kind.__name__)
    return decoded


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _encode_as(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.hex() if _is_hex(hint) else base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, tuple | frozenset):
        value = sorted(value) if isinstance(value, frozenset) else value
        return [_encode_as(get_args(_bare(hint))[0], item) for item in value]
    if isinstance(value, Mapping):
        return {key: _encode_as(get_args(_bare(hint))[1], item) for key, item in value.items()}
    if is_dataclass(value):
        return encode(value)
    return value


def _bare(hint: Any) -> Any:
    """The hint without its optional part."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


def _is_hex(hint: Any) -> bool:
    bare = _bare(hint)
    return get_origin(bare) is Annotated and "hex" in bare.__metadata__


def _decode_as(hint: Any, value: Any, path: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        if value is None and type(None) in get_args(hint):
            return None
        return _decode_as(_bare(hint), value, path)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise MalformedFile(f"{path}: not one of the allowed words")
        return value
    if get_origin(hint) is tuple:
        items = _require(list, value, path)
        return tuple(_decode_as(get_args(hint)[0], item, f"{path}[{number}]") for number, item in enumerate(items))
    if get_origin(hint) is frozenset:
        items = _require(list, value, path)
        return frozenset(_decode_as(get_args(hint)[0], item, f"{path}[{number}]") for number, item in enumerate(items))
    if get_origin(hint) is Mapping:
        entries = _require(dict, value, path)
        return {key: _decode_as(get_args(hint)[1], item, f"{path}.{key}") for key, item in entries.items()}
    if is_dataclass(hint):
        return _decode_dataclass(hint, value, path)
    return _decode_scalar(hint, value, path)


def _decode_dataclass(kind: Any, value: Any, path: str) -> Any:
    entries = _require(dict, value, path)
    known = {field.name: field for field in fields(kind)}
    unknown = entries.keys() - known.keys()
    if unknown:
        raise MalformedFile(f"{path}: unknown field")
    missing = [
        name
        for name, field in known.items()
        if name not in entries and field.default is MISSING and field.default_factory is MISSING
    ]
    if missing:
        raise MalformedFile(f"{path}: missing {', '.join(missing)}")
    hints = _hints(kind)
    arguments = {name: _decode_as(hints[name], item, f"{path}.{name}") for name, item in entries.items()}
    try:
        return kind(**arguments)
    except ValueError as error:
        raise MalformedFile(f"{path}: {error}") from error


def _decode_scalar(hint: Any, value: Any, path: str) -> Any:
    if hint is float:
        return float(_require((int, float), value, path))
    if hint in (str, int, bool):
        return _require(hint, value, path)
    text = _require(str, value, path)
    try:
        if hint is UUID:
            return UUID(text)
        if hint is datetime:
            return _instant(text)
        if _is_hex(hint):
            return bytes.fromhex(text)
        if hint is bytes:
            return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise MalformedFile(f"{path}: wrong form") from error
    raise TypeError(f"{path}: no rule for {hint}")


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)


def _require(kind: Any, value: Any, path: str) -> Any:
    """`value` when it is exactly of `kind`; a bool is no number."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise MalformedFile(f"{path}: wrong type")
    return value
