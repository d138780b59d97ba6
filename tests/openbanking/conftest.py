"""A call that ends at a third party's receiver: what traces are about."""

from collections.abc import Callable, Iterator

import pytest

from kernel import clock
from tests.support.builders.uk import AISP, ThirdParty, a_third_party, call
from tests.support.builders.webhooks import an_endpoint
from tests.support.dispatching import dispatch_until
from tests.support.receiver import Receiver, a_receiver
from tests.support.streams import drain, relay_once
from webhooks.models import Delivery
from webhooks.states import DeliveryState

INTERACTION_ID = "93bac548-d2de-4546-b106-880a5018460d"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiving:
        yield receiving


@pytest.fixture
def third_party(transactional_db: None, receiver: Receiver) -> ThirdParty:
    """A third party that wants to be told of everything."""
    party = a_third_party()
    an_endpoint(party.client.third_party_id, now=clock.now(), url=receiver.url)
    return party


@pytest.fixture
def end_consent(third_party: ThirdParty) -> Callable[..., str]:
    """Let the third party delete a consent, and run what follows until its receiver knows; returns the consent's id."""

    def run(**headers: str) -> str:
        consent_id = third_party.lodge_access()
        path = f"{AISP}/account-access-consents/{consent_id}"
        answer = call("DELETE", path, third_party.own_token(), x_fapi_interaction_id=INTERACTION_ID, **headers)
        assert answer.status == 204
        relay_once()
        drain("webhooks.fan-out")
        dispatch_until(lambda: Delivery.objects.filter(state=DeliveryState.DELIVERED).exists())
        return consent_id

    return run
