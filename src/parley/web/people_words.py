"""Words of people on pages: levels, match keys, how somebody signed in, what the audit trail says."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

LEVELS: Final[Mapping[str, Any]] = {
    "own": _("own calls"),
    "group": _("calls of its groups"),
    "complete": _("all calls"),
}
NUMBER_KINDS: Final[Mapping[str, Any]] = {
    "did": _("public number"),
    "extension": _("extension"),
    "pbx-name": _("name at the PBX"),
}
MEANS: Final[Mapping[str, Any]] = {
    "password": _("password"),
    "codes": _("password and one-time code"),
    "recovery": _("password and recovery code"),
    "passkey": _("passkey"),
    "openid": _("sign-on of your organisation"),
}
NOTICE_CALLS: Final[Mapping[str, Any]] = {
    "none": _("of none"),
    "own": _("of my own calls"),
    "all": _("of all calls that I may see"),
}
NOTICE_LETTERS: Final[Mapping[str, Any]] = {
    "off": _("No such letter leaves."),
    "plain": _("They say when, how long and in which direction, with a link. They name nobody."),
    "named": _("They also name who took part, by name and number. Mail travels and is kept outside Parley."),
}
KINDS: Final[Mapping[str, Any]] = {
    "person.invited": _("Person invited"),
    "person.password-set": _("Password set"),
    "person.changed": _("Account changed"),
    "person.groups-changed": _("Groups of a person changed"),
    "person.level-changed": _("Whose calls a person sees changed"),
    "person.sight-changed": _("Whom a person sees beyond its level changed"),
    "person.factor-added": _("Second factor set up"),
    "person.factor-removed": _("Second factor removed"),
    "person.recovery-codes-made": _("Recovery codes made"),
    "person.recovery-code-used": _("Recovery code used"),
    "person.session-ended": _("Session ended from outside"),
    "person.sign-on-linked": _("Account linked to a sign-on"),
    "people.imported": _("List of people imported"),
    "people.settings-changed": _("Settings for all people changed"),
    "people.notice-letters-set": _("Letters about new recordings decided"),
    "people.access-listed": _("List of who may see what downloaded"),
    "sign-on.added": _("Sign-on added"),
    "sign-on.changed": _("Sign-on changed"),
    "sign-on.removed": _("Sign-on removed"),
    "group.added": _("Group added"),
    "group.renamed": _("Group renamed"),
    "group.removed": _("Group removed"),
}
