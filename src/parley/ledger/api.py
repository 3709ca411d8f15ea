"""What other packages may use of the ledger.

Record evidence in the transaction of the change it is evidence for, list it, hand out proofs of it, serve the log's
tiles; the sequencer integrates and countersigns. Give functions a cursor of the customer's own database.
"""

from parley.ledger.clauses import ClauseEvidence, ClauseNewest, clauses_now, evidence_by_clause, newest_by_clause
from parley.ledger.entries import BadEntry
from parley.ledger.integration import audit, integrate
from parley.ledger.notes import LogSigner, log_origin, sign_text
from parley.ledger.proofs import bundle, bundles, consistency, inclusion, verify_bundle
from parley.ledger.store import entries, entry, entry_bundle, erase, published, record, tile, waiting
from parley.ledger.tracing import naming
from parley.ledger.types import (
    JSON,
    BundleRefused,
    Checkpoint,
    Cursor,
    EntryView,
    LedgerDamaged,
    LedgerError,
    LedgerForked,
    NoSuchEntry,
    NotYetIntegrated,
)
from parley.ledger.verifier import Verified, VerifierKey, canonical
from parley.ledger.witness import countersign

__all__ = [
    "JSON",
    "BadEntry",
    "BundleRefused",
    "Checkpoint",
    "ClauseEvidence",
    "ClauseNewest",
    "Cursor",
    "EntryView",
    "LedgerDamaged",
    "LedgerError",
    "LedgerForked",
    "LogSigner",
    "NoSuchEntry",
    "NotYetIntegrated",
    "Verified",
    "VerifierKey",
    "audit",
    "bundle",
    "bundles",
    "canonical",
    "clauses_now",
    "consistency",
    "countersign",
    "entries",
    "entry",
    "entry_bundle",
    "erase",
    "evidence_by_clause",
    "inclusion",
    "integrate",
    "log_origin",
    "naming",
    "newest_by_clause",
    "published",
    "record",
    "sign_text",
    "tile",
    "verify_bundle",
    "waiting",
]
