"""Every operation of the description, with values that fit it and values that do not: no failure of ours, no status and
no body that is not described (schemathesis)."""

import logging
import secrets
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import checks
from tests.integration.rest.conftest import Office, furnished, now

from parley.project.wsgi import application
from parley.tenancy import api as tenancy
from parley.tokens.models import Token
from parley.web.rest.api import rest

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
IDS = sorted(
    (found["operationId"], method, path)
    for path, methods in rest.get_openapi_schema()["paths"].items()
    for method, found in methods.items()
)


@pytest.fixture(scope="module")
def fuzzed(make_customer, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Office:
    """A customer of its own: much is deleted and made in it."""
    with django_db_blocker.unblock():
        return furnished(make_customer(handle=f"fuzz-{secrets.token_hex(3)}"), tmp_path_factory.mktemp("fuzzed"))


@pytest.fixture(scope="module")
def described(fuzzed: Office, django_db_blocker: Any):
    with django_db_blocker.unblock():
        headers = {"Authorization": f"Bearer {fuzzed.token()}", "Host": "127.0.0.1"}
        return schemathesis.openapi.from_wsgi(f"{fuzzed.api}/openapi.json", application, headers=headers)


@pytest.mark.parametrize("examples", [4, pytest.param(150, marks=pytest.mark.soak)])
@pytest.mark.parametrize(("operation_id", "method", "path"), IDS, ids=[one[0] for one in IDS])
def test_an_operation_answers_as_it_is_described(
    described, fuzzed: Office, settings, operation_id: str, method: str, path: str, examples: int
):
    settings.PARLEY_TOKEN_RATE = 1_000_000
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    operation = described[path][method.upper()]
    with tenancy.scope(fuzzed.customer):  # so many tokens as there are operations nobody may have at once
        Token.objects.filter(revoked_at__isnull=True).update(revoked_at=now(), revoked_by=fuzzed.admin.id)
    token = fuzzed.token()
    cases = st.one_of(
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
    )

    @given(case=cases, known=st.booleans())
    @hypothesis_settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def answers(case: schemathesis.Case, known: bool) -> None:
        if known:  # ids that there are: else every answer would be 404
            case.path_parameters |= {
                name: value for name, value in fuzzed.ids.items() if name in (case.path_parameters or {})
            }
        headers = {"Authorization": f"Bearer {token}", "Host": "127.0.0.1"}
        case.call_and_validate(headers=headers, checks=CHECKS)

    answers()
