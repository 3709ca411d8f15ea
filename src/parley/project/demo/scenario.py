"""Who appears in the demo: three customers, their people, the people who call them, the calls. Facts only.

Every number is one that regulators keep for fiction: Ofcom's (020 7946 0xxx, 01632 960xxx, 07700 900xxx) and the North
American 555-01xx.
"""

from dataclasses import dataclass
from typing import Final

from parley.people.api import Role
from parley.project.demo.sip_client import Transport
from parley.project.demo.siprec_offer import Party
from parley.tenancy.api import Custody


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign in; `number` is their own telephone number."""

    email: str
    name: str
    role: Role
    number: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCustomer:
    """A customer of the demo; its session border controller has a loopback address of its own."""

    handle: str
    name: str
    agreement: str
    custody: Custody
    people: tuple[Person, ...]
    trunk: str
    sbc_address: str
    own_numbers: tuple[str, ...]
    number_region: str = "GB"
    further_agreements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A call that the demo places; scripts of one `group` are one conversation, `after` waits for another's end."""

    key: str
    customer: str
    dialogue: str
    transport: Transport
    caller: Party
    callee: Party
    first_turn: int = 0
    last_turn: int | None = None
    group: str = ""
    after: str = ""


OPERATOR: Final = Person(email="olivia@provider.example", name="Olivia Sands", role="operator")

CUSTOMERS: Final = (
    DemoCustomer(
        handle="northwind",
        name="Northwind Paper",
        agreement="imagicle-dpa",
        custody="local",
        people=(
            Person(email="nora@northwind.example", name="Nora Lindqvist", role="administrator"),
            Person(email="carl@northwind.example", name="Carl Brandt", role="compliance"),
            Person(
                email="sofia@northwind.example",
                name="Sofia Rossi",
                role="supervisor",
                number="+442079460100",
                groups=("Service",),
            ),
            Person(
                email="martin@northwind.example",
                name="Martin Hale",
                role="user",
                number="+442079460101",
                groups=("Service",),
            ),
            Person(email="ruth@northwind.example", name="Ruth Weaver", role="user", number="+442079460102"),
        ),
        trunk="Head office SBC",
        sbc_address="127.0.0.11",
        own_numbers=("+4420794601",),
        further_agreements=("ucx-terms",),
    ),
    DemoCustomer(
        handle="alder",
        name="Alder & Finch Brokers",
        agreement="ixcloud-dpa",
        custody="customer-held",
        people=(
            Person(email="anna@alder.example", name="Anna Finch", role="administrator"),
            Person(email="colin@alder.example", name="Colin Reyes", role="compliance"),
            Person(email="helen@alder.example", name="Helen Park", role="user", number="+441632960301"),
        ),
        trunk="Trading floor SBC",
        sbc_address="127.0.0.12",
        own_numbers=("+441632960",),
    ),
    DemoCustomer(
        handle="lark",
        name="Lark Street Travel",
        agreement="ucx-terms",
        custody="local",
        people=(Person(email="lena@lark.example", name="Lena Moss", role="administrator"),),
        trunk="Agency SBC",
        sbc_address="127.0.0.13",
        own_numbers=("+442079460900",),
    ),
)
LEAVING: Final = "lark"
"""Who is about to end its contract."""

_MARTIN = Party(name="Martin Hale", number="+442079460101", domain="northwind.example")
_RECEPTION = Party(name="Sofia Rossi", number="+442079460100", domain="northwind.example")
_RUTH = Party(name="Ruth Weaver", number="+442079460102", domain="northwind.example")
_HELEN = Party(name="Helen Park", number="+441632960301", domain="alder.example")
_CLARA = Party(name="Clara Winter", number="+12125550143", domain="carrier.example")
_SAM = Party(name="Sam Okafor", number="+447700900123", domain="carrier.example")
_VICTOR = Party(name="Victor Adler", number="+447700900456", domain="carrier.example")

SCRIPTS: Final = (
    Script(
        key="an order, with a hold",
        customer="northwind",
        dialogue="delivery",
        transport="udp",
        caller=_CLARA,
        callee=_MARTIN,
    ),
    Script(
        key="a trade, keys with the customer",
        customer="alder",
        dialogue="trade",
        transport="tcp",
        caller=_VICTOR,
        callee=_HELEN,
    ),
    Script(
        key="help desk, at reception",
        customer="northwind",
        dialogue="support",
        transport="tcp",
        caller=_SAM,
        callee=_RECEPTION,
        last_turn=2,
        group="support",
    ),
    Script(
        key="help desk, put through",
        customer="northwind",
        dialogue="support",
        transport="tcp",
        caller=_SAM,
        callee=_RUTH,
        first_turn=2,
        group="support",
        after="help desk, at reception",
    ),
)
