"""
PostgreSQL, Kafka and Valkey for a laptop, a demo or a test run: the real programs, started when no address is given.

Plain Python without Django, so that settings, commands, the demo's supervisor and tests can all use it.
"""

from openbanking.services.addresses import Addresses, addresses
from openbanking.services.database import ensure_database, ensure_roles
from openbanking.services.errors import ServicesUnavailable
from openbanking.services.service import Service
from openbanking.services.service_set import ServiceSet, ServiceStatus

__all__ = [
    "Addresses",
    "Service",
    "ServiceSet",
    "ServiceStatus",
    "ServicesUnavailable",
    "addresses",
    "ensure_database",
    "ensure_roles",
]
