"""The dispatcher as a process: wired to the settings, ended by a signal."""

import asyncio
import signal
from collections.abc import Callable
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections

from edge.addresses import networks
from kernel import clock, context
from webhooks import services
from webhooks.dispatch.dispatcher import Dispatcher
from webhooks.dispatch.store import Store
from webhooks.dispatch.transport import Transport


def make_dispatcher(transport: Transport) -> Dispatcher:
    """Return a dispatcher over the platform's database."""
    return Dispatcher(store=Store(), records=Store(), transport=transport, confirm=_confirm, disable=_disable)


def make_transport() -> Transport:
    """Return the transport with the deployment's own networks in its guard."""
    return Transport(
        deny=networks(settings.WEBHOOKS_DENY_NETWORKS),
        test_networks=networks(settings.WEBHOOKS_TEST_NETWORKS),
        own_ports=settings.OWN_PORTS,
    )


async def run(*, on_ready: Callable[[], None]) -> None:
    """Send what is due until SIGTERM or SIGINT; then end the calls under way, at most one time-out later."""
    async with make_transport() as transport:
        dispatcher = make_dispatcher(transport)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, dispatcher.stop)
        on_ready()
        try:
            await dispatcher.run()
        finally:
            await dispatcher.close()


async def _confirm(endpoint_id: UUID, challenge: str) -> None:
    await sync_to_async(_in_own_connection)(
        lambda: services.confirm_endpoint(endpoint_id=endpoint_id, challenge=challenge, now=clock.now())
    )


async def _disable(endpoint_id: UUID, reason: str) -> None:
    await sync_to_async(_in_own_connection)(
        lambda: services.disable_endpoint(endpoint_id=endpoint_id, reason=reason, now=clock.now())
    )


def _in_own_connection(deed: Callable[[], None]) -> None:
    close_old_connections()
    try:
        with context.acting(actor="system:webhooks"):
            deed()
    finally:
        close_old_connections()
