"""Row 76: what opens a door is in no log line, no event, no text of an object and no error page."""

import logging

import structlog
from structlog.testing import capture_logs

from oauth.models import AccessToken, Authorization, AuthorizationCode, Client, PushedRequest, RefreshToken
from streaming.models import StoredEvent
from tests.oauth.conftest import authorise, lodge


def test_row_76_a_whole_journey_leaves_no_secret_behind(third_party, caplog):
    structlog.contextvars.clear_contextvars()
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        push = third_party.push(lodge(third_party), scope="accounts openid")
        code = authorise(third_party, push)
        tokens = third_party.tokens(code, push)
        third_party.refresh(tokens["refresh_token"])
        replayed = third_party.redeem(code, push)
        page = third_party.http.get(third_party.authorize_url(push))
    objects = [
        f"{row!r} {row}"
        for model in (AccessToken, RefreshToken, AuthorizationCode, Authorization, PushedRequest, Client)
        for row in model._default_manager.all()
    ]
    told = [bytes(event.payload).decode() for event in StoredEvent.objects.all()]
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    everything = "\n".join([*map(str, lines), *ours, *objects, *told, replayed.text, page.text])
    secrets = [code, push.request_uri.rpartition(":")[2], push.verifier, third_party.key["d"]]
    secrets += [tokens[name] for name in ("access_token", "refresh_token", "id_token")]
    assert "refused" in everything
    assert not [secret for secret in secrets if secret in everything]
