"""Lists of people (CSV): read, looked at, brought in. Rows that are wrong come back with the reason; good ones arrive.

The header is fixed: names of columns in any order, no mapping. All good rows of a list arrive in one transaction.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from parley.foundation.ids import new_id
from parley.obligations import api as obligations
from parley.people.accounts import checked_person, new_account
from parley.people.errors import AccountRefused, InvitationRefused, ListRefused
from parley.people.evidence import leave
from parley.people.groups import group_named
from parley.people.invitations import invite
from parley.people.models import Group, User, UserImport, UserNumber
from parley.people.numbers import MOST_PER_PERSON, Indexer, canonical_key
from parley.people.secrets import seal, unseal
from parley.people.types import ROLES, NumberKind, Role
from parley.sealing.api import seal_bytes
from parley.tenancy import api as tenancy

COLUMNS: Final = ("email", "name", "role", "main group", "additional groups", "number", "extension", "pbx name")
NEEDED: Final = ("email", "name")
MOST_BYTES: Final = 4 << 20
MOST_ROWS: Final = 20_000
KEPT: Final = timedelta(days=1)
INVITE: Final = "people.invite"
_KINDS: Final[Mapping[str, NumberKind]] = {"number": "did", "extension": "extension", "pbx name": "pbx-name"}
_SEPARATOR: Final = ";"
_PER_JOB: Final = 200


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the list: as it came, what it becomes, and what is wrong with it ("" when nothing)."""

    line: int
    values: Mapping[str, str]
    role: Role = "user"
    groups: tuple[str, ...] = ()
    keys: tuple[tuple[NumberKind, str], ...] = ()
    wrong: str = ""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A list as it would arrive. `new_groups` are made with it."""

    rows: tuple[Row, ...]
    new_groups: tuple[str, ...]

    @property
    def good(self) -> tuple[Row, ...]:
        """Those that arrive."""
        return tuple(row for row in self.rows if not row.wrong)

    @property
    def wrong(self) -> tuple[Row, ...]:
        """Those that come back."""
        return tuple(row for row in self.rows if row.wrong)


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What an import did: accounts made, rows that came back, and the list of those, None when there are none."""

    added: int
    wrong: tuple[Row, ...]
    rest: UUID | None


@dataclass
class _Seen:
    """What is taken already: by accounts, and by the lines before."""

    emails: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def upload(content: bytes, *, region: str | None, by: UUID, at: datetime) -> UUID:
    """Keep a list, sealed, until it is imported or a day old; its id. Raises ListRefused when it cannot be read."""
    parse(content, region=region)
    UserImport.objects.filter(made_at__lt=at - KEPT).delete()
    return _keep(content, region=region or "", by=by, at=at)


def preview(import_id: UUID, *, by: UUID) -> Preview:
    """What a list would bring, compared with the accounts that there are. Raises ListRefused."""
    content, region = _kept(import_id, by)
    rows = parse(content, region=region)
    known = _known(rows)
    checked = tuple(row if row.wrong else _not_taken(row, known) for row in rows)
    wanted = {name for row in checked if not row.wrong for name in row.groups}
    there = set(Group.objects.filter(name__in=wanted).values_list("name", flat=True))
    return Preview(rows=checked, new_groups=tuple(sorted(wanted - there)))


def bring(import_id: UUID, *, invite_them: bool, by: UUID, at: datetime) -> Brought:
    """Make accounts of the good rows, all at once; what came back is kept as a list to mend. Raises ListRefused.

    With `invite_them` each gets a link to set a password, by mail.
    """
    with transaction.atomic():
        if not UserImport.objects.select_for_update().filter(pk=import_id, made_by=by).exists():
            raise _gone()
        region = _kept(import_id, by)[1]
        shown = preview(import_id, by=by)
        users = _bring(shown.good, at=at)
        UserImport.objects.filter(pk=import_id).delete()
        leave("people.imported", at=at, user=str(by), added=len(users), returned=len(shown.wrong))
        if invite_them:
            ids = [str(user.id) for user in users]
            for first in range(0, len(ids), _PER_JOB):
                obligations.enqueue(
                    kind=INVITE, key=f"{INVITE}:{import_id}:{first}", due=at,
                    payload={"people": ids[first : first + _PER_JOB], "by": str(by)},
                )  # fmt: skip
        rest = _keep(returned(shown.wrong).encode(), region=region or "", by=by, at=at) if shown.wrong else None
    return Brought(added=len(users), wrong=shown.wrong, rest=rest)


def returned(rows: Iterable[Row]) -> str:
    """Rows to mend as a CSV with one more column that says why; it can be uploaded again as it is."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*COLUMNS, "what is wrong"])
    for row in rows:
        writer.writerow([*(_inert(row.values.get(column, "")) for column in COLUMNS), row.wrong])
    return out.getvalue()


def invite_later(work: obligations.Work) -> None:
    """The mails of one part of a list; who was closed or erased meanwhile gets none."""
    for one in work.payload["people"]:
        try:
            invite(UUID(one), by=UUID(work.payload["by"]), at=work.due)
        except (InvitationRefused, AccountRefused):
            continue


def parse(content: bytes, *, region: str | None) -> tuple[Row, ...]:
    """The lines of a list, each with what is wrong in itself. Raises ListRefused."""
    if len(content) > MOST_BYTES:
        raise ListRefused(f"the list is larger than {MOST_BYTES >> 20} MB", remedy="Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListRefused("the list is not UTF-8", remedy='Save it as "CSV UTF-8".') from error
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    lines = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(lines, [])]
        filled = _filled(lines)
    except csv.Error as error:
        raise ListRefused("the list is no CSV", remedy=f"Look at quotation marks: {error}.") from error
    missing = [name for name in NEEDED if name not in header]
    if missing or len(set(header)) != len(header):
        raise ListRefused(
            f"the first line must name the columns, among them {' and '.join(missing or NEEDED)}, each once",
            remedy=f"Columns are: {', '.join(COLUMNS)}.",
        )
    seen = _Seen()
    return tuple(_read(number, cells, header, region, seen) for number, cells in filled)


def _filled(lines: Iterable[list[str]]) -> list[tuple[int, list[str]]]:
    """The lines below the header that say something, by their numbers. Raises ListRefused for too many."""
    filled = []
    for number, cells in enumerate(lines, 2):
        if any(cell.strip() for cell in cells):
            filled.append((number, cells))
        if len(filled) > MOST_ROWS:
            raise ListRefused(f"the list has more than {MOST_ROWS} lines", remedy="Split it.")
    return filled


def _read(number: int, cells: Sequence[str], header: Sequence[str], region: str | None, seen: _Seen) -> Row:
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name in COLUMNS}
    if len(cells) > len(header):
        return Row(line=number, values=values, wrong="more cells than the first line has columns")
    role = values.get("role", "").lower() or "user"
    known = next((one for one in ROLES if one == role and one != "operator"), None)
    if known is None:
        return Row(line=number, values=values, wrong=f"role: one of {', '.join(ROLES[1:])}")
    try:
        checked_person(values.get("email", ""), values.get("name", ""))
        keys = _keys(values, region)
    except AccountRefused as error:
        return Row(line=number, values=values, wrong=f"{error.args[0]}. {error.remedy}")
    groups = _groups(values)
    if any(len(name) > 100 for name in groups):
        return Row(line=number, values=values, wrong="groups: a name has at most 100 characters")
    if groups and not values.get("main group"):
        return Row(line=number, values=values, wrong="main group: needed where there are additional groups")
    row = Row(line=number, values=values, role=known, groups=groups, keys=keys)
    return _not_taken(row, seen)


def _keys(values: Mapping[str, str], region: str | None) -> tuple[tuple[NumberKind, str], ...]:
    found = [
        (kind, canonical_key(one, kind=kind, region=region))
        for column, kind in _KINDS.items()
        for one in values.get(column, "").split(_SEPARATOR)
        if one.strip()
    ]
    if len(found) > MOST_PER_PERSON:
        raise AccountRefused(f"an account has at most {MOST_PER_PERSON} match keys", remedy="Leave some out.")
    return tuple(dict.fromkeys(found))


def _groups(values: Mapping[str, str]) -> tuple[str, ...]:
    named = [values.get("main group", ""), *values.get("additional groups", "").split(_SEPARATOR)]
    return tuple(dict.fromkeys(" ".join(name.split()) for name in named if name.strip()))


def _not_taken(row: Row, seen: _Seen) -> Row:
    """The row, or what of it somebody has already; it then counts as taken itself."""
    email, keys = row.values["email"].lower(), {value for _, value in row.keys}
    if email in seen.emails:
        wrong = "email: it belongs to an account, or to a line above"
    elif keys & seen.keys:
        wrong = "number, extension or pbx name: it belongs to an account, or to a line above"
    else:
        seen.emails.add(email)
        seen.keys |= keys
        return row
    return Row(line=row.line, values=row.values, wrong=wrong)


def _known(rows: Iterable[Row]) -> _Seen:
    """Of what the rows bring, what accounts have already."""
    good = [row for row in rows if not row.wrong]
    index = Indexer()
    wanted = {index(value): value for row in good for _, value in row.keys}
    taken = UserNumber.objects.filter(number_index__in=list(wanted)).values_list("number_index", flat=True)
    emails = [row.values["email"].lower() for row in good]
    return _Seen(
        emails=set(User.objects.filter(email__in=emails).values_list("email", flat=True)),
        keys={wanted[bytes(one)] for one in taken},
    )


def _bring(rows: Sequence[Row], *, at: datetime) -> list[User]:
    groups = {name: group_named(name) for name in sorted({name for row in rows for name in row.groups})}
    index, recipients = Indexer(), tenancy.current().recipients
    users, numbers, memberships = [], [], []
    for row in rows:
        user = new_account(email=row.values["email"], name=row.values["name"], role=row.role, at=at)
        user.main_group = groups[row.groups[0]] if row.groups else None
        users.append(user)
        memberships += [User.groups.through(user_id=user.id, group_id=groups[name].id) for name in row.groups]
        numbers += [
            UserNumber(
                id=new_id(at=at), user=user, number_index=index(value), kind=kind,
                sealed=seal_bytes(value.encode(), recipients),
            )
            for kind, value in row.keys
        ]  # fmt: skip
    User.objects.bulk_create(users, batch_size=1000)
    UserNumber.objects.bulk_create(numbers, batch_size=1000)
    User.groups.through.objects.bulk_create(memberships, batch_size=1000)
    return users


def _keep(content: bytes, *, region: str, by: UUID, at: datetime) -> UUID:
    made = UserImport(id=new_id(at=at), made_by=by, made_at=at)
    made.sealed = seal(region.encode().ljust(2) + content, place=f"import:{made.id}")
    made.save(force_insert=True)
    return made.id


def _kept(import_id: UUID, by: UUID) -> tuple[bytes, str | None]:
    row = UserImport.objects.filter(Q(pk=import_id) & Q(made_by=by)).first()
    if row is None:
        raise _gone()
    content = unseal(row.sealed, place=f"import:{row.id}")
    return content[2:], content[:2].decode().strip() or None


def _gone() -> ListRefused:
    return ListRefused("there is no such list of yours", remedy="It was imported, or is older than a day: upload it.")


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "@", "-", "\t", "\r"} else cell
