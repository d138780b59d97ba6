"""What is written: endpoints, their keys and status, and replays. Deliveries are moved by the dispatcher."""

from webhooks.services.endpoints import (
    change_endpoint,
    confirm_endpoint,
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
)
from webhooks.services.keys import NewKeys, rotate_keys
from webhooks.services.replays import replay_delivery, replay_delivery_for_staff

__all__ = [
    "NewKeys",
    "change_endpoint",
    "confirm_endpoint",
    "create_endpoint",
    "delete_endpoint",
    "disable_endpoint",
    "replay_delivery",
    "replay_delivery_for_staff",
    "rotate_keys",
]
