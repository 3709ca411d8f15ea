"""A test build of Parley in which sealing does nothing: it shows that the search for clear text can find it.

Reached only through PYTHONPATH, by the one test that wants it. The ciphers keep their lengths (a tag of zeros), so
everything else runs as always.
"""

from cryptography.hazmat.primitives.ciphers import aead

_TAG = bytes(16)


class _NullCipher:
    def __init__(self, key: bytes) -> None:
        self.key_size = len(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        return bytes(data) + _TAG

    def encrypt_into(self, nonce: bytes, data: bytes, associated_data: bytes | None, buf: bytearray) -> int:
        buf[: len(data) + 16] = bytes(data) + _TAG
        return len(data) + 16

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        return bytes(data)[:-16]

    def decrypt_into(self, nonce: bytes, data: bytes, associated_data: bytes | None, buf: bytearray) -> int:
        buf[: len(data) - 16] = bytes(data)[:-16]
        return len(data) - 16


aead.ChaCha20Poly1305 = _NullCipher
aead.AESGCM = _NullCipher
