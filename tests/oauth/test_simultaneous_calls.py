"""What is said to happen once happens once, also when many ask at the same moment."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from oauth.models import AccessToken, UsedAssertion
from tests.oauth.conftest import authorise, lodge
from tests.support.builders.oauth import a_third_party_client
from tests.support.third_party import ASSERTION_TYPE, ThirdPartyClient, in_process

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]


def many_times(third_party: ThirdPartyClient, forms: list[dict[str, str]]) -> list[int]:
    """Post forms to the token endpoint from as many threads, each with a connection of its own."""

    def post(form: dict[str, str]) -> int:
        try:
            return in_process().post(third_party.discovery["token_endpoint"], data=form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        return sorted(pool.map(post, forms))


def with_assertion(assertion: str, **form: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **form}


def test_row_7_of_twenty_uses_of_an_assertion_one_succeeds():
    third_party = a_third_party_client()
    form = with_assertion(third_party.assertion(), grant_type="client_credentials", scope="accounts")
    assert many_times(third_party, [form] * 20) == [200] + [401] * 19
    assert AccessToken.objects.count() == 1


def test_row_34_of_twenty_redemptions_of_a_code_one_succeeds_and_its_tokens_die():
    third_party = a_third_party_client()
    push = third_party.push(lodge(third_party))
    form = {
        "grant_type": "authorization_code",
        "code": authorise(third_party, push),
        "redirect_uri": third_party.redirect_uri,
        "code_verifier": push.verifier,
    }
    forms = [with_assertion(third_party.assertion(), **form) for _ in range(20)]
    assert many_times(third_party, forms) == [200] + [400] * 19
    assert AccessToken.objects.filter(revoked_at__isnull=False).count() == 1
    assert AccessToken.objects.count() == 1


CLAIM = """
from datetime import UTC, datetime, timedelta
import django
django.setup()
from oauth.replay import claim
print(claim(namespace="test", key="once", expires_at=datetime.now(UTC) + timedelta(minutes=5)))
"""


@pytest.mark.processes
def test_row_7_two_processes_share_the_memory_of_what_was_used():
    processes = [
        subprocess.Popen([sys.executable, "-c", CLAIM], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=None)
        for _ in range(2)
    ]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert said == ["False", "True"]
    assert UsedAssertion.objects.count() == 1
