"""What anybody may read: the event types, and the public keys by which signatures are checked."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from edge.documented import answers
from kernel import clock
from webhooks import selectors
from webhooks.api.base import parse_id
from webhooks.models import EndpointKeys
from webhooks.public_events import PUBLIC_EVENTS
from webhooks.signing import public_jwk


class JwkSet(serializers.Serializer[Any]):
    """A JWK set (RFC 7517)."""

    keys = serializers.ListField(child=serializers.DictField())


class EventTypeOutput(serializers.Serializer[Any]):
    """One event type."""

    type = serializers.CharField()
    about = serializers.CharField()
    data_schema = serializers.DictField(help_text="JSON Schema of the member `data`.")


class EventTypePage(serializers.Serializer[Any]):
    """All event types."""

    event_types = EventTypeOutput(many=True)


class PublicKeys(APIView):
    """The Ed25519 keys that sign webhooks."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(
        operation_id="webhooks_list_public_keys",
        parameters=[OpenApiParameter("endpoint", str, description="Only the keys of this endpoint.")],
        responses=answers({200: JwkSet}, 404),
        auth=[],
        tags=["Webhooks"],
    )
    def get(self, request: Request) -> Response:
        """
        List the keys that sign now; `kid` is the endpoint's id, a dot, and the key's id.

        Accept only signatures by keys of your own endpoint: no other's events are meant for you.
        """
        given = request.query_params.get("endpoint")
        keys = selectors.list_public_keys(now=clock.now(), endpoint_id=_endpoint_id(given))
        return Response(
            {"keys": [_jwk(generation) for generation in keys]}, headers={"cache-control": "public, max-age=60"}
        )


class EventTypes(APIView):
    """What endpoints can be told."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(operation_id="webhooks_list_event_types", responses=EventTypePage, auth=[], tags=["Webhooks"])
    def get(self, request: Request) -> Response:
        """List the event types, with the JSON Schema of each one's `data`."""
        by_type = {
            public.type: {"type": public.type, "about": public.about, "data_schema": public.schema}
            for public in PUBLIC_EVENTS.values()
        }
        return Response({"event_types": list(by_type.values())}, headers={"cache-control": "public, max-age=300"})


def _endpoint_id(text: str | None) -> UUID | None:
    return parse_id(text) if text is not None else None


def _jwk(keys: EndpointKeys) -> dict[str, str]:
    return public_jwk(bytes(keys.public_key), key_id=f"{keys.endpoint_id.hex}.{keys.id.hex}")
