"""A dispatcher of webhooks, run as long as a test needs it."""

import asyncio
import time
from collections.abc import Callable

from django.db import connection

from webhooks.dispatch.process import make_dispatcher, make_transport


def dispatch_until(until: Callable[[], bool], *, timeout_s: float = 15.0) -> None:
    """Run a dispatcher until a condition holds; fails if it does not in time."""
    asyncio.run(_dispatch(until, timeout_s))


async def _dispatch(until: Callable[[], bool], timeout_s: float) -> None:
    async with make_transport() as transport:
        dispatcher = make_dispatcher(transport)
        running = asyncio.create_task(dispatcher.run())
        deadline = time.monotonic() + timeout_s
        try:
            while not await asyncio.to_thread(_asked, until):
                assert time.monotonic() < deadline, "the dispatcher did not get there in time"
                assert not running.done(), running.exception()
                await asyncio.sleep(0.01)
        finally:
            dispatcher.stop()
            await running
            await dispatcher.close()


def _asked(until: Callable[[], bool]) -> bool:
    try:
        return until()
    finally:
        connection.close()
