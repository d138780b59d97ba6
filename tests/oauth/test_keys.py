"""Signing keys lie in files that only the platform reads; a sandbox makes its own, once."""

import json
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from django.core.exceptions import ImproperlyConfigured

from oauth import keys
from oauth.states import SigningAlgorithm


@pytest.fixture
def _fresh_keys(settings, tmp_path):
    settings.OAUTH_KEYS_DIR = tmp_path / "keys"


@pytest.mark.usefixtures("_fresh_keys")
def test_a_sandbox_makes_its_keys_once_and_for_itself_alone():
    first = keys.signing_key(SigningAlgorithm.ES256)
    path = keys.key_file(SigningAlgorithm.ES256)
    assert json.loads(path.read_text()) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.usefixtures("_fresh_keys")
def test_outside_a_sandbox_a_missing_key_is_an_error_and_none_is_made(settings):
    settings.SANDBOX = False
    with pytest.raises(ImproperlyConfigured):
        keys.signing_key(SigningAlgorithm.PS256)
    assert not keys.key_file(SigningAlgorithm.PS256).exists()


def test_processes_that_start_at_once_share_one_key(tmp_path):
    path = tmp_path / "es256.json"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(keys._make, [path] * 4))
    assert json.loads(path.read_text())["kty"] == "EC"
    assert list(tmp_path.iterdir()) == [path]
