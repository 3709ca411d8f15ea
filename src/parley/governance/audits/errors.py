"""What audits refuse to do."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class AuditRefused(ParleyError):
    """The deed does not fit the audit: the remedy says what would."""

    error_id: ClassVar[str] = "audits.refused"


class NoSuchAudit(ParleyError):
    """This customer has no such audit, pack or attestation."""

    error_id: ClassVar[str] = "audits.no-such"


class PackRefused(ParleyError):
    """The stored pack is not the one that the ledger knows, or there is none yet."""

    error_id: ClassVar[str] = "audits.pack-refused"


class ProofRefused(ParleyError):
    """The uploaded proof cannot be taken: the remedy says what can."""

    error_id: ClassVar[str] = "audits.proof-refused"
