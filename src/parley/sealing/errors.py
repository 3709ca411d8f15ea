"""What can go wrong when something is sealed or opened."""

from parley.foundation.errors import ParleyError


class SealingError(ParleyError):
    """Sealing or opening failed. Permanent: the same bytes and keys fail again."""

    error_id = "sealing.error"


class KeyFormatError(SealingError):
    """A recipient or an identity is not a well-formed age X25519 key."""

    error_id = "sealing.key_format"


class HeaderError(SealingError):
    """The bytes do not begin with a well-formed age v1 header."""

    error_id = "sealing.header"


class HeaderTruncatedError(HeaderError):
    """The file ends inside its header: nothing of its payload was ever sealed."""

    error_id = "sealing.header_truncated"


class HeaderMacError(HeaderError):
    """The file key opened, but the header was altered afterwards."""

    error_id = "sealing.header_mac"


class NoIdentityMatchesError(SealingError):
    """None of the identities belongs to a recipient of this file."""

    error_id = "sealing.no_identity"


class PayloadError(SealingError):
    """A chunk, a frame or a field does not authenticate: it was altered, or it was sealed by another key."""

    error_id = "sealing.payload"


class UnfinishedError(PayloadError):
    """The file has no final chunk: its writer stopped in the middle, or its end was cut off."""

    error_id = "sealing.unfinished"


class WriterError(SealingError):
    """The writer is closed, or its sink failed before: it accepts nothing more."""

    error_id = "sealing.writer"
