"""Agreements: load one, read its clauses and terms, ask its gate.

agreement = load("ixcloud-dpa")
decision = evaluate(agreement, GateRequest(purpose=RECORD_CALLS, offering=CALL_RECORDING, region="eu",
    subscription_state="active", instructed_purposes=agreement.instructed_purposes,
    acceptable_use_suspended=False, sealed_to_customer=True, custody="customer-held", at=now))
"""

from typing import Final

from parley.agreement.diagnosis import AgreementFileError, Diagnosis
from parley.agreement.files import UnknownAgreement, available, load, parse
from parley.agreement.mechanisms import AWAITED, MECHANISMS, Mechanism
from parley.agreement.rules import evaluate
from parley.agreement.standing import Signed, Standing, standing_from_json
from parley.agreement.types import (
    Agreement,
    Clause,
    Custody,
    Decision,
    EncryptionTerm,
    EndTerm,
    ForbiddenTerm,
    GateRequest,
    Party,
    PurposeTerm,
    RegionTerm,
    RetentionTerm,
    SupportDataTerm,
    SuspensionTerm,
    Terms,
)
from parley.agreement.vocabulary import AREAS, OFFERINGS, PURPOSES, SUBJECTS, Purpose, area_of

RECORD_CALLS: Final = "record-calls"
FIND_RECORDINGS: Final = "find-recordings"
PLAY_RECORDINGS: Final = "play-recordings"
MAKE_RENDITION: Final = "make-rendition"
FETCH_ORIGINAL: Final = "fetch-original"
CALL_RECORDING: Final = "call-recording"

__all__ = [
    "AREAS",
    "AWAITED",
    "CALL_RECORDING",
    "FETCH_ORIGINAL",
    "FIND_RECORDINGS",
    "MAKE_RENDITION",
    "MECHANISMS",
    "OFFERINGS",
    "PLAY_RECORDINGS",
    "PURPOSES",
    "RECORD_CALLS",
    "SUBJECTS",
    "Agreement",
    "AgreementFileError",
    "Clause",
    "Custody",
    "Decision",
    "Diagnosis",
    "EncryptionTerm",
    "EndTerm",
    "ForbiddenTerm",
    "GateRequest",
    "Mechanism",
    "Party",
    "Purpose",
    "PurposeTerm",
    "RegionTerm",
    "RetentionTerm",
    "Signed",
    "Standing",
    "SupportDataTerm",
    "SuspensionTerm",
    "Terms",
    "UnknownAgreement",
    "area_of",
    "available",
    "evaluate",
    "load",
    "parse",
    "standing_from_json",
]
