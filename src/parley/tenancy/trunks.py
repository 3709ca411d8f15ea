"""Trunks: which source address means which customer."""

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from parley.agreement.api import standing_from_json
from parley.foundation.ids import new_id
from parley.tenancy import models
from parley.tenancy.custody import keyring
from parley.tenancy.customers import customers
from parley.tenancy.errors import TrunkRefused
from parley.tenancy.keys import write_private
from parley.tenancy.selection import operator_key
from parley.tenancy.standing import agreement_text
from parley.tenancy.types import INDEX_FIELDS, Customer, Trunk, TrunkEntry

_SNAPSHOT_BINDING = b"trunk directory"
_PREFIX_LENGTH = range(3, 17)


@dataclass(frozen=True)
class Source:
    """An address or network that calls come from, with or without a port."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    port: int | None

    @classmethod
    def parse(cls, text: str) -> "Source":
        """Read "192.0.2.7", "192.0.2.7:5080", "192.0.2.0/24" or "[2001:db8::7]:5080". Raises TrunkRefused."""
        host, port = text.strip(), None
        if host.startswith("["):
            host, _, rest = host[1:].partition("]")
            port = rest.removeprefix(":") or None
        elif host.count(":") == 1:
            host, _, port = host.partition(":")
        try:
            network, number = ipaddress.ip_network(host), int(port) if port is not None else None
        except ValueError as error:
            raise TrunkRefused(
                f"{text!r} is not a source address", remedy='Write "192.0.2.7", "192.0.2.7:5080" or "192.0.2.0/24".'
            ) from error
        if number is not None and not 1 <= number <= 65535:
            raise TrunkRefused(f"{text!r} has no such port", remedy="Ports go from 1 to 65535.")
        return cls(network=network, port=number)

    def __str__(self) -> str:
        single = self.network.num_addresses == 1
        host = str(self.network.network_address) if single else str(self.network)
        if self.port is None:
            return host
        return f"[{host}]:{self.port}" if self.network.version == 6 else f"{host}:{self.port}"


class TrunkDirectory:
    """Which trunk a packet's source belongs to; immutable, made for many look-ups."""

    def __init__(self, entries: Mapping[str, TrunkEntry]) -> None:
        self.entries = tuple({entry.trunk_id: entry for entry in entries.values()}.values())
        sources = [(Source.parse(text), entry) for text, entry in entries.items()]
        self._exact = {
            (source.network.network_address, source.port): entry
            for source, entry in sources
            if source.network.num_addresses == 1
        }
        networks = [(source, entry) for source, entry in sources if source.network.num_addresses > 1]
        # The most specific network wins: the smaller one, then the one that names the port.
        self._networks = sorted(networks, key=lambda pair: (-pair[0].network.prefixlen, pair[0].port is None))

    def find(self, address: str, port: int) -> TrunkEntry | None:
        """The trunk that calls from `address` and `port` belong to, or None: single addresses go before networks."""
        try:
            source = ipaddress.ip_address(address)
        except ValueError:
            return None
        if source.version == 6 and source.ipv4_mapped is not None:
            source = source.ipv4_mapped
        exact = self._exact.get((source, port)) or self._exact.get((source, None))
        if exact is not None:
            return exact
        for candidate, entry in self._networks:
            if candidate.port in (None, port) and source in candidate.network:
                return entry
        return None


def add_trunk(
    customer: Customer, *, name: str, sources: Sequence[str], own_numbers: Sequence[str] = (), region: str = "IT"
) -> Trunk:
    """A new trunk of `customer`; `region` is the ISO country of numbers dialled without one. Raises TrunkRefused."""
    if not sources:
        raise TrunkRefused(
            "a trunk without a source receives nothing", remedy="Name the session border controller's address."
        )
    canonical = tuple(str(Source.parse(text)) for text in sources)
    for prefix in own_numbers:
        if not prefix.startswith("+") or not prefix[1:].isdecimal() or len(prefix) not in _PREFIX_LENGTH:
            raise TrunkRefused("an own number is not an E.164 prefix", remedy='Write it like "+390584".')
    row = models.Trunk(
        id=new_id(at=timezone.now()), customer_id=customer.id, name=name, own_numbers=list(own_numbers), region=region
    )
    try:
        with transaction.atomic(using="provider"):
            row.save(force_insert=True)
            models.TrunkSource.objects.bulk_create(models.TrunkSource(source=source, trunk=row) for source in canonical)
    except IntegrityError as error:
        raise TrunkRefused(
            f"the name {name!r} or one of its sources is taken", remedy="Choose another; see: parley trunk list"
        ) from error
    return _public(row, canonical)


def trunks(customer: Customer) -> list[Trunk]:
    """The trunks of `customer` by name."""
    rows = models.Trunk.objects.filter(customer_id=customer.id).prefetch_related("sources").order_by("name")
    return [_public(row, tuple(sorted(source.source for source in row.sources.all()))) for row in rows]


def set_policies(customer_id: UUID, policies: str) -> bool:
    """Give recorders the compiled policies of a customer; they have them within two seconds. Whether they are new."""
    rows = models.Customer.objects.filter(id=customer_id).exclude(policies=policies)
    return bool(rows.update(policies=policies))


def trunk_directory() -> TrunkDirectory:
    """What a recorder must know of all trunks: read from the database, or from the last reading when that is down.

    The last reading is kept in a file below `keys`, sealed by the root key: a recorder that starts while the database
    is down still records. Raises KeysUnavailable when a keyring is missing, and the database's error without a reading.
    """
    file = settings.PARLEY_DATA_DIR / "keys" / "trunks.snapshot"
    try:
        entries = _read()
    except DatabaseError:
        if not file.exists():
            raise
        return TrunkDirectory(_thawed(operator_key().open(file.read_bytes(), bound_to=_SNAPSHOT_BINDING)))
    write_private(file, operator_key().seal(_frozen(entries), bound_to=_SNAPSHOT_BINDING))
    return TrunkDirectory(entries)


def _read() -> dict[str, TrunkEntry]:
    ring = keyring()
    known = {customer.id: customer for customer in customers()}
    rows = models.Trunk.objects.filter(customer_id__in=known).prefetch_related("sources")
    keys = {
        customer_id: {field: ring.index_key(known[customer_id], field) for field in INDEX_FIELDS}
        for customer_id in {row.customer_id for row in rows}
    }
    policies = dict(models.Customer.objects.filter(id__in=keys).values_list("id", "policies"))
    return {
        source.source: TrunkEntry(
            trunk_id=row.id,
            name=row.name,
            customer=known[row.customer_id],
            own_numbers=tuple(row.own_numbers),
            region=row.region,
            recipients=known[row.customer_id].recipients,
            index_keys=keys[row.customer_id],
            texts=_texts(known[row.customer_id]),
            policies=policies[row.customer_id],
        )
        for row in rows
        for source in row.sources.all()
    }


def _texts(customer: Customer) -> dict[str, str]:
    found = {signed.digest: agreement_text(signed.digest) for signed in customer.standing.signed}
    return {digest: text for digest, text in found.items() if text is not None}


def _frozen(entries: Mapping[str, TrunkEntry]) -> bytes:
    """The directory as JSON; a text that many customers signed is written once."""
    texts = {digest: text for entry in entries.values() for digest, text in entry.texts.items()}
    return json.dumps(
        {"texts": texts, "sources": {source: _plain(entry) for source, entry in entries.items()}}
    ).encode()


def _plain(entry: TrunkEntry) -> dict[str, Any]:
    customer = {field.name: getattr(entry.customer, field.name) for field in fields(Customer)}
    return {
        "trunk_id": str(entry.trunk_id),
        "name": entry.name,
        "customer": customer | {"id": str(entry.customer.id), "standing": entry.customer.standing.to_json()},
        "own_numbers": entry.own_numbers,
        "region": entry.region,
        "recipients": entry.recipients,
        "index_keys": {field: key.hex() for field, key in entry.index_keys.items()},
        "texts": list(entry.texts),
        "policies": entry.policies,
    }


def _thawed(content: bytes) -> dict[str, TrunkEntry]:
    """The inverse of `_frozen`."""
    saved = json.loads(content)
    return {
        source: TrunkEntry(
            trunk_id=UUID(entry["trunk_id"]),
            name=entry["name"],
            customer=Customer(
                **{
                    **entry["customer"],
                    "id": UUID(entry["customer"]["id"]),
                    "recipients": tuple(entry["customer"]["recipients"]),
                    "standing": standing_from_json(entry["customer"]["standing"]),
                }
            ),
            own_numbers=tuple(entry["own_numbers"]),
            region=entry["region"],
            recipients=tuple(entry["recipients"]),
            index_keys={field: bytes.fromhex(key) for field, key in entry["index_keys"].items()},
            texts={digest: saved["texts"][digest] for digest in entry["texts"]},
            policies=entry.get("policies", ""),  # a directory that was saved before there were any
        )
        for source, entry in saved["sources"].items()
    }


def _public(row: models.Trunk, sources: tuple[str, ...]) -> Trunk:
    return Trunk(
        id=row.id,
        customer_id=row.customer_id,
        name=row.name,
        sources=sources,
        own_numbers=tuple(row.own_numbers),
        region=row.region,
    )
