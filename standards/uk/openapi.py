"""The face in the OpenAPI document: operations from the views' tables, payloads from our own schemas."""

import re
from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema

from standards.uk.operations import Operation
from standards.uk.schemas import components, pointer
from standards.uk.security_schemes import SECURITY_NAMES, SECURITY_SCHEMES
from standards.uk.versions import V4_0

PATH_NAMES = {
    "consent_id": "ConsentId",
    "account_id": "AccountId",
    "payment_id": "DomesticPaymentId",
}
"""The standard's names for the ids in addresses."""


class UkSchema(AutoSchema):
    """Describes an address of the face by the ``operations`` of its view; nothing is guessed."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        operation: Operation = self.view.operations[method.lower()]  # type: ignore[attr-defined]  # UkView has it.
        described: dict[str, Any] = {
            "operationId": operation.name,
            "summary": operation.summary,
            "tags": [operation.tag],
            "parameters": [_reference("parameters", name) for name in _parameters(operation, path)],
            "security": [{SECURITY_NAMES[operation.token]: [operation.scope]}],
            "responses": _responses(operation),
        }
        if operation.permissions:
            codes = " or ".join(sorted(operation.permissions))
            described["description"] = f"The consent must hold {codes}."
        if operation.request:
            schema = {"$ref": pointer(operation.request, V4_0)}
            described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        return described


def add_uk_components(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Put our schemas and what operations share into the document; a post-processing hook of drf-spectacular."""
    found = result.setdefault("components", {})
    for section, additions in _COMPONENTS.items():
        present = found.setdefault(section, {})
        assert all(additions[name] == present[name] for name in present.keys() & additions.keys()), (
            "one name, two things"
        )
        present.update(additions)
    result["paths"] = {_standard_path(path): item for path, item in result["paths"].items()}
    return result


def _standard_path(path: str) -> str:
    if not path.startswith("/open-banking/"):
        return path
    return re.sub(r"\{(\w+)\}", lambda match: f"{{{PATH_NAMES[match[1]]}}}", path)


def _reference(section: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{section}/{name}"}


def _parameters(operation: Operation, path: str) -> Iterator[str]:
    yield from (PATH_NAMES[name] for name in re.findall(r"\{(\w+)\}", path))
    yield from ("x-fapi-auth-date", "x-fapi-customer-ip-address", "x-fapi-interaction-id", "x-customer-user-agent")
    yield "x-client-id"
    if operation.is_idempotent:
        yield from ("x-idempotency-key", "x-jws-signature")
    if operation.is_paged:
        yield from ("fromBookingDateTime", "toBookingDateTime", "cursor")


def _responses(operation: Operation) -> dict[str, Any]:
    errors = [400, 401, 403, 405, 406, 429, 500]
    errors += [404] if operation.names_resource else []
    errors += [413, 415] if operation.request else []
    errors += [422] if operation.is_idempotent else []
    success: dict[str, Any] = {"description": "Done.", "headers": _headers("x-fapi-interaction-id")}
    if operation.states_as_of:
        success["headers"] |= _headers("x-as-of")
    if operation.response:
        success["content"] = {"application/json": {"schema": {"$ref": pointer(operation.response, V4_0)}}}
    return {str(operation.status): success} | {
        str(status): _reference("responses", f"Uk4Error{status}") for status in sorted(errors)
    }


def _headers(*names: str) -> dict[str, Any]:
    return {name: _reference("headers", name) for name in names}


def _parameter(name: str, place: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path" or schema.pop("required", False),
        "description": description,
        "schema": {"type": "string"} | schema,
    }


_PARAMETERS = {
    parameter["name"]: parameter
    for parameter in (
        *(_parameter(name, "path", "The id, as an earlier answer gave it.") for name in PATH_NAMES.values()),
        _parameter(
            "x-fapi-auth-date",
            "header",
            "When the customer last signed in at the third party, as an HTTP date.",
            pattern=r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}"
            r" \d{2}:\d{2}:\d{2} (GMT|UTC)$",
        ),
        _parameter(
            "x-fapi-customer-ip-address",
            "header",
            "The customer's IP address; says that the customer is present.",
            anyOf=[{"format": "ipv4"}, {"format": "ipv6"}],
        ),
        _parameter(
            "x-fapi-interaction-id",
            "header",
            "A UUID that ties log lines together. It is echoed; without one, or for anything else, one is minted.",
        ),
        _parameter("x-customer-user-agent", "header", "The customer's browser or app."),
        _parameter("x-client-id", "header", "Accepted and not used: the token says who calls."),
        _parameter(
            "x-idempotency-key",
            "header",
            "A repeated call with the same key and body gets the resource of the first one, as it stands now. "
            "The same key with another body is refused. Keys are kept for two days.",
            required=True,
            maxLength=40,
            pattern=r"^(?!\s)(.*)(\S)$",
        ),
        _parameter(
            "x-jws-signature",
            "header",
            "Accepted and not verified in this version: a client may go without.",
        ),
        _parameter(
            "fromBookingDateTime",
            "query",
            "Only what was booked then or later: an ISO 8601 date or date-time in UTC; a zone is ignored.",
            format="date-time",
        ),
        _parameter(
            "toBookingDateTime",
            "query",
            "Only what was booked then or earlier: an ISO 8601 date or date-time in UTC; a zone is ignored.",
            format="date-time",
        ),
        _parameter("cursor", "query", "The page: taken from a link of another page, never made up."),
    )
}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


_HEADERS = {
    "x-fapi-interaction-id": {"required": True, **_header("The interaction id of the call, or the one minted for it.")},
    "x-as-of": {
        "description": "When the newest of the answer's data was true in the bank's core.",
        "schema": {"type": "string", "format": "date-time"},
    },
    "retry-after": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "www-authenticate": _header("Bearer, with the error of RFC 6750 where a token came."),
    "allow": _header("The methods that the address has."),
}

_ERRORS: dict[int, tuple[str, tuple[str, ...]]] = {
    400: ("Something in the request is wrong, or names a resource that the caller does not have.", ()),
    401: ("There is no token, or it is not good (any more).", ("www-authenticate",)),
    403: ("The token or the consent does not reach so far.", ()),
    404: ("There is nothing at this address.", ()),
    405: ("The address does not have the method.", ("allow",)),
    406: ("The caller does not accept JSON.", ()),
    413: ("The body is too large.", ()),
    415: ("The body is not application/json in UTF-8.", ()),
    422: ("The idempotency key was used with another body.", ()),
    429: ("Too many calls.", ("retry-after",)),
    500: ("Something went wrong on the bank's side.", ()),
}


def _error(status: int) -> dict[str, Any]:
    description, headers = _ERRORS[status]
    answer: dict[str, Any] = {"description": description, "headers": _headers("x-fapi-interaction-id", *headers)}
    if status != 401:
        answer["content"] = {"application/json": {"schema": {"$ref": pointer("ErrorResponse", V4_0)}}}
    return answer


_COMPONENTS: dict[str, dict[str, Any]] = {
    "schemas": components(V4_0),
    "parameters": _PARAMETERS,
    "headers": _HEADERS,
    "responses": {f"Uk4Error{status}": _error(status) for status in _ERRORS},
    "securitySchemes": SECURITY_SCHEMES,
}
