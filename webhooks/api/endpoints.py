"""``/webhooks/endpoints``: where a third party wants events."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from edge.documented import answers
from edge.inputs import Text, read_input
from kernel import clock
from webhooks import selectors, services
from webhooks.api.base import ThirdPartyView, answer, caller_of, moment, parse_id
from webhooks.models import Endpoint
from webhooks.public_events import EVENT_TYPES
from webhooks.services.keys import HOUR, LONGEST_OVERLAP, USUAL_OVERLAP
from webhooks.signing import SCHEMES, KeyPair, public_key_text, secret_text
from webhooks.states import EndpointStatus
from webhooks.targets import LONGEST_URL


class EndpointInput(serializers.Serializer[Any]):
    """What can be said about an endpoint."""

    url = Text(
        max_length=LONGEST_URL, help_text="https, port 443 or 8443. A sandbox also calls http at 127.0.0.1, any port."
    )
    description = Text(max_length=200, required=False, allow_blank=True)
    event_types = serializers.ListField(
        child=Text(max_length=60),
        required=False,
        max_length=20,
        help_text="None, or empty: all types.",
    )
    signatures = serializers.ListField(
        child=Text(max_length=4),
        required=False,
        max_length=2,
        help_text="`v1` (HMAC-SHA256), `v1a` (Ed25519); both if not given.",
    )


class EndpointChange(EndpointInput):
    """What can be changed; what is not given stays."""

    enabled = serializers.BooleanField(required=False, help_text="true: confirm anew and go live; false: send nothing.")


class RotationInput(serializers.Serializer[Any]):
    """How the old keys go."""

    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_OVERLAP // HOUR,
        default=USUAL_OVERLAP // HOUR,
        help_text="How long the old keys sign beside the new ones.",
    )


class EndpointOutput(serializers.Serializer[Any]):
    """An endpoint as it stands."""

    id = serializers.CharField()
    url = serializers.CharField()
    description = serializers.CharField()
    event_types = serializers.ListField(child=serializers.ChoiceField(EVENT_TYPES))
    signatures = serializers.ListField(child=serializers.ChoiceField(SCHEMES))
    status = serializers.ChoiceField(
        EndpointStatus.choices, help_text="`unconfirmed` until the challenge is echoed, then `live`."
    )
    status_reason = serializers.CharField()
    status_changed_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    verification_keys = serializers.ListField(
        child=serializers.CharField(), help_text="`whpk_…`, newest first: what `v1a` signatures are checked with."
    )


class EndpointWithSecret(EndpointOutput):
    """An endpoint with its secret, which is shown this once."""

    secret = serializers.CharField(help_text="`whsec_…`: what `v1` signatures are checked with.")


class EndpointPage(serializers.Serializer[Any]):
    """All endpoints of the third party."""

    endpoints = EndpointOutput(many=True)


class EndpointList(ThirdPartyView):
    """The caller's endpoints."""

    @extend_schema(
        operation_id="webhooks_list_endpoints", responses=answers({200: EndpointPage}, 401, 403), tags=["Webhooks"]
    )
    def get(self, request: Request) -> Response:
        """List your endpoints, oldest first."""
        endpoints = selectors.list_endpoints(caller=caller_of(request))
        return answer({"endpoints": [_represent(endpoint) for endpoint in endpoints]})

    @extend_schema(
        operation_id="webhooks_create_endpoint",
        request=EndpointInput,
        responses=answers({201: EndpointWithSecret}, 400, 401, 403, 409, 413, 415, 422),
        tags=["Webhooks"],
    )
    def post(self, request: Request) -> Response:
        """
        Say where you want events.

        The answer shows the secret, this once. The endpoint is `unconfirmed` until it answers a signed
        `endpoint.challenge` message with 2xx and the challenge: the bare text, or `{"challenge": "…"}`.
        The first one is sent at once; an unanswered one comes again on the schedule of deliveries.

        An answer of 2xx means delivered; 410 disables the endpoint; 408, 409, 425, 429, 5xx, redirects (never
        followed) and time-outs (10 s) are tried again: ten attempts in all, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h,
        14 h, 20 h and 24 h after the one before, each ±20 %, a longer `Retry-After` wins. Other answers get 3 tries.
        """
        given = read_input(request, EndpointInput)
        made = services.create_endpoint(
            caller=caller_of(request),
            url=given["url"],
            description=given.get("description", ""),
            event_types=given.get("event_types", ()),
            schemes=given.get("signatures", SCHEMES),
            now=clock.now(),
        )
        return answer(_represent(made.endpoint, made.keys), status=201)


class EndpointDetail(ThirdPartyView):
    """One of the caller's endpoints."""

    @extend_schema(
        operation_id="webhooks_get_endpoint", responses=answers({200: EndpointOutput}, 401, 403, 404), tags=["Webhooks"]
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Show one endpoint."""
        endpoint = selectors.get_endpoint(caller=caller_of(request), endpoint_id=parse_id(endpoint_id))
        return answer(_represent(endpoint))

    @extend_schema(
        operation_id="webhooks_change_endpoint",
        request=EndpointChange,
        responses=answers({200: EndpointOutput}, 400, 401, 403, 404, 413, 415, 422),
        tags=["Webhooks"],
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        """Change one endpoint; another URL has to confirm anew."""
        given = read_input(request, EndpointChange, is_partial=True)
        endpoint = services.change_endpoint(
            caller=caller_of(request),
            endpoint_id=parse_id(endpoint_id),
            url=given.get("url"),
            description=given.get("description"),
            event_types=given.get("event_types"),
            schemes=given.get("signatures"),
            is_enabled=given.get("enabled"),
            now=clock.now(),
        )
        return answer(_represent(endpoint))

    @extend_schema(
        operation_id="webhooks_delete_endpoint", responses=answers({204: None}, 401, 403, 404), tags=["Webhooks"]
    )
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """Delete one endpoint; nothing more is sent to it."""
        services.delete_endpoint(caller=caller_of(request), endpoint_id=parse_id(endpoint_id), now=clock.now())
        return Response(status=204)


class SecretRotation(ThirdPartyView):
    """New keys for an endpoint."""

    @extend_schema(
        operation_id="webhooks_rotate_secret",
        request=RotationInput,
        responses=answers({200: EndpointWithSecret}, 400, 401, 403, 404, 413, 415, 422),
        tags=["Webhooks"],
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Make new keys; old and new ones both sign for a day, or as long as you say (0: an emergency)."""
        given = read_input(request, RotationInput)
        made = services.rotate_keys(
            caller=caller_of(request),
            endpoint_id=parse_id(endpoint_id),
            overlap=given["overlap_hours"] * HOUR,
            now=clock.now(),
        )
        return answer(_represent(made.endpoint, made.keys))


def _represent(endpoint: Endpoint, new_keys: KeyPair | None = None) -> dict[str, Any]:
    now = clock.now()
    generations = sorted(endpoint.keys.all(), key=lambda keys: keys.id, reverse=True)
    shown = {
        "id": endpoint.id.hex,
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": endpoint.event_types or list(EVENT_TYPES),
        "signatures": endpoint.schemes,
        "status": endpoint.status,
        "status_reason": endpoint.status_reason,
        "status_changed_at": moment(endpoint.status_changed_at),
        "created_at": moment(endpoint.created_at),
        "verification_keys": [
            public_key_text(bytes(keys.public_key))
            for keys in generations
            if keys.retires_at is None or keys.retires_at > now
        ],
    }
    if new_keys is not None:
        shown["secret"] = secret_text(new_keys.secret)
    return shown
