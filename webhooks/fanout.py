"""Who is told of what: notifications and deliveries for a batch of events, in two statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from webhooks.public_events import News

LIVE_CONSENT = """
    consent.kind = 'account_access'
    AND consent.status = 'authorised'
    AND (consent.expires_at IS NULL OR consent.expires_at > %(now)s)
    AND consent.permissions::text[] && news.any_permission::text[]
    AND consent.permissions::text[] @> news.all_permissions::text[]
    AND (news.true_at IS NULL OR (
            (consent.transactions_from IS NULL OR consent.transactions_from <= news.true_at)
        AND (consent.transactions_to IS NULL OR news.true_at < consent.transactions_to)))
"""
"""SQL: ``consent`` (of ``consents_consent``) now permits its third party to know ``news``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One event, ready to be told under its public name."""

    event_id: UUID
    type: str
    occurred_at: datetime
    news: News


def fan_out(items: Sequence[Item], *, now: datetime) -> None:
    """
    Write down who is to be told of these events, inside the caller's transaction.

    Each third party's head row stays locked until the transaction ends, so positions are committed in
    their order and without gaps. An event that a third party was told of before changes nothing.
    """
    assert connection.in_atomic_block, "positions are gapless only if they are drawn with their rows"
    rows = orjson.dumps([_row(number, item) for number, item in enumerate(items)]).decode()
    with connection.cursor() as cursor:
        cursor.execute(_NOTIFY, {"rows": rows, "now": now})
        written = [row[0] for row in cursor.fetchall()]
        if written:
            cursor.execute(_DELIVER, {"notifications": written})


def _row(number: int, item: Item) -> dict[str, Any]:
    news = item.news
    return {
        "n": number,
        "event_id": item.event_id,
        "type": item.type,
        "occurred_at": item.occurred_at,
        "resource_id": news.resource_id,
        "third_party_id": news.third_party_id,
        "consent_id": news.consent_id,
        "account_id": news.account_id,
        "any_permission": news.any_permission,
        "all_permissions": news.all_permissions,
        "true_at": news.true_at,
        "body": news.body,
    }


# Head rows are upserted in the order of their keys: two batches never wait for each other in a circle.
_NOTIFY = f"""
WITH news AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS row (
        n int, event_id uuid, type text, occurred_at timestamptz, resource_id uuid, third_party_id uuid,
        consent_id uuid, account_id uuid, any_permission text[], all_permissions text[], true_at timestamptz,
        body jsonb)
), addressed AS (
    SELECT n, third_party_id, ARRAY[consent_id] AS consent_ids FROM news WHERE third_party_id IS NOT NULL
    UNION ALL
    SELECT news.n, consent.third_party_id, array_agg(consent.id ORDER BY consent.id)
      FROM news
      JOIN consents_consentaccount AS covered ON covered.account_id = news.account_id
      JOIN consents_consent AS consent ON consent.id = covered.consent_id
     WHERE news.third_party_id IS NULL AND {LIVE_CONSENT}
     GROUP BY news.n, consent.third_party_id
), wanted AS (
    SELECT addressed.*, row_number() OVER (PARTITION BY addressed.third_party_id ORDER BY n) AS nth
      FROM addressed JOIN news USING (n)
     WHERE EXISTS (SELECT FROM webhooks_endpoint AS endpoint
                    WHERE endpoint.third_party_id = addressed.third_party_id AND endpoint.status <> 'deleted')
       AND NOT EXISTS (SELECT FROM webhooks_notification AS told
                        WHERE told.event_id = news.event_id AND told.third_party_id = addressed.third_party_id)
), head AS (
    INSERT INTO webhooks_lastposition AS last (third_party_id, position)
    SELECT third_party_id, count(*) FROM wanted GROUP BY third_party_id ORDER BY third_party_id
    ON CONFLICT (third_party_id) DO UPDATE SET position = last.position + excluded.position
    RETURNING third_party_id, position
), drawn AS (
    SELECT wanted.*, head.position - count(*) OVER (PARTITION BY third_party_id) + nth AS position
      FROM wanted JOIN head USING (third_party_id)
)
INSERT INTO webhooks_notification (event_id, third_party_id, position, type, resource_id, consent_ids, body,
                                   occurred_at, recorded_at, account_id, any_permission, all_permissions, true_at)
SELECT news.event_id, drawn.third_party_id, drawn.position, news.type, news.resource_id, drawn.consent_ids,
       CASE WHEN news.third_party_id IS NULL
            THEN news.body || jsonb_build_object('consent_ids',
                (SELECT jsonb_agg(replace(id::text, '-', '')) FROM unnest(drawn.consent_ids) AS id))
            ELSE news.body END,
       news.occurred_at, clock_timestamp(), news.account_id, news.any_permission, news.all_permissions, news.true_at
  FROM drawn JOIN news USING (n)
 ORDER BY drawn.third_party_id, drawn.position
RETURNING id
"""

_DELIVER = """
WITH wanted AS (
    SELECT endpoint.id AS endpoint_id, told.event_id, told.third_party_id, told.type, told.resource_id, told.position,
           row_number() OVER (PARTITION BY endpoint.id, told.resource_id ORDER BY told.position) AS nth
      FROM webhooks_notification AS told
      JOIN webhooks_endpoint AS endpoint ON endpoint.third_party_id = told.third_party_id
     WHERE told.id = ANY (%(notifications)s)
       AND endpoint.status <> 'deleted'
       AND (endpoint.event_types = '{}' OR told.type = ANY (endpoint.event_types))
), head AS (
    INSERT INTO webhooks_lastsequence AS last (endpoint_id, resource_id, sequence)
    SELECT endpoint_id, resource_id, count(*) FROM wanted
     GROUP BY endpoint_id, resource_id ORDER BY endpoint_id, resource_id
    ON CONFLICT (endpoint_id, resource_id) DO UPDATE SET sequence = last.sequence + excluded.sequence
    RETURNING endpoint_id, resource_id, sequence
)
INSERT INTO webhooks_delivery (endpoint_id, event_id, third_party_id, type, sequence, state, reason, attempts,
                               next_attempt_at, created_at)
SELECT wanted.endpoint_id, wanted.event_id, wanted.third_party_id, wanted.type,
       head.sequence - count(*) OVER (PARTITION BY endpoint_id, resource_id) + wanted.nth,
       'due', '', 0, clock_timestamp(), clock_timestamp()
  FROM wanted JOIN head USING (endpoint_id, resource_id)
 ORDER BY wanted.endpoint_id, wanted.position
"""
