"""The interface as OpenAPI describes it: every status an operation may answer, its scope, problem details as such."""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import get_script_prefix
from ninja import NinjaAPI, Schema
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from parley.tokens.api import SCOPES
from parley.web.rest.scopes import Scope

_ANY: Final = (400, 401, 403, 429, 503)
"""What every operation may answer: not to be understood (too many fields), nobody known, not allowed, too often, a
database that is away."""
_SCHEMES: Final = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "parley_...",
        "description": "An API token of the console; scopes: "
        + "; ".join(f"{scope}: {words}" for scope, words in SCOPES.items()),
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "parley_session",
        "description": "The session of somebody who signed in to the console.",
    },
}
_BASE: Final = "api/v1"
_PROBLEM: Final = "application/problem+json"


class Problem(Schema):
    """Problem details (RFC 9457). `error_id` is stable; `reference` ties a failure of ours to its log line."""

    type: str
    title: str
    status: int
    detail: str
    error_id: str
    reference: str | None = None


def answers(model: Any, *statuses: int, success: int = 200) -> dict[int, Any]:
    """What an operation may answer, for ninja's `response`: `model` with `success`, problems with the others."""
    return {success: model, **dict.fromkeys((*_ANY, *statuses), Problem)}


def binary(*media_types: str) -> dict[str, Any]:
    """Content that is bytes, for `openapi_extra`: whole, a piece, unchanged, or a piece that there is not."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    return {
        "responses": {
            200: {"description": "OK", "content": content},
            206: {"description": "Partial Content", "content": content},
            304: {"description": "Not Modified"},
            416: {"description": "Range Not Satisfiable"},
        }
    }


class Description(OpenAPISchema):
    """ninja's OpenAPI, with scopes, problem details, and one id for each method."""

    def responses(self, operation: Operation) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = super().responses(operation)
        told = {status: _schemas(model) for status, model in operation.response_models.items() if status in found}
        problems = [status for status, schemas in told.items() if Problem in schemas]
        for status in problems:
            found[status]["content"] = {_PROBLEM: found[status]["content"].pop("application/json")}
        for status in problems and (status for status in told if status >= 400 and status not in problems):
            # An operation with errors of its own form is not reached without its scope, or with ids that are none.
            found[status]["content"] |= found[problems[0]]["content"]
        return found

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        scopes = [one.scope for one in operation.auth_callbacks if isinstance(one, Scope)]
        if not scopes:
            return None
        self.securitySchemes.update(_SCHEMES)
        return [*({"token": [scope] if scope else []} for scope in scopes), {"session": []}]

    def methods(self, operations: list[Operation]) -> dict[str, Any]:
        found: dict[str, Any] = super().methods(operations)
        if "head" in found:
            found["head"] = {**found["head"], "operationId": f"{found['head']['operationId']}_head"}
        return found


class Interface(NinjaAPI):
    """ninja's interface, described as above; addresses are relative to the console's."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        del path_prefix, path_params  # the console's own prefix says where it is
        described = Description(self, "")
        described["servers"] = [{"url": f"{get_script_prefix()}{_BASE}"}]
        return described

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def create_temporal_response(self, request: HttpRequest) -> Any:
        """Answers are never kept by a cache that others read."""
        response = super().create_temporal_response(request)
        response["Cache-Control"] = "no-store, private"
        return response


def _schemas(model: Any) -> list[Any]:
    """The schema that ninja wrapped into a response model."""
    fields = getattr(model, "model_fields", {})
    return [field.annotation for field in fields.values()]
