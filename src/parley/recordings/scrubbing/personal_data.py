"""What the scrub holds about people: who resolved a finding. The rest are hashes and counts."""

from parley.inventory.api import Declaration, NotPersonal, PersonalData

DECLARATIONS: tuple[Declaration, ...] = (
    PersonalData(
        model="scrubbing.Finding", field=("resolved_by", "resolved_at"), category="user.unique_id", subject="employee",
        purpose="essential.service", retention="with-recording", find_by="user-id", export="withheld",
        erase="with-parent",
    ),
    NotPersonal(
        model="scrubbing.Finding",
        field=(
            "id", "scrub", "recording", "name", "object_key", "what", "expected", "found", "found_at", "incident",
            "evidence_id", "state", "problem",
        ),
        why="which sealed file differed from its hash; random ids, and gone with the recording",
    ),
    NotPersonal(
        model="scrubbing.Scrub",
        field=(
            "id", "began_at", "finished_at", "after", "counted", "recordings", "objects_read", "bytes_read", "damaged",
            "aborted_uploads", "report",
        ),
        why="times and counts of a reading of sealed files",
    ),
    NotPersonal(
        model="scrubbing.Move",
        field=(
            "id", "began_at", "finished_at", "before", "after", "whole", "slices", "recordings", "objects_moved",
            "bytes_moved", "kept", "copied",
        ),
        why="times, counts and random ids of sealed files that were moved between stores",
    ),
)  # fmt: skip
