"""The platform's own signing keys: one file a key, readable by the platform's user only."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kernel import jose
from oauth.states import SigningAlgorithm


def signing_key(alg: SigningAlgorithm) -> jose.Jwk:
    """
    Return the private key for an algorithm.

    :raises ImproperlyConfigured: if there is none; a sandbox makes its own instead.
    """
    return _load(key_file(alg))


def public_keys() -> list[dict[str, Any]]:
    """Return what clients need to verify our signatures (RFC 7517), without private members."""
    return [jose.public_jwk(signing_key(alg)) for alg in SigningAlgorithm]


def key_file(alg: SigningAlgorithm) -> Path:
    """Return where the key for an algorithm lies, or has to be put: a private JWK, mode 0600."""
    return Path(settings.OAUTH_KEYS_DIR) / f"{alg.lower()}.json"


@cache
def _load(path: Path) -> jose.Jwk:
    if settings.SANDBOX and not path.exists():
        _make(path)
    try:
        key: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"The signing key {path} cannot be read.") from error
    return key


def _make(path: Path) -> None:
    """Make a key; of several processes that do so at once, one wins and all use its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(jose.generate_key(path.stem.upper())))
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was faster.
    finally:
        draft.unlink()
