"""Personal data declared where it is stored. Each package with models has a `personal_data.py`:

    from parley.foundation.declarations import NotPersonal, PersonalData

    DECLARATIONS = (
        PersonalData(model="people.User", field="email", category="user.contact.email", subject="employee",
                     purpose="essential.service.authentication", retention="with-account", find_by="email",
                     export="value", erase="delete-row"),
        NotPersonal(model="people.User", field=("id", "role"), why="a random identifier and a role say nothing alone"),
    )

`python -m parley.project.checks` fails for a stored field that no table mentions. `census` counts what there is; a
table `CENSUS` of `Counted` rows in the same file says how.
"""

from parley.foundation.declarations import Declaration, NotPersonal, PersonalData
from parley.inventory.census import EVERYTHING, Census, Counted, Line, census, installed
from parley.inventory.rules import personal, stored_fields, unclassified
from parley.inventory.vocabulary import ERASE, EXPORT, FIND_BY, OWN_SUBJECTS, RETENTION, categories, purposes, subjects

__all__ = [
    "ERASE",
    "EVERYTHING",
    "EXPORT",
    "FIND_BY",
    "OWN_SUBJECTS",
    "RETENTION",
    "Census",
    "Counted",
    "Declaration",
    "Line",
    "NotPersonal",
    "PersonalData",
    "categories",
    "census",
    "installed",
    "personal",
    "purposes",
    "stored_fields",
    "subjects",
    "unclassified",
]
