"""Addresses below ``/webhooks/``."""

from django.urls import path

from webhooks.api.deliveries import DeliveryDetail, DeliveryList, Replay
from webhooks.api.endpoints import EndpointDetail, EndpointList, SecretRotation
from webhooks.api.published import EventTypes, PublicKeys

urlpatterns = [
    path("endpoints", EndpointList.as_view()),
    path("endpoints/<str:endpoint_id>", EndpointDetail.as_view()),
    path("endpoints/<str:endpoint_id>/rotate-secret", SecretRotation.as_view()),
    path("endpoints/<str:endpoint_id>/deliveries", DeliveryList.as_view()),
    path("endpoints/<str:endpoint_id>/deliveries/<str:event_id>", DeliveryDetail.as_view()),
    path("endpoints/<str:endpoint_id>/deliveries/<str:event_id>/replay", Replay.as_view()),
    path("event-types", EventTypes.as_view()),
    path("jwks", PublicKeys.as_view()),
]
