"""What the outbox holds about people: addresses, and whatever a notice says."""

from parley.foundation.declarations import NotPersonal, PersonalData

DECLARATIONS = (
    PersonalData(
        model="mail.Recipient", field="address", category="user.contact.email", subject="employee",
        purpose="essential.service.notifications.email", retention="with-customer", find_by="email", export="value",
        erase="blank",
    ),
    PersonalData(
        model="mail.Recipient", field="answer", category="user.contact.email", subject="employee",
        purpose="essential.service.notifications.email", retention="with-customer", find_by="email", export="value",
        erase="with-parent",
    ),
    PersonalData(
        model="mail.Message", field=("subject", "text", "html", "attachments", "content"),
        category="user.content.private", subject="employee", purpose="essential.service.notifications.email",
        retention="with-customer", find_by="email", export="value", erase="delete-row",
    ),
    NotPersonal(model="mail.Recipient", field=("id", "message"), why="a serial number and an identifier"),
    NotPersonal(
        model="mail.Recipient", field=("state", "sent_at", "attempts"),
        why="how sending went; whom it concerns is in the address alone",
    ),
    NotPersonal(
        model="mail.Message",
        field=("id", "key", "purpose", "clause", "then", "message_id", "evidence_id"),
        why="identifiers, and why the message was written",
    ),
    NotPersonal(
        model="mail.Message",
        field=(
            "state", "attempts", "next_attempt", "created_at", "sent_at", "answer", "signature", "dkim_selector",
            "sha256", "blanked_at",
        ),
        why="how sending went: times, hashes, a signature, the server's words without addresses",
    ),
)  # fmt: skip
