"""What other packages may use of sealing.

Seal with public keys (`AgeWriter`, `seal_bytes`, `FrameSealer`, `FieldSealer`), open with identities (`AgeReader`,
`open_bytes`, `open_frame`, `FieldOpener`), search without opening (`blind_index`). Everything works on bytes and file
objects that the caller hands in. For other recipients: `rewritten_header`, `require_rewritten`, `replacement`.
"""

from .blind_index import BlindIndex, blind_index
from .errors import (
    HeaderError,
    HeaderMacError,
    HeaderTruncatedError,
    KeyFormatError,
    NoIdentityMatchesError,
    PayloadError,
    SealingError,
    UnfinishedError,
    WriterError,
)
from .fields import FieldOpener, FieldSealer, SealedField, epoch_of
from .frames import (
    FRAME_HEADER_LENGTH,
    TAIL_MAGIC,
    Frame,
    FrameSealer,
    Tail,
    encode_tail,
    open_frame,
    parse_frames,
    parse_tail,
    unwrap_frame_key,
)
from .keys import Identity, Recipient, generate_identity, identity_from, parse_identity, parse_recipient
from .resealing import (
    NewHeader,
    Replacement,
    SealedKind,
    replacement,
    require_rewritten,
    rewritten_header,
    stored_header,
)
from .stream import (
    CHUNK,
    SEALED_CHUNK,
    AgeReader,
    AgeWriter,
    BinarySink,
    Readable,
    SeekableSource,
    open_bytes,
    seal_bytes,
)

__all__ = [
    "CHUNK",
    "FRAME_HEADER_LENGTH",
    "SEALED_CHUNK",
    "TAIL_MAGIC",
    "AgeReader",
    "AgeWriter",
    "BinarySink",
    "BlindIndex",
    "FieldOpener",
    "FieldSealer",
    "Frame",
    "FrameSealer",
    "HeaderError",
    "HeaderMacError",
    "HeaderTruncatedError",
    "Identity",
    "KeyFormatError",
    "NewHeader",
    "NoIdentityMatchesError",
    "PayloadError",
    "Readable",
    "Recipient",
    "Replacement",
    "SealedField",
    "SealedKind",
    "SealingError",
    "SeekableSource",
    "Tail",
    "UnfinishedError",
    "WriterError",
    "blind_index",
    "encode_tail",
    "epoch_of",
    "generate_identity",
    "identity_from",
    "open_bytes",
    "open_frame",
    "parse_frames",
    "parse_identity",
    "parse_recipient",
    "parse_tail",
    "replacement",
    "require_rewritten",
    "rewritten_header",
    "seal_bytes",
    "stored_header",
    "unwrap_frame_key",
]
