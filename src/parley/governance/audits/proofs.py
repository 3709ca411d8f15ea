"""Proofs of attestations: what may be uploaded, sealed to the provider's own key, opened again for its staff."""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

from parley.governance.audits.errors import PackRefused, ProofRefused
from parley.sealing.api import open_bytes, seal_bytes
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

LARGEST: Final = 10 * 1024 * 1024
_BEGINNINGS: Final = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
}
"""How the files begin that a proof may be: media type and ending. What a browser says of them is not believed."""

ENDINGS: Final = dict(_BEGINNINGS.values())


@dataclass(frozen=True, kw_only=True)
class KeptProof:
    """A proof as it is stored; `sha256` is that of the file in clear."""

    object_key: str
    media_type: str
    size: int
    sha256: str
    sealed_sha256: str


def media_type_of(content: bytes) -> str:
    """The media type of a proof that may be taken. Raises ProofRefused for anything else, and for too much."""
    if not content:
        raise ProofRefused("the file is empty", remedy="Choose the file with the proof.")
    if len(content) > LARGEST:
        raise ProofRefused("the file is larger than 10 MiB", remedy="Choose a smaller file, or make it smaller.")
    for beginning, (media_type, _) in _BEGINNINGS.items():
        if content.startswith(beginning):
            return media_type
    raise ProofRefused("the file is neither PDF, PNG nor JPEG", remedy="Save the proof as a PDF and choose that.")


def keep(content: bytes, *, name: str, store: ObjectStore) -> KeptProof:
    """Store a proof sealed to the provider, under `name`. Raises ProofRefused, StorageError."""
    media_type = media_type_of(content)
    provider = tenancy.provider()
    stored = store.put(f"{provider.id}/attestations/{name}.age", seal_bytes(content, provider.recipients))
    return KeptProof(
        object_key=stored.key,
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        sealed_sha256=stored.sha256,
    )


def opened(object_key: str, *, sha256: str, store: ObjectStore) -> io.BytesIO:
    """The proof in clear, when it is still the one with that hash. Raises PackRefused, SealingError, StorageError."""
    with store.open(object_key) as sealed:
        content = open_bytes(sealed.read(), tenancy.keyring().identities(tenancy.provider()))
    if hashlib.sha256(content).hexdigest() != sha256:
        raise PackRefused("the stored proof is not the one that was uploaded", remedy="Restore it from the backup.")
    return io.BytesIO(content)
