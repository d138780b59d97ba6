"""``/webhooks/endpoints/{id}/deliveries``: what was sent, how it went, and once more please."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from edge.bodies import InvalidBody
from edge.documented import answers
from edge.paging import InvalidCursor, decode_cursor, encode_cursor
from kernel import clock
from webhooks import selectors, services
from webhooks.api.base import ThirdPartyView, answer, caller_of, moment, parse_id
from webhooks.models import Attempt, Delivery
from webhooks.states import DeliveryState

PAGE = 100


class AttemptOutput(serializers.Serializer[Any]):
    """One call that was made."""

    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    outcome = serializers.CharField()
    response = serializers.CharField()


class DeliveryOutput(serializers.Serializer[Any]):
    """One event for one endpoint."""

    event_id = serializers.CharField(help_text="The `webhook-id` of every attempt.")
    type = serializers.CharField()
    sequence = serializers.IntegerField()
    state = serializers.ChoiceField(DeliveryState.choices)
    reason = serializers.CharField()
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class DeliveryWithAttempts(DeliveryOutput):
    """One event for one endpoint, with every call made for it."""

    history = AttemptOutput(many=True)


class DeliveryPage(serializers.Serializer[Any]):
    """Deliveries, newest first."""

    deliveries = DeliveryOutput(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class DeliveryList(ThirdPartyView):
    """Deliveries to one of the caller's endpoints."""

    @extend_schema(
        operation_id="webhooks_list_deliveries",
        parameters=[
            OpenApiParameter("state", enum=list(DeliveryState.values)),
            OpenApiParameter("cursor", str, description="`next_cursor` of the page before."),
        ],
        responses=answers({200: DeliveryPage}, 400, 401, 403, 404),
        tags=["Webhooks"],
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """List deliveries to one endpoint, newest first, a hundred a page."""
        state = request.query_params.get("state")
        if state is not None and state not in DeliveryState.values:
            raise InvalidBody("The state is not known.", fields=[{"path": "state", "detail": "Choose a known state."}])
        scope = ("webhooks.deliveries", endpoint_id, state or "")
        deliveries = selectors.list_deliveries(
            caller=caller_of(request),
            endpoint_id=parse_id(endpoint_id),
            state=state,
            before=_position(request.query_params.get("cursor"), scope),
            limit=PAGE + 1,
        )
        page = deliveries[:PAGE]
        has_more = len(deliveries) > PAGE
        return answer(
            {
                "deliveries": [_represent(delivery) for delivery in page],
                "next_cursor": encode_cursor([str(page[-1].id)], scope=scope) if has_more else None,
            }
        )


class DeliveryDetail(ThirdPartyView):
    """One delivery."""

    @extend_schema(
        operation_id="webhooks_get_delivery",
        responses=answers({200: DeliveryWithAttempts}, 401, 403, 404),
        tags=["Webhooks"],
    )
    def get(self, request: Request, endpoint_id: str, event_id: str) -> Response:
        """Show one delivery with all its attempts."""
        story = selectors.get_delivery(
            caller=caller_of(request), endpoint_id=parse_id(endpoint_id), event_id=parse_id(event_id)
        )
        history = [_represent_attempt(attempt) for attempt in story.attempts]
        return answer(_represent(story.delivery) | {"history": history})


class Replay(ThirdPartyView):
    """A delivery once more."""

    @extend_schema(
        operation_id="webhooks_replay_delivery",
        request=None,
        responses=answers({202: DeliveryOutput}, 401, 403, 404),
        tags=["Webhooks"],
    )
    def post(self, request: Request, endpoint_id: str, event_id: str) -> Response:
        """Deliver an event again, under the same `webhook-id`; a live consent must still cover it."""
        delivery = services.replay_delivery(
            caller=caller_of(request),
            endpoint_id=parse_id(endpoint_id),
            event_id=parse_id(event_id),
            now=clock.now(),
        )
        delivery.refresh_from_db()
        return answer(_represent(delivery), status=202)


def _position(cursor: str | None, scope: tuple[str, ...]) -> int | None:
    if cursor is None:
        return None
    match decode_cursor(cursor, scope=scope):
        case (position,) if position.isdigit():
            return int(position)
    raise InvalidCursor


def _represent(delivery: Delivery) -> dict[str, Any]:
    is_due = delivery.state == DeliveryState.DUE
    return {
        "event_id": str(delivery.event_id),
        "type": delivery.type,
        "sequence": delivery.sequence,
        "state": delivery.state,
        "reason": delivery.reason,
        "attempts": delivery.attempts,
        "next_attempt_at": moment(delivery.next_attempt_at) if is_due else None,
        "created_at": moment(delivery.created_at),
        "finished_at": moment(delivery.finished_at),
    }


def _represent_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": moment(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "status": attempt.status,
        "outcome": attempt.outcome,
        "response": attempt.excerpt,
    }
