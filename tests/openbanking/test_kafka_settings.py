"""How a deployment says where its brokers are and how they are reached; no broker is asked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from openbanking.settings.environment import Environment
from streaming import kafka
from streaming.broker_topics import topic_settings
from streaming.topics import declared

KEY_PASSWORD = "correct horse"


@pytest.fixture
def pem_files(tmp_path: Path) -> Mapping[str, str]:
    """Return files of an authority, a certificate and its encrypted key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "millrace")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    contents = {
        "ca": certificate.public_bytes(serialization.Encoding.PEM),
        "certificate": certificate.public_bytes(serialization.Encoding.PEM),
        "key": key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(KEY_PASSWORD.encode()),
        ),
    }
    for name_of_file, content in contents.items():
        (tmp_path / f"{name_of_file}.pem").write_bytes(content)
    return {name_of_file: str(tmp_path / f"{name_of_file}.pem") for name_of_file in contents}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_SSL", "SASL_PLAINTEXT"])
def test_clients_that_sign_in_can_be_made(protocol, mechanism, pem_files, settings, monkeypatch):
    variables = {
        "KAFKA_SECURITY_PROTOCOL": protocol,
        "KAFKA_SECURITY_SASL_MECHANISM": mechanism,
        "KAFKA_SECURITY_USERNAME": "millrace",
        "KAFKA_SECURITY_PASSWORD": "secret",
    }
    if protocol == "SASL_SSL":
        variables["KAFKA_SECURITY_CA_FILE"] = pem_files["ca"]

    make_all_clients(variables, settings, monkeypatch)


def test_clients_with_a_certificate_of_their_own_can_be_made(pem_files, settings, monkeypatch):
    variables = {
        "KAFKA_SECURITY_PROTOCOL": "SSL",
        "KAFKA_SECURITY_CA_FILE": pem_files["ca"],
        "KAFKA_SECURITY_CERTIFICATE_FILE": pem_files["certificate"],
        "KAFKA_SECURITY_KEY_FILE": pem_files["key"],
        "KAFKA_SECURITY_KEY_PASSWORD": KEY_PASSWORD,
    }

    make_all_clients(variables, settings, monkeypatch)


def test_without_a_word_about_security_clients_speak_plainly(monkeypatch):
    assert environment({}, monkeypatch).kafka_security() == {"security.protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    ("variables", "refusal"),
    [
        ({"PROTOCOL": "SASL_SSL"}, "KAFKA_SECURITY_SASL_MECHANISM goes with"),
        ({"SASL_MECHANISM": "PLAIN", "USERNAME": "a", "PASSWORD": "b"}, "KAFKA_SECURITY_SASL_MECHANISM goes with"),
        ({"PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "PLAIN", "USERNAME": "a"}, "KAFKA_SECURITY_PASSWORD are needed"),
        ({"CA_FILE": "ca.pem"}, "certificates of Kafka need"),
        ({"PROTOCOL": "SSL", "KEY_FILE": "key.pem"}, "go together"),
        ({"PROTOCOL": "TLS"}, "Input should be"),
    ],
)
def test_what_does_not_fit_together_is_refused(variables, refusal, monkeypatch):
    with pytest.raises(ValidationError, match=refusal):
        environment({f"KAFKA_SECURITY_{name}": value for name, value in variables.items()}, monkeypatch)


def test_the_password_is_not_shown(monkeypatch):
    variables = {
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SECURITY_SASL_MECHANISM": "PLAIN",
        "KAFKA_SECURITY_USERNAME": "millrace",
        "KAFKA_SECURITY_PASSWORD": "do not show me",
    }
    assert "do not show me" not in repr(environment(variables, monkeypatch))


@pytest.mark.parametrize(("replicas", "in_sync"), [(1, "1"), (2, "1"), (3, "2"), (5, "2")])
def test_with_three_replicas_a_write_counts_once_two_have_it(replicas, in_sync, settings):
    settings.KAFKA_REPLICATION_FACTOR = replicas

    for topic in declared():
        assert topic_settings(topic)["min.insync.replicas"] == in_sync
        assert topic_settings(topic)["unclean.leader.election.enable"] == "false"
        assert topic_settings(topic)["cleanup.policy"] == "delete"


def environment(variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Read an environment that holds these variables of Kafka and no others."""
    for name in Environment.model_fields:
        if name.startswith("kafka_security"):
            monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(Environment.model_config, "env_file", None)
    return Environment()


def make_all_clients(variables: Mapping[str, str], settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every kind of client: librdkafka refuses what it does not understand at once."""
    settings.KAFKA_SECURITY = environment(variables, monkeypatch).kafka_security()
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"

    assert kafka.new_producer() is not None
    assert kafka.new_admin() is not None
    kafka.new_consumer("tests.settings").close()
