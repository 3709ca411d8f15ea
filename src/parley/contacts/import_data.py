"""What imports hold about people: who started them. The files are sealed objects that go when they are read."""

from parley.inventory.api import Declaration, NotPersonal, PersonalData

DECLARATIONS: tuple[Declaration, ...] = (
    PersonalData(
        model="contacts.Import", field="uploaded_by", category="user.unique_id", subject="employee",
        purpose="essential.service", retention="with-customer", find_by="customer", export="value", erase="delete-row",
    ),
    NotPersonal(
        model="contacts.Import",
        field=("id", "state", "kind", "size", "directory_id", "rows", "added", "broken", "removed", "clause", "error"),
        why="identifiers, counts, and what was wrong with a file as a whole",
    ),
    NotPersonal(
        model="contacts.Import", field=("mapping", "options"),
        why="which column is which field, the country of numbers, and where the whole list came from",
    ),
    NotPersonal(
        model="contacts.Import", field=("uploaded_at", "begun_at", "ended_at", "file_gone_at"),
        why="when the import happened",
    ),
)  # fmt: skip
