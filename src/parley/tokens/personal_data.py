"""What tokens hold about people: who made and revoked them."""

from parley.foundation.declarations import NotPersonal, PersonalData

DECLARATIONS = (
    PersonalData(
        model="tokens.Token", field=("made_by", "revoked_by"), category="user.account", subject="employee",
        purpose="essential.service.security", retention="with-customer", find_by="user-id", export="value",
        erase="blank",
    ),
    NotPersonal(
        model="tokens.Token",
        field=(
            "id", "digest", "hint", "name", "scopes", "groups", "made_at", "expires_at", "last_used", "revoked_at",
        ),
        why="names a program, what it may do and until when; the day of its last use is the program's",
    ),
)  # fmt: skip
