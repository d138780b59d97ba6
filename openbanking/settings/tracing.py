"""Traces: spans go to an OTLP receiver, if the deployment has one."""

from kernel import tracing
from openbanking.settings.base import ENVIRONMENT

tracing.configure(endpoint=ENVIRONMENT.otel_exporter_otlp_endpoint, service=ENVIRONMENT.otel_service_name)
