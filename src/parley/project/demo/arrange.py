"""Makes what the demo needs through the functions that everybody uses: customers, keys, trunks, people."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

from parley.foundation.errors import ParleyError
from parley.people.api import User, create_user
from parley.project.demo import paperwork, persons
from parley.project.demo.scenario import CUSTOMERS, OPERATOR, DemoCustomer, Person
from parley.sealing.api import generate_identity
from parley.tenancy.api import Customer, NewUser, add_trunk, by_handle, create_customer, provider, scope, trunks

Narrate = Callable[[str], None]

_CONSONANTS: Final = "bdfghklmnprstvz"
_VOWELS: Final = "aeiou"
_RECIPIENTS: Final = 2


class DemoRefused(ParleyError):
    """The demo cannot go on; nothing of what is there was changed."""

    error_id: ClassVar[str] = "demo.refused"


def customers_folder(data_dir: Path) -> Path:
    """Where the demo plays the customers: beside the provider's data directory, never inside."""
    return data_dir.with_name(f"{data_dir.name}-customers")


def password(data_dir: Path) -> str:
    """The one password of all demo accounts, made once for this installation and kept in a file of its own."""
    file = data_dir / "demo" / "password"
    if not file.exists():
        syllables = [secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(8)]
        words = ["".join(syllables[start : start + 2]) for start in range(0, 8, 2)]
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_private(file, "-".join(words) + "\n")
    return file.read_text(encoding="ascii").strip()


def arrange(*, data_dir: Path, region: str, narrate: Narrate) -> bool:
    """Makes customers, trunks and people that are missing; True when anything had to be made.

    `region` is where this installation records: the customers choose it. `narrate` is told each thing in words. Raises
    DemoRefused when a customer with a demo handle is not the demo's.
    """
    secret = password(data_dir)
    made = [_provider_people(secret, narrate)]
    with scope(provider()):
        operator = User.objects.get(email=OPERATOR.email).id
    paperwork.register(by=operator, narrate=narrate)
    for wanted in CUSTOMERS:
        made.append(_customer(wanted, data_dir=data_dir, region=region, secret=secret, narrate=narrate))
    persons.arrange(narrate=narrate)
    paperwork.announce(by=operator, narrate=narrate)
    return any(made)


def _customer(wanted: DemoCustomer, *, data_dir: Path, region: str, secret: str, narrate: Narrate) -> bool:
    customer = by_handle(wanted.handle)
    fresh = customer is None
    if customer is None:
        recipients: tuple[str, ...] = ()
        if wanted.custody == "customer-held":
            recipients = identities(customers_folder(data_dir) / wanted.handle, narrate=narrate)
        first = wanted.people[0]
        customer = create_customer(
            handle=wanted.handle,
            name=wanted.name,
            region=region,
            custody=wanted.custody,
            agreement=wanted.agreement,
            recipients=recipients,
            administrator=NewUser(email=first.email, name=first.name, password=secret),
        )
        narrate(f"customer {wanted.name}: {wanted.agreement}, {_custody_in_words(wanted)}")
    elif wanted.agreement not in customer.agreement.split("+") or customer.custody != wanted.custody:
        raise DemoRefused(
            f'there is a customer "{wanted.handle}" that is not the demo\'s',
            remedy="run the demo on a data directory of its own: PARLEY_DATA_DIR=... make run",
        )
    paperwork.sign_further(customer, wanted.further_agreements, by=wanted.people[0].name, narrate=narrate)
    changed = _trunk(customer, wanted, narrate)
    with scope(customer):
        added = [_person(person, secret=secret, region=wanted.number_region) for person in wanted.people]
    return fresh or changed or any(added)


def _custody_in_words(wanted: DemoCustomer) -> str:
    return "keys held by the customer alone" if wanted.custody == "customer-held" else "keys in the provider's keyring"


def _trunk(customer: Customer, wanted: DemoCustomer, narrate: Narrate) -> bool:
    if any(trunk.name == wanted.trunk for trunk in trunks(customer)):
        return False
    add_trunk(
        customer,
        name=wanted.trunk,
        sources=(wanted.sbc_address,),
        own_numbers=wanted.own_numbers,
        region=wanted.number_region,
    )
    narrate(f"trunk {wanted.trunk}: calls from {wanted.sbc_address}")
    return True


def _provider_people(secret: str, narrate: Narrate) -> bool:
    with scope(provider()):
        made = _person(OPERATOR, secret=secret, region="GB")
    if made:
        narrate(f"provider operator {OPERATOR.name}")
    return made


def _person(person: Person, *, secret: str, region: str) -> bool:
    if User.objects.filter(email=person.email).exists():
        return False
    create_user(
        email=person.email,
        name=person.name,
        password=secret,
        role=person.role,
        numbers=(person.number,) if person.number else (),
        groups=person.groups,
        region=region,
    )
    return True


def identities(folder: Path, *, narrate: Narrate) -> tuple[str, ...]:
    """The recipients of the customer's identity files, made when missing; the provider never sees the files.

    Two, so that one lost key does not lose the recordings. Written as `age-keygen` writes them.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    recipients = []
    for number in range(1, _RECIPIENTS + 1):
        file = folder / f"identity-{number}.txt"
        if not file.exists():
            identity = generate_identity()
            created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            _write_private(file, f"# created: {created}\n# public key: {identity.recipient}\n{identity.secret}\n")
            narrate(f"key of the customer: {file}")
        recipients.append(_recipient(file))
    return tuple(recipients)


def _write_private(file: Path, text: str) -> None:
    """The whole file or none, readable by this account alone."""
    half = file.with_suffix(".new")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    half.write_text(text, encoding="ascii")
    half.replace(file)


def _recipient(file: Path) -> str:
    for line in file.read_text(encoding="ascii").splitlines():
        if line.startswith("# public key: "):
            return line.removeprefix("# public key: ").strip()
    raise DemoRefused(f"{file} names no public key", remedy="remove the file; the demo makes a new one")
