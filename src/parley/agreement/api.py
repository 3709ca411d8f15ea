"""Agreements: load one, read its clauses and terms, ask its gate.

agreement = load("ixcloud-dpa")
decision = evaluate(agreement, GateRequest(purpose=RECORD_CALLS, offering=CALL_RECORDING, region="eu",
    subscription_state="active", instructed_purposes=agreement.instructed_purposes,
    acceptable_use_suspended=False, sealed_to_customer=True, custody="customer-held", at=now))
"""

from typing import Final

from parley.agreement.clock import Span, after, closes, read_instant, read_span
from parley.agreement.compose import STANDARD_CLAUSES, Composition, Contradiction, Win, compose
from parley.agreement.diagnosis import AgreementFileError, Diagnosis
from parley.agreement.duties import plan
from parley.agreement.ending import EndInstants, end_instants
from parley.agreement.events import Event, EventFactMissing, EventKind, PlannedDuty, warnings_before
from parley.agreement.files import UnknownAgreement, available, load, parse, read_signed
from parley.agreement.mechanisms import AWAITED, MECHANISMS, Mechanism
from parley.agreement.order import OrderFormError, override
from parley.agreement.rehearsal import INSTANT_FACTS, Moment, rehearse, supposed
from parley.agreement.rules import evaluate
from parley.agreement.standing import Signed, Standing, standing_from_json
from parley.agreement.types import (
    Agreement,
    AlsoTerm,
    AttestationTerm,
    AuditTerm,
    AvailabilityTerm,
    BreachTerm,
    Clause,
    Custody,
    DataTerm,
    Decision,
    EncryptionTerm,
    EndTerm,
    ForbiddenTerm,
    GateRequest,
    Grant,
    InstructionsTerm,
    LimitTerm,
    MarketingTerm,
    NoticesTerm,
    Party,
    PurposeTerm,
    RegionTerm,
    ResidencyTerm,
    RetentionTerm,
    RightsTerm,
    StaffTerm,
    SubprocessorTerm,
    SupportDataTerm,
    SuspensionTerm,
    Terms,
)
from parley.agreement.vocabulary import (
    AREAS,
    CATEGORIES,
    OF_A_CALL,
    OFFERINGS,
    PURPOSES,
    SUBJECTS,
    Purpose,
    area_of,
    is_special,
)

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
    "CATEGORIES",
    "FETCH_ORIGINAL",
    "FIND_RECORDINGS",
    "INSTANT_FACTS",
    "MAKE_RENDITION",
    "MECHANISMS",
    "OFFERINGS",
    "OF_A_CALL",
    "PLAY_RECORDINGS",
    "PURPOSES",
    "RECORD_CALLS",
    "STANDARD_CLAUSES",
    "SUBJECTS",
    "Agreement",
    "AgreementFileError",
    "AlsoTerm",
    "AttestationTerm",
    "AuditTerm",
    "AvailabilityTerm",
    "BreachTerm",
    "Clause",
    "Composition",
    "Contradiction",
    "Custody",
    "DataTerm",
    "Decision",
    "Diagnosis",
    "EncryptionTerm",
    "EndInstants",
    "EndTerm",
    "Event",
    "EventFactMissing",
    "EventKind",
    "ForbiddenTerm",
    "GateRequest",
    "Grant",
    "InstructionsTerm",
    "LimitTerm",
    "MarketingTerm",
    "Mechanism",
    "Moment",
    "NoticesTerm",
    "OrderFormError",
    "Party",
    "PlannedDuty",
    "Purpose",
    "PurposeTerm",
    "RegionTerm",
    "ResidencyTerm",
    "RetentionTerm",
    "RightsTerm",
    "Signed",
    "Span",
    "StaffTerm",
    "Standing",
    "SubprocessorTerm",
    "SupportDataTerm",
    "SuspensionTerm",
    "Terms",
    "UnknownAgreement",
    "Win",
    "after",
    "area_of",
    "available",
    "closes",
    "compose",
    "end_instants",
    "evaluate",
    "is_special",
    "load",
    "override",
    "parse",
    "plan",
    "read_instant",
    "read_signed",
    "read_span",
    "rehearse",
    "standing_from_json",
    "supposed",
    "warnings_before",
]
