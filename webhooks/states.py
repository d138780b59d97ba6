"""Life cycles of endpoints and deliveries."""

from django.db.models import TextChoices

from kernel.states import Lifecycle


class EndpointStatus(TextChoices):
    """Whether events go to an endpoint."""

    UNCONFIRMED = "unconfirmed", "Unconfirmed"
    LIVE = "live", "Live"
    DISABLED = "disabled", "Disabled"
    DELETED = "deleted", "Deleted"


ENDPOINT_LIFECYCLE = Lifecycle[EndpointStatus](
    {
        EndpointStatus.UNCONFIRMED: {EndpointStatus.LIVE, EndpointStatus.DISABLED, EndpointStatus.DELETED},
        EndpointStatus.LIVE: {EndpointStatus.UNCONFIRMED, EndpointStatus.DISABLED, EndpointStatus.DELETED},
        EndpointStatus.DISABLED: {EndpointStatus.UNCONFIRMED, EndpointStatus.DELETED},
        EndpointStatus.DELETED: (),
    }
)
"""An endpoint goes live by echoing a challenge only, and anew whenever its address changes."""


class DeliveryState(TextChoices):
    """What became of one notification for one endpoint."""

    DUE = "due", "Due"
    DELIVERED = "delivered", "Delivered"
    SUPPRESSED = "suppressed", "Suppressed"
    EXHAUSTED = "exhausted", "Exhausted"


DELIVERY_LIFECYCLE = Lifecycle[DeliveryState](
    {
        DeliveryState.DUE: {DeliveryState.DELIVERED, DeliveryState.SUPPRESSED, DeliveryState.EXHAUSTED},
        DeliveryState.DELIVERED: {DeliveryState.DUE},
        DeliveryState.SUPPRESSED: {DeliveryState.DUE},
        DeliveryState.EXHAUSTED: {DeliveryState.DUE},
    }
)
"""Only a replay makes a finished delivery due again; its consent is then asked for anew."""
