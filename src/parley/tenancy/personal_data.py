"""What tenancy holds about people: next to nothing, for a customer is an organisation."""

from parley.foundation.declarations import NotPersonal, PersonalData

_ORGANISATION = "describes an organisation under contract, not a person"

DECLARATIONS = (
    NotPersonal(model="tenancy.Customer", field=("handle", "name"), why=_ORGANISATION),
    NotPersonal(
        model="tenancy.Customer",
        field=("id", "kind", "region", "custody", "state", "agreement", "agreement_version", "created_at"),
        why=_ORGANISATION,
    ),
    NotPersonal(
        model="tenancy.Customer",
        field="standing",
        why="what the gate knows of an organisation: digests, purposes, areas, recipients; staff by random ids",
    ),
    NotPersonal(
        model="tenancy.AgreementText",
        field=("digest", "agreement", "version", "text", "kept_at"),
        why="the text of a contract, which names nobody",
    ),
    PersonalData(
        model="tenancy.Customer",
        field="policies",
        category="user.contact.phone_number",
        subject="employee",
        purpose="essential.service",
        retention="with-customer",
        find_by="customer",
        export="withheld",
        erase="blank",
    ),
    NotPersonal(model="tenancy.Customer", field="recipients", why="public keys of the organisation"),
    NotPersonal(model="tenancy.Customer", field=("log_id", "database"), why="random names"),
    NotPersonal(model="tenancy.Trunk", field=("id", "customer", "name", "region"), why="technical names of a line"),
    NotPersonal(model="tenancy.Trunk", field="own_numbers", why="prefixes that belong to the organisation"),
    NotPersonal(model="tenancy.TrunkSource", field=("source", "trunk"), why="addresses of servers"),
    NotPersonal(
        model="tenancy.Wake", field=("id", "customer", "what", "due"), why="when to look after an organisation"
    ),
)
