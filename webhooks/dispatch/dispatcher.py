"""The dispatcher's loop: claim, prepare, call, record; a crash anywhere costs at most one duplicate each."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import structlog

from kernel import clock
from kernel.identifiers import new_id
from webhooks.breaker import Breaker
from webhooks.dispatch import spans
from webhooks.dispatch.store import Challenge, Claimed, Prepared, Record, Store
from webhooks.dispatch.transport import Transport, jitter
from webhooks.public_events import timestamp
from webhooks.retries import SCHEDULE_S, Answer, judge
from webhooks.signing import signed_headers
from webhooks.states import DeliveryState

SLOTS = 500
SLOTS_PER_ENDPOINT = 10
POLL_S = (0.01, 0.02, 0.05, 0.1)
"""Pauses between claims that found nothing; the last one goes on."""

GATHER_S = 0.005
"""Claims and records wait so long for company: one statement for many costs little more than for one."""

PARKED_S = 5.0
"""A delivery that must wait is looked at again after so long."""

CHALLENGE_TYPE = "endpoint.challenge"

OnEndpoint = Callable[[UUID, str], Awaitable[None]]
"""Called with an endpoint and a word: the challenge it echoed, or why it is disabled."""

_log = structlog.get_logger("webhooks.dispatch")


@dataclass(slots=True, kw_only=True)
class Dispatcher:
    """
    Sends what is due until it is told to stop.

    ``confirm`` and ``disable`` are called when an endpoint has echoed its challenge, or must be called no more.
    """

    store: Store
    records: Store
    transport: Transport
    confirm: OnEndpoint
    disable: OnEndpoint
    slots: int = SLOTS
    per_endpoint: int = SLOTS_PER_ENDPOINT
    _in_flight: Counter[UUID] = field(default_factory=Counter, init=False)
    _breakers: dict[UUID, Breaker] = field(default_factory=lambda: defaultdict(Breaker), init=False)
    _finished: list[Record] = field(default_factory=list, init=False)
    _wake_recorder: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _calls: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def stop(self) -> None:
        """Claim nothing more; :meth:`run` returns when what is under way is recorded."""
        self._stopping.set()

    async def run(self) -> None:
        """Claim and send until stopped."""
        recorder = asyncio.create_task(self._keep_recording())
        quiet = 0
        while not self._stopping.is_set():
            is_busy = await self._guarded(self.send_due())
            quiet = 0 if is_busy else quiet + 1
            await self._pause(POLL_S[min(quiet, len(POLL_S)) - 1] if quiet else GATHER_S)
        await asyncio.gather(*self._calls, return_exceptions=True)
        self._wake_recorder.set()
        await recorder

    async def close(self) -> None:
        """Give the database connections back."""
        await self.store.close()
        await self.records.close()

    async def send_due(self) -> bool:
        """Start calls for what is due now, as far as slots are free; says whether there was anything."""
        challenges = await self.store.claim_challenges(limit=self._free_slots(), now=clock.now())
        for challenge in challenges:
            self._start(challenge.endpoint_id, self._challenge(challenge))
        claimed = await self._claim()
        if claimed:
            for prepared in await self.store.prepare(claimed, now=clock.now()):
                self._begin(prepared)
        return bool(challenges or claimed)

    async def _claim(self) -> list[Claimed]:
        free = self._free_slots()
        if free <= 0:
            return []
        at_s = time.monotonic()
        known = set(self._in_flight) | {key for key, breaker in self._breakers.items() if breaker.is_open}
        allowance = {
            endpoint: self._breakers[endpoint].allowance(
                max(0, self.per_endpoint - self._in_flight[endpoint]), at_s=at_s
            )
            for endpoint in known
        }
        return list(await self.store.claim(limit=free, allowance=allowance, per_endpoint=self.per_endpoint))

    def _begin(self, prepared: Prepared) -> None:
        claimed = prepared.claimed
        if prepared.suppressed:
            self._finish(Record(claimed=claimed, state=DeliveryState.SUPPRESSED, reason=prepared.suppressed))
        elif prepared.is_parked or not prepared.keys:
            self._finish(Record(claimed=claimed, state=DeliveryState.DUE, reason="parked", delay_s=PARKED_S))
        else:
            self._breakers[claimed.endpoint_id].begin()
            self._start(claimed.endpoint_id, self._deliver(prepared))

    async def _deliver(self, prepared: Prepared) -> None:
        claimed, started_at = prepared.claimed, datetime.now(UTC)
        message = {
            "type": prepared.type,
            "timestamp": timestamp(prepared.occurred_at),
            "sequence": prepared.sequence,
            "data": prepared.body,
        }
        span = spans.begin(prepared)
        answer = await self._send(prepared, message_id=str(prepared.event_id), message=message)
        verdict = judge(answer, attempt=prepared.attempt, jitter=jitter())
        spans.end(span, answer, is_delivered=verdict.state == DeliveryState.DELIVERED)
        self._breakers[claimed.endpoint_id].end(is_failure=verdict.is_endpoint_at_fault, at_s=time.monotonic())
        self._finish(
            Record(
                claimed=claimed,
                state=verdict.state,
                reason=verdict.reason,
                delay_s=verdict.delay_s,
                attempt=prepared.attempt,
                started_at=started_at,
                duration_ms=answer.duration_ms,
                status=answer.status,
                excerpt=answer.excerpt,
            )
        )
        if verdict.disables_endpoint:
            await self.disable(claimed.endpoint_id, "the receiver answered 410 Gone")

    async def _challenge(self, challenge: Challenge) -> None:
        message = {
            "type": CHALLENGE_TYPE,
            "timestamp": timestamp(datetime.now(UTC)),
            "data": {"challenge": challenge.challenge},
        }
        answer = await self._send(challenge, message_id=str(new_id()), message=message)
        if answer.status is not None and 200 <= answer.status < 300 and _echoes(answer.excerpt, challenge.challenge):
            await self.confirm(challenge.endpoint_id, challenge.challenge)
        elif challenge.attempt > len(SCHEDULE_S):
            await self.disable(challenge.endpoint_id, "the challenge was never echoed")

    async def _send(self, to: Prepared | Challenge, *, message_id: str, message: dict[str, Any]) -> Answer:
        body = orjson.dumps(message)
        headers = signed_headers(
            message_id=message_id,
            timestamp=int(time.time()),  # real time: receivers refuse what is five minutes off.
            body=body,
            keys=to.keys,
            schemes=to.schemes,
        )
        return await self.transport.post(to.url, body=body, headers=headers)

    def _start(self, endpoint_id: UUID, call: Coroutine[Any, Any, None]) -> None:
        self._in_flight[endpoint_id] += 1
        task = asyncio.create_task(self._guarded(call))
        self._calls.add(task)
        task.add_done_callback(lambda done: self._end(endpoint_id, done))

    def _end(self, endpoint_id: UUID, task: "asyncio.Task[Any]") -> None:
        self._calls.discard(task)
        self._in_flight[endpoint_id] -= 1
        if not self._in_flight[endpoint_id]:
            del self._in_flight[endpoint_id]

    def _finish(self, record: Record) -> None:
        self._finished.append(record)
        self._wake_recorder.set()

    async def _keep_recording(self) -> None:
        while self._finished or self._calls or not self._stopping.is_set():
            await self._wake_recorder.wait()
            await asyncio.sleep(GATHER_S)
            self._wake_recorder.clear()
            batch, self._finished = self._finished, []
            if batch and not await self._guarded(self._record(batch)):
                for record in batch:  # one that cannot be stored must not make the others be sent twice.
                    await self._guarded(self._record([record]))

    async def _record(self, batch: Sequence[Record]) -> bool:
        await self.records.record(batch)
        return True

    def _free_slots(self) -> int:
        return self.slots - len(self._calls)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _guarded(self, step: Awaitable[Any]) -> Any:
        try:
            return await step
        except Exception:
            _log.exception("dispatch_step_failed")
            await self._pause(1.0)
            return None


def _echoes(answer: str, challenge: str) -> bool:
    """Accept the bare challenge, or ``{"challenge": …}``."""
    if answer.strip() == challenge:
        return True
    try:
        parsed = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return False
    return isinstance(parsed, dict) and parsed.get("challenge") == challenge
