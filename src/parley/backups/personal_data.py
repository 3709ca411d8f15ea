"""What backups hold about people: sealed copies of everything, and in these tables nothing."""

from parley.inventory.api import Declaration, NotPersonal

_WHAT = "which sealed copies of an organisation's data exist, until when; random ids, sizes, hashes"

DECLARATIONS: tuple[Declaration, ...] = (
    NotPersonal(
        model="backups.Backup",
        field=(
            "id", "customer", "number", "reason", "state", "began_at", "taken_at", "made_at", "expires_at", "gone_at",
            "dump_size", "dump_sha256", "manifest_size", "manifest_sha256", "object_count", "objects_size", "damaged",
            "entries", "error",
        ),
        why=_WHAT,
    ),
    NotPersonal(
        model="backups.BackupObject",
        field=("id", "customer", "key", "size", "sha256", "first", "last"),
        why="keys are random ids; the content is sealed and expires with the last backup that names it",
    ),
    NotPersonal(
        model="backups.Scratch",
        field=("database", "customer", "backup", "began_at", "becomes", "usable"),
        why="random names of databases that exist for a while",
    ),
    NotPersonal(
        model="backups.DrillRow",
        field=(
            "id", "customer", "backup", "at", "rto_seconds", "rpo_seconds", "estimated", "tables", "records",
            "object_count", "objects_read", "opened", "entries", "erased", "findings", "promise",
        ),
        why="times and counts of a restoration",
    ),
)  # fmt: skip
