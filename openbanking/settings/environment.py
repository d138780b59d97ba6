"""The one place where the environment is read; every error in it is listed at once."""

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
"""The project's root directory."""


class Environment(BaseSettings):
    """What a deployment decides. Names are those of the environment's variables, in lower case."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    sandbox: bool = False
    """Allows what only a sandbox may: plain http, loopback redirects, password sign-in, ``/sandbox``."""
    debug: bool = False
    secret_keys: Annotated[tuple[str, ...], NoDecode] = ()
    """Comma-separated: the first one signs, the others still verify (rotation without restart)."""
    base_url: str = ""
    """The address that third parties and customers use; also the issuer. No trailing slash."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()

    services_dir: Path = ROOT / ".services"
    """Where embedded services and the sandbox keep their files."""
    database_url: str = ""
    """``postgresql://…`` of the application's role, which owns nothing."""
    database_owner_url: str = ""
    """The same database under the role that owns the tables; only migrations use it."""
    kafka_bootstrap_servers: str = ""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_security_sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = ""
    kafka_security_username: str = ""
    kafka_security_password: str = Field(default="", repr=False)
    kafka_security_ca_file: str = ""
    """The authorities that sign the brokers' certificates (PEM); without it, those of the system."""
    kafka_security_certificate_file: str = ""
    """With its key: who we are, where brokers ask for a client's certificate (PEM)."""
    kafka_security_key_file: str = ""
    kafka_security_key_password: str = Field(default="", repr=False)
    kafka_replication_factor: int = Field(default=1, ge=1, le=9)
    """Replicas of each topic. From 3 on, a write counts once two of them have it."""
    event_retention_months: int = Field(default=18, ge=3)
    """Whole months of the event log that ``manage.py partitions drop`` refuses to touch."""
    valkey_url: str = ""
    relay_ranges: int = Field(default=1, ge=1, le=64)
    """How many relays share the log, each with its own lease; a power of two, as there are 64 shards."""
    topic_prefix: str = Field(default="", pattern=r"^([a-z0-9]+[.-])*$")
    """Goes before every topic's and group's name, so that deployments can share a cluster."""

    institution: str = Field(default="tailrace-bank", pattern=r"^[a-z0-9-]{3,40}$")
    """The institution's stable name: part of every public id. Never change it."""
    institution_name: str = "Tailrace Bank"
    help_line: str = "0800 555 0100"
    institution_theme: str = Field(default="tailrace", pattern=r"^[a-z0-9-]{1,40}$")
    """The theme file of the institution's colours, ``edge/themes/<name>.toml``."""

    oauth_keys_dir: Path | None = None
    """Where the platform's private signing keys lie (JWK files, mode 0600)."""
    webhooks_deny_networks: Annotated[tuple[str, ...], NoDecode] = ()
    webhooks_test_networks: Annotated[tuple[str, ...], NoDecode] = ()
    """Networks that the address guard lets through: for a receiver of the sandbox's own only."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    otel_exporter_otlp_endpoint: str = Field(default="", pattern=r"^(https?://[^\s?#]+)?$")
    """Where spans go, an OTLP receiver over HTTP such as ``http://127.0.0.1:4318``; without it none are made."""
    otel_service_name: str = "millrace"

    @field_validator("secret_keys", "allowed_hosts", "webhooks_deny_networks", "webhooks_test_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("relay_ranges")
    @classmethod
    def _shards_divide_evenly(cls, value: int) -> int:
        if 64 % value:
            raise ValueError("must divide the 64 shards: 1, 2, 4, 8, 16, 32 or 64")
        return value

    @model_validator(mode="after")
    def _kafka_security_fits_its_protocol(self) -> Self:
        protocol, is_signing_in = self.kafka_security_protocol, bool(self.kafka_security_sasl_mechanism)
        if protocol.startswith("SASL") != is_signing_in:
            raise ValueError("KAFKA_SECURITY_SASL_MECHANISM goes with SASL_PLAINTEXT or SASL_SSL, and only with them")
        if is_signing_in and not (self.kafka_security_username and self.kafka_security_password):
            raise ValueError("KAFKA_SECURITY_USERNAME and KAFKA_SECURITY_PASSWORD are needed for SASL")
        files = (self.kafka_security_ca_file, self.kafka_security_certificate_file, self.kafka_security_key_file)
        if any(files) and not protocol.endswith("SSL"):
            raise ValueError("certificates of Kafka need KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL")
        if bool(self.kafka_security_certificate_file) != bool(self.kafka_security_key_file):
            raise ValueError("KAFKA_SECURITY_CERTIFICATE_FILE and KAFKA_SECURITY_KEY_FILE go together")
        return self

    @field_validator("base_url")
    @classmethod
    def _plain_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query):
            raise ValueError("must be an origin such as https://bank.example, without a path")
        return value

    @model_validator(mode="after")
    def _production_is_complete(self) -> Self:
        if self.sandbox:
            return self
        missing = []
        if not self.secret_keys or min(map(len, self.secret_keys)) < 50:
            missing.append("SECRET_KEYS (at least one, 50 characters or more)")
        if not self.base_url.startswith("https://"):
            missing.append("BASE_URL (https://…)")
        if not self.allowed_hosts:
            missing.append("ALLOWED_HOSTS")
        missing += [
            name.upper()
            for name in ("database_url", "kafka_bootstrap_servers", "valkey_url")
            if not getattr(self, name)
        ]
        if self.oauth_keys_dir is None:
            missing.append("OAUTH_KEYS_DIR")
        if self.webhooks_test_networks:
            missing.append("an empty WEBHOOKS_TEST_NETWORKS (they exist in the sandbox only)")
        if missing:
            raise ValueError("set SANDBOX=1 for the sandbox; without it these must be set: " + "; ".join(missing))
        return self

    def kafka_security(self) -> dict[str, str]:
        """Return how clients reach the brokers, in librdkafka's words; what is not given is left to its defaults."""
        given = {
            "security.protocol": self.kafka_security_protocol,
            "sasl.mechanism": self.kafka_security_sasl_mechanism,
            "sasl.username": self.kafka_security_username,
            "sasl.password": self.kafka_security_password,
            "ssl.ca.location": self.kafka_security_ca_file,
            "ssl.certificate.location": self.kafka_security_certificate_file,
            "ssl.key.location": self.kafka_security_key_file,
            "ssl.key.password": self.kafka_security_key_password,
        }
        return {name: value for name, value in given.items() if value}


def read_environment() -> Environment:
    """
    Read and check all of the environment.

    :raises SystemExit: with every error listed, one a line, if it does not fit.
    """
    try:
        return Environment()
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, part['loc'])).upper() or 'environment'}: {part['msg'].removeprefix('Value error, ')}"
            for part in error.errors(include_url=False, include_input=False)
        ]
        sys.exit("The configuration cannot be used:\n" + "\n".join(lines))


def sandbox_secret_key(folder: Path) -> str:
    """Return the sandbox's own secret key, made once and kept beside its services."""
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # only the first of several processes wins.
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
