"""What other packages may use of assistance, for the customer in scope.

Impact assessments (`check`, `save_assessment`, `dismiss_assessment`), disclosures (`receive_demand`, `told_customer`,
`hand_over`, `refuse_demand`), complaints (`register_complaint`, `forwarded`, `answer_complaint`, `close_complaint`),
findings (`find_breach_of_law`, `informed`, `inform_authority`, `corrected`).
"""

from parley.governance.assistance.complaints import (
    answer_complaint,
    close_complaint,
    complaint,
    complaints,
    forwarded,
    register_complaint,
)
from parley.governance.assistance.disclosures import (
    ASKERS,
    all_disclosures,
    demand,
    disclosures,
    hand_over,
    receive_demand,
    refuse_demand,
    told_customer,
)
from parley.governance.assistance.docket import docket
from parley.governance.assistance.dpia import (
    assessment,
    assessments,
    check,
    dismiss_assessment,
    expect_check,
    expect_recheck,
    exported,
    processing,
    save_assessment,
    told,
)
from parley.governance.assistance.errors import AssistanceError, AssistanceFormError, NoSuchRecord, NotYet
from parley.governance.assistance.findings import (
    corrected,
    find_breach_of_law,
    findings,
    inform_authority,
    informed,
)
from parley.governance.assistance.jobs import handlers
from parley.governance.assistance.rules import CRITERIA, QUESTIONS, assess
from parley.governance.assistance.types import (
    AssessmentView,
    ComplaintView,
    DisclosureView,
    DocketLine,
    FindingView,
    Processing,
    Risk,
    Sign,
)

__all__ = [
    "ASKERS",
    "CRITERIA",
    "QUESTIONS",
    "AssessmentView",
    "AssistanceError",
    "AssistanceFormError",
    "ComplaintView",
    "DisclosureView",
    "DocketLine",
    "FindingView",
    "NoSuchRecord",
    "NotYet",
    "Processing",
    "Risk",
    "Sign",
    "all_disclosures",
    "answer_complaint",
    "assess",
    "assessment",
    "assessments",
    "check",
    "close_complaint",
    "complaint",
    "complaints",
    "corrected",
    "demand",
    "disclosures",
    "dismiss_assessment",
    "docket",
    "expect_check",
    "expect_recheck",
    "exported",
    "find_breach_of_law",
    "findings",
    "forwarded",
    "hand_over",
    "handlers",
    "inform_authority",
    "informed",
    "processing",
    "receive_demand",
    "refuse_demand",
    "register_complaint",
    "save_assessment",
    "told",
    "told_customer",
]
