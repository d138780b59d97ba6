"""The dispatcher's SQL: each statement serves a whole batch."""

from webhooks.fanout import LIVE_CONSENT

# A suspended third party's deliveries are parked by not being claimed at all.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT next.id
      FROM webhooks_endpoint AS endpoint
      JOIN oauth_thirdparty AS third_party ON third_party.id = endpoint.third_party_id
     CROSS JOIN LATERAL (
        SELECT delivery.id, delivery.next_attempt_at
          FROM webhooks_delivery AS delivery
         WHERE delivery.endpoint_id = endpoint.id
           AND delivery.state = 'due' AND delivery.next_attempt_at <= clock_timestamp()
         ORDER BY delivery.next_attempt_at, delivery.id
         LIMIT COALESCE((%(allowance)s::jsonb ->> endpoint.id::text)::int, %(per_endpoint)s)
           FOR UPDATE SKIP LOCKED
     ) AS next
     WHERE endpoint.status = 'live' AND third_party.status <> 'suspended'
     ORDER BY next.next_attempt_at, next.id
     LIMIT %(limit)s
)
UPDATE webhooks_delivery AS delivery
   SET lease = %(lease)s, next_attempt_at = clock_timestamp() + make_interval(secs => %(lease_s)s)
  FROM due WHERE delivery.id = due.id
RETURNING delivery.id, delivery.lease, delivery.endpoint_id
"""

KEYS = """
 CROSS JOIN LATERAL (
    SELECT array_agg(keys.sealed_secret ORDER BY keys.id DESC) AS sealed_secrets,
           array_agg(keys.sealed_private_key ORDER BY keys.id DESC) AS sealed_private_keys
      FROM webhooks_endpointkeys AS keys
     WHERE keys.endpoint_id = endpoint.id AND (keys.retires_at IS NULL OR keys.retires_at > %(now)s)
 ) AS keys
"""

PREPARE = f"""
SELECT delivery.id, delivery.endpoint_id, delivery.attempts, delivery.sequence, news.event_id, news.type,
       news.occurred_at, news.body, endpoint.url, endpoint.schemes, keys.sealed_secrets, keys.sealed_private_keys,
       third_party.status = 'suspended' OR endpoint.status <> 'live' AS is_parked,
       CASE WHEN %(is_traced)s THEN (
            SELECT event.traceparent FROM streaming_event AS event WHERE event.event_id = news.event_id)
       END AS traceparent,
       CASE WHEN third_party.status = 'withdrawn' THEN 'third_party_withdrawn'
            WHEN news.account_id IS NULL THEN NULL
            WHEN NOT EXISTS (
                SELECT FROM consents_consentaccount AS covered
                  JOIN consents_consent AS consent ON consent.id = covered.consent_id
                 WHERE covered.account_id = news.account_id AND consent.third_party_id = news.third_party_id
                   AND {LIVE_CONSENT}
            ) THEN 'no_live_consent'
       END AS suppressed
  FROM webhooks_delivery AS delivery
  JOIN webhooks_endpoint AS endpoint ON endpoint.id = delivery.endpoint_id
  JOIN oauth_thirdparty AS third_party ON third_party.id = delivery.third_party_id
  JOIN webhooks_notification AS news
    ON news.event_id = delivery.event_id AND news.third_party_id = delivery.third_party_id
{KEYS}
 WHERE delivery.id = ANY (%(ids)s)
"""

RECORD = """
WITH done AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS row (
        id bigint, lease uuid, state text, reason text, delay_s float8, attempt int, started_at timestamptz,
        duration_ms int, status int, excerpt text)
), moved AS (
    UPDATE webhooks_delivery AS delivery
       SET state = done.state, reason = done.reason, attempts = COALESCE(done.attempt, delivery.attempts),
           next_attempt_at = clock_timestamp() + make_interval(secs => done.delay_s), lease = NULL,
           finished_at = CASE WHEN done.state <> 'due' THEN clock_timestamp() END
      FROM done WHERE delivery.id = done.id AND delivery.lease = done.lease
)
INSERT INTO webhooks_attempt (delivery_id, number, started_at, duration_ms, status, outcome, excerpt)
SELECT id, attempt, started_at, duration_ms, status, reason, excerpt FROM done WHERE attempt IS NOT NULL
"""

CLAIM_CHALLENGES = f"""
WITH due AS MATERIALIZED (
    SELECT endpoint.id
      FROM webhooks_endpoint AS endpoint
      JOIN oauth_thirdparty AS third_party ON third_party.id = endpoint.third_party_id
     WHERE endpoint.status = 'unconfirmed' AND endpoint.challenge_due_at <= clock_timestamp()
       AND third_party.status = 'active'
     ORDER BY endpoint.challenge_due_at LIMIT %(limit)s
       FOR UPDATE OF endpoint SKIP LOCKED
), claimed AS (
    UPDATE webhooks_endpoint AS endpoint
       SET challenge_attempts = challenge_attempts + 1,
           challenge_due_at = clock_timestamp() + make_interval(secs => COALESCE(
               (%(schedule)s::float8[])[challenge_attempts + 1], 0))
      FROM due WHERE endpoint.id = due.id
    RETURNING endpoint.*
)
SELECT endpoint.id AS endpoint_id, endpoint.url, endpoint.challenge, endpoint.challenge_attempts, endpoint.schemes,
       keys.sealed_secrets, keys.sealed_private_keys
  FROM claimed AS endpoint
{KEYS}
"""
