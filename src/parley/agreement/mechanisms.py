"""What can keep a clause: the mechanisms that exist in this version, and the work that some clauses still wait for.

An agreement file may only name what stands here, so that no clause claims a protection that nobody built.
"""

from dataclasses import dataclass
from typing import Final, Literal

MechanismKind = Literal["gate", "obligation", "control", "attestation", "offering"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One thing that keeps clauses: what it does, and the module where to read it.

    A *gate* refuses, an *obligation* makes a dated duty of an event, a *control* is built into the system, an
    *attestation* is a proof that people bring in time, an *offering* is a product that the clause describes.
    """

    name: str
    kind: MechanismKind
    does: str
    where: str


_RULES: Final = "parley.agreement.rules"
_DUTIES: Final = "parley.agreement.duties"
_CONTRACT: Final = "parley.governance.contract"
_INSTRUCTIONS: Final = "parley.governance.instructions"
_SUBPROCESSORS: Final = "parley.governance.subprocessors"
_INCIDENTS: Final = "parley.governance.incidents"
_ACCESS: Final = "parley.governance.access"
_ASSISTANCE: Final = "parley.governance.assistance"
_AUDITS: Final = "parley.governance.audits"
_RIGHTS: Final = "parley.rights"
_RETENTION: Final = "parley.retention"
_BACKUPS: Final = "parley.backups"
_EXPORTS: Final = "parley.exports"
_LIFECYCLE: Final = "parley.lifecycle"
_CONTACTS: Final = "parley.contacts"

_GATES: Final = (
    ("purpose", "refuses every purpose that the agreement does not cover or the customer did not instruct"),
    ("forbidden", "refuses the purposes that nobody can instruct: sale, the provider's own use"),
    ("instruction", "refuses what rests on an instruction that is suspended until confirmed or modified"),
    ("region", "refuses processing outside the chosen region and outside the areas of the agreement"),
    ("residency", "refuses data of citizens of a country outside the place that this country's law asks for"),
    ("egress", "refuses data to a sub-processor until the customer's own windows have closed without objection"),
    ("staff-access", "refuses staff without a running grant for this person, purpose and offering"),
    ("categories", "refuses categories of data that the agreement does not list; special ones only sealed"),
    ("minors", "refuses data of minors where the agreement keeps them out"),
    ("sealing", "refuses to store content that is not sealed to the customer's own keys"),
    ("subscription", "refuses collection after the contract, and access when its last day has passed"),
    ("suspension", "refuses new collection while the service is suspended for misuse"),
)

_OBLIGATIONS: Final = (
    ("warranty", "asks for the customer's warranty of its upstream authorisations before processing starts"),
    ("compulsion", "the customer is told of a legal compulsion before the processing, unless that law forbids it"),
    ("infringing", "the customer is told at once of an instruction that infringes the law"),
    ("subprocessor-windows", "notice, objection and resolution of a change, dated for each customer"),
    ("breach-notice", "the customer's own clock from the moment staff first knew, its follow-ups and closing report"),
    ("high-risk", "the customer is told when processing is likely to be a high risk"),
    ("rights-deadlines", "forwarding, answer and extension of a request, counted from its receipt"),
    ("audit-notice", "earliest day of an audit and the answer that is due before it"),
    ("end-of-contract", "renewal, access, export, destruction and certificate, dated from the end"),
    ("support-data", "the day on which what was collected in support is destroyed"),
    ("misuse", "the day from which a misuse that was not corrected may be suspended"),
    ("access-review", "reviews of who may look, each dated from the one before"),
)

_CONTROLS: Final = (
    ("sealed-on-receipt", "parley.recordings.capture",
     "the recorder holds public keys only; content reaches the disk as an age file of the customer"),
    ("own-database", "parley.tenancy",
     "a database and a LOGIN role for each customer; no role can connect to another's database"),
    ("roles", "parley.people", "people see what their role and groups allow: own calls, calls of own groups, or all"),
    ("evidence", "parley.ledger", "each decision and deed leaves an entry in the customer's log, provable offline"),
    ("checked-before-play", "parley.recordings", "an object whose hash differs from the ledger's is refused"),
    ("recovery", "parley.recordings.capture",
     "journal and parts bring a recording back after a crash, a power cut or a full disk"),
    ("inventory", "parley.inventory",
     "every stored field is declared as personal data or not; an undeclared one fails the build"),
    ("signatures", _CONTRACT, "a signature binds to the digest of one text, with what the order sets anew"),
    ("precedence", "parley.agreement.compose", "several agreements compose; which term won, and why, is shown"),
    ("policy-versions", _CONTRACT, "each published version of a policy is kept with the time from which it holds"),
    ("order", _CONTRACT, "subscription, contacts and addresses as the order names them"),
    ("instructions", _INSTRUCTIONS, "instructions in versions, per purpose; an infringing one is suspended"),
    ("transfers", _INSTRUCTIONS, "measures that the customer confirmed, dated adequacy list, annexes of the clauses"),
    ("acceptable-use", _INSTRUCTIONS, "request to correct, suspension after its time, lifting once corrected"),
    ("subprocessor-register", _SUBPROCESSORS, "public register and feed in versions, updated before a change"),
    ("flowdown", _SUBPROCESSORS, "each link of the chain carries the digest and date of its own contract"),
    ("incident-notices", _INCIDENTS, "notices with the content of Art. 33(3), in phases, by signed e-mail with proof"),
    ("breach-register", _INCIDENTS, "every breach, notified or not with the reason (Art. 33(5)); letters (Art. 34)"),
    ("mail", "parley.mail", "signed e-mail, retried for days, with the receiving server's answer as proof"),
    ("staff-access", _ACCESS, "break-glass access that states its purpose, ends by itself and is shown live"),
    ("access-review", _ACCESS, "periodic reviews of who may look, with their outcome"),
    ("handlers", _ACCESS, "a dated register of employees' roles, subsidiaries, providers and media that handle data"),
    ("key-procedures", _ACCESS, "rotation, loss and recovery of keys as recorded procedures"),
    ("impact-assessment", _ASSISTANCE, "detection of high risk, and the record of the help that was given"),
    ("disclosures", _ASSISTANCE, "every disclosure is recorded, and the customer told first unless a law forbids it"),
    ("findings", _ASSISTANCE, "a breach of law is told to the customer, and to authorities as far as a law obliges"),
    ("complaints", _ASSISTANCE, "complaints and enquiries are registered and passed on"),
    ("audit-requests", _AUDITS, "requests decided by notice, frequency, cause and cost; an authority is never refused"),
    ("audit-pack", _AUDITS, "evidence, proofs, register, inventory and attestations in one verifiable bundle"),
    ("rights", _RIGHTS, "a person's request: passed on first, identified with the least, answered by the same channel"),
    ("erasure", _RETENTION, "one function erases, restricts or keeps, names the clause or law, and fails closed"),
    ("retention", _RETENTION, "rules for how long records stay, with preview, floors of law and scheduled deletion"),
    ("holds", _RETENTION, "a hold names ground, scope, owner and review date, and restricts use as well as deletion"),
    ("exports", _EXPORTS, "the customer's data, or one person's, as a sealed package behind a link that expires"),
    ("backups", _BACKUPS, "sealed backups in the rhythm of the RPO, restored for drill, erasures replayed first"),
    ("lifecycle", _LIFECYCLE, "block, backup, export and destruction by the agreement's dates, absence verified"),
    ("certificate", _LIFECYCLE, "statements of progress, then the certificate of deletion, verifiable offline"),
    ("support-data", _LIFECYCLE, "what was collected in support is deleted on its own day"),
    ("consents", _CONTACTS, "consent per purpose and channel with proof, objections that outlive the contact, minors"),
)  # fmt: skip

_ATTESTATIONS: Final = (
    ("confidentiality", "commitments to confidentiality of everybody with access"),
    ("training", "training in data protection and in the customers' instructions"),
    ("penetration-test", "penetration tests and scans by the provider or its vendors"),
    ("terminals", "locked, protected and remotely disabled terminals"),
    ("changes", "review of code and of change procedures"),
    ("resilience", "tests of restoring service and data in time"),
    ("media", "inventory of paper and removable media"),
    ("handlers", "list of authorised employees, subsidiaries and providers"),
    ("measures", "review of the security measures against the risk"),
    ("staff-data", "the personnel department's own rules for employees' data"),
    ("transport", "encrypted protocols on every public entry"),
    ("availability", "availability of each month, as measured"),
    ("guidance", "guidance for campaigns and reminders of the users' duties"),
)


_BUILT: Final = (
    ("call-recording", "parley.recordings", "call recording: received by SIPREC, sealed, found, heard and handed out"),
    ("contacts", _CONTACTS, "contact manager: directories, import and export, search while typing, caller lookup"),
)


def _mechanisms() -> list[Mechanism]:
    rows = [Mechanism(name=f"gate.{name}", kind="gate", where=_RULES, does=does) for name, does in _GATES]
    rows += [
        Mechanism(name=f"obligation.{name}", kind="obligation", where=_DUTIES, does=does) for name, does in _OBLIGATIONS
    ]
    rows += [
        Mechanism(name=f"control.{name}", kind="control", where=where, does=does) for name, where, does in _CONTROLS
    ]
    rows += [
        Mechanism(
            name=f"attestation.{name}", kind="attestation", where=_AUDITS, does=f"a proof, due by its date: {what}"
        )
        for name, what in _ATTESTATIONS
    ]
    rows += [
        Mechanism(name=f"offering.{name}", kind="offering", where=where, does=does) for name, where, does in _BUILT
    ]
    return rows


MECHANISMS: Final = {mechanism.name: mechanism for mechanism in _mechanisms()}
"""What exists in this version, by name."""

AWAITED: Final = {
    "offering.telephony": "the offering business telephony: users, numbers, calls, voicemail",
    "offering.campaigns": "the offering phone, e-mail and SMS campaigns",
    "offering.advertising": "the offering audience segments for advertising platforms",
    "offering.fax": "the offering digital fax",
    "offering.hotel": "the offering hotel services",
    "offering.assistant": "the offering manager assistant",
    "offering.contact-center": "the offerings contact center, attendant console, queueing and auto attendant",
    "offering.analytics": "the offerings voice analytics and call analytics",
    "offering.agents": "the offerings virtual receptionist and virtual agents",
    "offering.screen": "the offering screen recording",
    "offering.shared-services": "the shared services: sign-on, directory synchronisation, licensing, presence",
    "offering.cloud": "the offerings public and dedicated cloud: regions, private connections, restore objectives",
    "offering.partners": "the offering for resellers and service providers with their end customers",
    "offering.website": "the public web site with its visitors, forms and tracers",
}
"""What is not built yet; a clause that waits says so on every page."""
