"""Structured logs: one JSON object a line, with interaction id and trace id, without secrets."""

from openbanking.logs import configure
from openbanking.settings.base import ENVIRONMENT

LOGGING_CONFIG = None
configure(level=ENVIRONMENT.log_level, form=ENVIRONMENT.log_format)
