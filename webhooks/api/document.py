"""The webhooks themselves in the OpenAPI document: what is sent, and what a receiver should answer."""

from typing import Any

from webhooks.public_events import PUBLIC_EVENTS

_HEADERS = {
    "webhook-id": "The event's id: the same on every attempt and replay, so drop what you have seen.",
    "webhook-timestamp": "When this attempt was signed, in seconds since 1970; refuse what is older than 5 minutes.",
    "webhook-signature": "Over `id.timestamp.body`, separated by spaces: `v1,…` is HMAC-SHA256, `v1a,…` Ed25519.",
}

_CHALLENGE = {
    "about": 'Sent until the endpoint echoes it: answer 2xx with the challenge, bare or as `{"challenge": "…"}`.',
    "schema": {
        "type": "object",
        "properties": {"challenge": {"type": "string"}},
        "required": ["challenge"],
        "additionalProperties": False,
    },
}


def add_webhooks(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the section ``webhooks``; one of drf-spectacular's ``POSTPROCESSING_HOOKS``."""
    sent = {public.type: _item(public.type, public.about, public.schema) for public in PUBLIC_EVENTS.values()}
    challenge = _item("endpoint.challenge", _CHALLENGE["about"], _CHALLENGE["schema"], is_counted=False)
    return result | {"webhooks": {"endpoint.challenge": challenge, **sent}}


def _item(name: str, about: Any, schema: Any, *, is_counted: bool = True) -> dict[str, Any]:
    properties: dict[str, Any] = {"type": {"const": name}, "timestamp": {"type": "string", "format": "date-time"}}
    if is_counted:
        properties["sequence"] = {
            "type": "integer",
            "description": "Counts the messages about one resource to this endpoint, so that a gap can be seen.",
        }
    properties["data"] = schema
    body = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {
        "post": {
            "operationId": "on_" + name.replace(".", "_"),
            "tags": ["Webhooks"],
            "summary": about,
            "parameters": [
                {"name": header, "in": "header", "required": True, "description": use, "schema": {"type": "string"}}
                for header, use in _HEADERS.items()
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {"2XX": {"description": "Received."}, "410": {"description": "Send nothing more here."}},
        }
    }
