"""Log lines as JSON objects: who, in which call, what; secrets are struck out before they are written."""

import logging
import re
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kernel import context

_SECRET_NAMES = re.compile(
    r"(?i)^(authorization|cookie|set-cookie|location|password|secret|token|access_token|refresh_token|id_token|code"
    r"|code_verifier|client_assertion|request_uri|sessionid|csrfmiddlewaretoken|dpop|signature)$"
)
_SECRET_VALUES = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"  # JWTs
    r"|(?i:bearer|basic)\s+[\w.~+/=-]{8,}"
    r"|whsec_[\w+/=-]+"
    r"|(?i:(?:code|token|assertion|password|secret|verifier|request_uri)=)[^&\s\"']+"
)
_STRUCK = "[removed]"


def configure(*, level: str, form: Literal["json", "console"]) -> None:
    """Send all logging, the standard library's included, to standard error in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_context,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        strike_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("urllib3", "asyncio", "httpx", "httpcore", "faker", "amqp", "kombu"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def strike_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace values that are secrets by name or by shape."""
    return {name: _STRUCK if _SECRET_NAMES.match(name) else _strike(value) for name, value in event.items()}


def _strike(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_VALUES.sub(_STRUCK, value)
    if isinstance(value, dict):
        return {name: _STRUCK if _SECRET_NAMES.match(str(name)) else _strike(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_strike(part) for part in value]
    return value


def _add_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    call = context.current()
    if call.correlation_id:
        event.setdefault("interaction_id", call.correlation_id)
    if call.traceparent:
        event.setdefault("trace_id", call.traceparent[3:35])
    return event
