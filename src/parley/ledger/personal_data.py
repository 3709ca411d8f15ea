"""What the ledger holds about people: ids of those who acted, in details that can be erased; never in a leaf."""

from parley.foundation.declarations import NotPersonal, PersonalData

_LEAF = "what happened when, under which clause; the commitment tells nothing without the salt"
_TREE = "hashes, sizes and signatures"

DECLARATIONS = (
    PersonalData(
        model="ledger.Detail",
        field="details",
        category="user.unique_id",
        subject="employee",
        purpose="essential.legal_obligation",
        retention="evidence",
        find_by="evidence-detail",
        export="value",
        erase="drop-detail",
    ),
    PersonalData(
        model="ledger.PersonEntry",
        field=("person", "at", "entry_id", "kind"),
        category="user.unique_id",
        subject="employee",
        purpose="essential.legal_obligation",
        retention="evidence",
        find_by="evidence-detail",
        export="withheld",
        erase="drop-detail",
    ),
    NotPersonal(model="ledger.Detail", field=("entry_id", "salt"), why="random; both go with the detail"),
    NotPersonal(model="ledger.Pending", field=("number", "entry_id", "at", "kind", "clause", "commitment"), why=_LEAF),
    NotPersonal(model="ledger.Entry", field=("seq", "entry_id", "at", "kind", "clause", "commitment"), why=_LEAF),
    NotPersonal(
        model="ledger.ClauseCount",
        field=("clause", "entries", "last_at", "last_entry", "last_kind"),
        why="counts of leaves by clause",
    ),
    NotPersonal(model="ledger.Tile", field=("level", "index", "hashes"), why=_TREE),
    NotPersonal(model="ledger.Head", field=("one", "size", "root"), why=_TREE),
    NotPersonal(model="ledger.Checkpoint", field=("size", "root", "note", "log_key"), why=_TREE),
    NotPersonal(model="ledger.Cosignature", field=("size", "line", "cosigner_key"), why=_TREE),
    NotPersonal(model="ledger.Witness", field=("origin", "size", "root"), why=_TREE),
)
