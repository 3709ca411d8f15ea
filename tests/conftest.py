"""What every test may use: a real PostgreSQL of its own, customers in it, the full size when asked.

`tests.support.installation` configures Django at import, before test modules import models; the server starts only when
the first test asks for `cluster`.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.installation import MakeCustomer, settings, tenancy


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> str:
    """ "full" in the variant marked soak, else "small": the same test at two sizes."""
    return "full" if request.node.get_closest_marker("soak") else "small"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The installation's data directory in this test run; as `settings.PARLEY_DATA_DIR`."""
    path: Path = settings.PARLEY_DATA_DIR
    path.chmod(0o711)
    return path


@pytest.fixture(scope="session")
def cluster(data_dir: Path, django_db_blocker: object) -> Iterator[Path]:
    """A running embedded PostgreSQL with template and provider; yields the data directory."""
    server = tenancy.embedded()
    child = server.start()
    try:
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            tenancy.prepare()
            yield data_dir
    finally:
        server.stop(child)


@pytest.fixture(scope="session")
def make_customer(cluster: Path) -> MakeCustomer:
    """A factory of customers: `make_customer(handle=..., custody=..., agreement=..., ...)`, all optional.

    A `customer-held` customer without `recipients` gets two fresh ones, whose identities nobody keeps.
    """
    from parley.sealing.api import generate_identity

    def make(
        *, handle: str = "", custody: str = "local", agreement: str = "imagicle-dpa", **more: object
    ) -> tenancy.Customer:
        handle = handle or f"customer-{secrets.token_hex(4)}"
        if custody == "customer-held" and "recipients" not in more:
            more["recipients"] = tuple(generate_identity().recipient for _ in range(2))
        given = {"handle": handle, "name": handle.title(), "region": "eu", "custody": custody, "agreement": agreement}
        return tenancy.create_customer(**given | more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def customer(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    """A fresh customer with local keys, in scope."""
    made = make_customer()
    with tenancy.scope(made):
        yield made
