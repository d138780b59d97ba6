"""What nobody can use any more is deleted; what still tells an expired token from an unknown one is kept a day."""

from datetime import timedelta

from oauth.models import AccessToken, AuthorizationCode, IDToken, PushedRequest, RefreshToken, UsedAssertion
from oauth.tasks import delete_expired
from tests.oauth.conftest import authorise, lodge

EXPIRING = (AccessToken, AuthorizationCode, IDToken, PushedRequest, UsedAssertion)


def left():
    return {model for model in EXPIRING if model._default_manager.exists()}


def test_each_thing_is_kept_as_long_as_it_says_something(third_party, later):
    push = third_party.push(lodge(third_party), scope="accounts openid")
    third_party.tokens(authorise(third_party, push), push)
    delete_expired()
    assert left() == set(EXPIRING)
    later(timedelta(hours=1))
    delete_expired()
    assert left() == set(EXPIRING) - {UsedAssertion}
    later(timedelta(days=1, hours=1))
    for _ in range(2):
        delete_expired()
    assert left() == set()
    assert RefreshToken.objects.exists()  # it lives as long as the consent.
