"""What other packages may use of audits: requests, packs, attestations. Functions work in the customer's scope;
`attest`, `assign`, `desk`, `proof` and `all_audits` in the provider's.

request = ask(cause="suspicion", reason=..., scope=..., auditor=..., wanted_at=..., by=user_id, at=now)
request.decision.granted, request.decision.clause, request.decision.earliest, request.decision.remedy

`sheet` is how papers look: styles, tables, headings.
"""

from collections.abc import Mapping
from pathlib import Path

from parley.governance.audits import attestations, requests
from parley.governance.audits.attestations import (
    assign,
    attest,
    attestation,
    catch_up_later,
    desk,
    history,
    on_desk,
    on_warning,
    proof,
    shown,
)
from parley.governance.audits.errors import AuditRefused, NoSuchAudit, PackRefused, ProofRefused
from parley.governance.audits.pack import sheet
from parley.governance.audits.pack.build import MAKE, NEWEST, ask_pack, fetch, pack, packs
from parley.governance.audits.pack.build import handlers as pack_handlers
from parley.governance.audits.proofs import ENDINGS, LARGEST
from parley.governance.audits.requests import (
    agree,
    all_audits,
    ask,
    audit,
    audits,
    hold,
    judge,
    remedy,
    report,
    withdraw,
)
from parley.governance.audits.rules import decide
from parley.governance.audits.types import (
    CAUSES,
    SEVERITIES,
    AttestationView,
    AuditAsked,
    AuditDecision,
    AuditLine,
    AuditView,
    Cause,
    Desk,
    EarlierAudit,
    FindingView,
    PackScope,
    PackView,
    Severity,
    ShownAttestation,
    State,
)
from parley.obligations.api import Handler
from parley.storage.api import ObjectStore


def handlers(*, store: ObjectStore, fonts: Path, scratch: Path) -> Mapping[str, Handler]:
    """What the worker does for this package. `fonts` is where the letters of the report lie."""
    return {
        **requests.handlers(),
        **attestations.handlers(),
        **pack_handlers(store=store, fonts=fonts, scratch=scratch),
    }


__all__ = [
    "CAUSES",
    "ENDINGS",
    "LARGEST",
    "MAKE",
    "NEWEST",
    "SEVERITIES",
    "AttestationView",
    "AuditAsked",
    "AuditDecision",
    "AuditLine",
    "AuditRefused",
    "AuditView",
    "Cause",
    "Desk",
    "EarlierAudit",
    "FindingView",
    "NoSuchAudit",
    "PackRefused",
    "PackScope",
    "PackView",
    "ProofRefused",
    "Severity",
    "ShownAttestation",
    "State",
    "agree",
    "all_audits",
    "ask",
    "ask_pack",
    "assign",
    "attest",
    "attestation",
    "audit",
    "audits",
    "catch_up_later",
    "decide",
    "desk",
    "fetch",
    "handlers",
    "history",
    "hold",
    "judge",
    "on_desk",
    "on_warning",
    "pack",
    "packs",
    "proof",
    "remedy",
    "report",
    "sheet",
    "shown",
    "withdraw",
]
