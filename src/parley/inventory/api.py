"""Personal data declared where it is stored. Each package with models has a `personal_data.py`:

    from parley.foundation.declarations import NotPersonal, PersonalData

    DECLARATIONS = (
        PersonalData(model="people.User", field="email", category="user.contact.email", subject="employee",
                     purpose="essential.service.authentication", retention="with-account", find_by="email",
                     export="value", erase="delete-row"),
        NotPersonal(model="people.User", field=("id", "role"), why="a random identifier and a role say nothing alone"),
    )

`python -m parley.project.checks` fails for a stored field that no table mentions. `census` counts what there is; a
table `CENSUS` of `Counted` rows in the same file says how. A `Store` answers for the records of one offering: finds
those of one person, hands them out, erases them; `stores()` has them all.
"""

from parley.foundation.declarations import Declaration, NotPersonal, PersonalData
from parley.inventory.article30 import (
    ARTICLE,
    Activity,
    Contact,
    ProcessingRecord,
    Recipient,
    Safety,
    as_json,
)
from parley.inventory.census import EVERYTHING, Census, Counted, Line, census, installed
from parley.inventory.dpv import as_json_ld
from parley.inventory.reading import SHARED, InventoryLine, InventoryPage, inventory, offerings
from parley.inventory.rules import personal, stored_fields, unclassified
from parley.inventory.stores import (
    CannotRectify,
    Erased,
    ExportOptions,
    Held,
    Sink,
    Store,
    Stores,
    Subject,
    Wiped,
    connect_stores,
    stores,
    uncovered,
    wipe,
)
from parley.inventory.vocabulary import ERASE, EXPORT, FIND_BY, OWN_SUBJECTS, RETENTION, categories, purposes, subjects

__all__ = [
    "ARTICLE",
    "ERASE",
    "EVERYTHING",
    "EXPORT",
    "FIND_BY",
    "OWN_SUBJECTS",
    "RETENTION",
    "SHARED",
    "Activity",
    "CannotRectify",
    "Census",
    "Contact",
    "Counted",
    "Declaration",
    "Erased",
    "ExportOptions",
    "Held",
    "InventoryLine",
    "InventoryPage",
    "Line",
    "NotPersonal",
    "PersonalData",
    "ProcessingRecord",
    "Recipient",
    "Safety",
    "Sink",
    "Store",
    "Stores",
    "Subject",
    "Wiped",
    "as_json",
    "as_json_ld",
    "categories",
    "census",
    "connect_stores",
    "installed",
    "inventory",
    "offerings",
    "personal",
    "purposes",
    "stored_fields",
    "stores",
    "subjects",
    "unclassified",
    "uncovered",
    "wipe",
]
