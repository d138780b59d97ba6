-- The monthly partitions of a table; the default one is none of them.
CREATE FUNCTION streaming_months(parent regclass) RETURNS TABLE (part regclass, month date) LANGUAGE sql STABLE AS $$
    SELECT c.oid::regclass, to_date(right(c.relname, 7), 'YYYY_MM')
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
$$;

-- Makes the month's partition of a table, unless it is there; says whether it made one. Created first and attached
-- then: writers wait for the short second step only. Rows of that month that came while it was missing lie in the
-- default partition and would forbid the new one: they move, as they are. To move a row out of the log is to delete
-- it there, which the log refuses while the default partition is a part of it.
CREATE OR REPLACE FUNCTION streaming_make_partition(parent text, month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    part text := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
    rest text := format('%s_default', parent);
    lower_id uuid := streaming_first_uuid(month::timestamp AT TIME ZONE 'UTC');
    upper_id uuid := streaming_first_uuid((month + interval '1 month') AT TIME ZONE 'UTC');
    has_strays boolean;
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE event_id >= %L AND event_id < %L)', rest, lower_id, upper_id)
        INTO has_strays;
    IF has_strays THEN
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, rest);
        EXECUTE format('WITH strays AS (DELETE FROM %I WHERE event_id >= %L AND event_id < %L RETURNING *) '
            'INSERT INTO %I SELECT * FROM strays', rest, lower_id, upper_id, part);
    END IF;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, lower_id, upper_id);
    IF has_strays THEN
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', parent, rest);
    END IF;
    IF parent = 'streaming_event' THEN
        EXECUTE format('CREATE TRIGGER streaming_event_is_never_emptied BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION streaming_refuse_change()', part);
        PERFORM streaming_protect(part::regclass);
    END IF;
    RETURN true;
END $$;

-- Makes the partitions of this month and the coming ones (24 at most), and of the past months whose rows lie in a
-- default partition; says how many it made. Runs as its owner, so that the application's role may ask for them,
-- though it may make no tables. Two sessions take turns.
CREATE OR REPLACE FUNCTION streaming_make_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
    this_month date := date_trunc('month', now() AT TIME ZONE 'UTC');
    wanted date;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('streaming_make_partitions'));
    FOR wanted IN
        SELECT generate_series(this_month, this_month + make_interval(months => least(months_ahead, 24)), '1 month')::date
        UNION
        SELECT date_trunc('month', stray.day)::date
        FROM (
            SELECT DISTINCT streaming_day_of(event_id) AS day FROM streaming_event_default
            UNION
            SELECT DISTINCT streaming_day_of(event_id) FROM streaming_inbox_default) AS stray
        WHERE stray.day BETWEEN '2020-01-01' AND this_month
        ORDER BY 1
    LOOP
        made := made + streaming_make_partition('streaming_event', wanted)::integer;
        made := made + streaming_make_partition('streaming_inbox', wanted)::integer;
    END LOOP;
    RETURN made;
END $$;

-- The day, in UTC, on which a UUIDv7 was made.
CREATE FUNCTION streaming_day_of(id uuid) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('epoch'::timestamp + make_interval(secs =>
        ('x' || left(translate(id::text, '-', ''), 12))::bit(48)::bigint / 1000))::date
$$;

-- The least id of which the inbox still tells who had it; of all smaller ones it was dropped.
CREATE FUNCTION streaming_inbox_horizon() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        streaming_first_uuid((max(dropped.month) + interval '1 month') AT TIME ZONE 'UTC'),
        '00000000-0000-0000-0000-000000000000')
    FROM (
        SELECT month FROM streaming_months('streaming_event')
        EXCEPT
        SELECT month FROM streaming_months('streaming_inbox')) AS dropped
    WHERE dropped.month < date_trunc('month', now() AT TIME ZONE 'UTC')
$$;

-- Drops the inbox of the months in which the last so many days and the last two whole months have no part, and says
-- how many it dropped. Runs as its owner; the application's role may ask for more to be kept, not for less.
CREATE FUNCTION streaming_drop_old_inbox(kept_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
    kept_since date := least(
        date_trunc('month', now() AT TIME ZONE 'UTC') - interval '2 months',
        date_trunc('month', now() AT TIME ZONE 'UTC' - make_interval(days => kept_days)));
    old regclass;
    dropped integer := 0;
BEGIN
    FOR old IN SELECT part FROM streaming_months('streaming_inbox') WHERE month < kept_since ORDER BY month LOOP
        EXECUTE format('DROP TABLE %s', old);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- Why a month of the log has to stay, in a sentence; nothing, if it may go.
CREATE FUNCTION streaming_reason_to_keep(month date) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    part regclass := to_regclass(format('streaming_event_%s', to_char(month, 'YYYY_MM')));
    this_month date := date_trunc('month', now() AT TIME ZONE 'UTC');
    behind text;
    is_so boolean;
BEGIN
    IF part IS NULL THEN
        RETURN 'there is no such partition';
    END IF;
    IF month >= this_month - interval '2 months' THEN
        RETURN 'it is one of the last three months';
    END IF;
    SELECT string_agg(name, ', ') INTO behind FROM streaming_relay WHERE refused_at IS NOT NULL;
    IF behind IS NOT NULL THEN
        RETURN format('%s may not publish: its place in the log is in doubt', behind);
    END IF;
    IF (SELECT coalesce(sum(high - low + 1), 0) FROM streaming_relay_ranges()) < 64 THEN
        RETURN 'not every shard has a relay with a place in the log';
    END IF;
    EXECUTE format('SELECT string_agg(r.name, '', '') FROM streaming_relay_ranges() r WHERE EXISTS ('
        'SELECT FROM %s e WHERE (e.txid >= pg_snapshot_xmax(r.snap) '
        'OR e.txid = ANY (ARRAY(SELECT pg_snapshot_xip(r.snap)))) AND e.shard BETWEEN r.low AND r.high)', part)
        INTO behind;
    IF behind IS NOT NULL THEN
        RETURN format('%s has not published all of it', behind);
    END IF;
    EXECUTE format('SELECT string_agg(DISTINCT h.topic, '', '') FROM streaming_held h JOIN %s e USING (id)', part)
        INTO behind;
    IF behind IS NOT NULL THEN
        RETURN format('events of it are held for %s', behind);
    END IF;
    IF to_regclass('streaming_seal') IS NOT NULL THEN
        EXECUTE format('SELECT (SELECT max(id) FROM %s) > (SELECT coalesce(max(last_id), 0) FROM streaming_seal)', part)
            INTO is_so;
        IF is_so THEN
            RETURN 'not all of it is sealed';
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- The relays' places, each with the shards that its name tells.
CREATE FUNCTION streaming_relay_ranges() RETURNS TABLE (name text, snap pg_snapshot, low integer, high integer)
LANGUAGE sql STABLE AS $$
    SELECT r.name, r.snap, split_part(split_part(r.name, ':', 2), '-', 1)::integer, split_part(r.name, '-', 2)::integer
    FROM streaming_relay r WHERE r.name LIKE 'relay:%'
$$;

-- Drops a month of the log unless something still needs it: returns why it stays, or nothing. Only the log's owner
-- can; nobody writes while it looks, so what it finds stays true until the partition is gone.
CREATE FUNCTION streaming_drop_month(month date) RETURNS text LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    reason text;
BEGIN
    LOCK TABLE streaming_event IN ACCESS EXCLUSIVE MODE;
    reason := streaming_reason_to_keep(month);
    IF reason IS NULL THEN
        EXECUTE format('DROP TABLE %I', format('streaming_event_%s', to_char(month, 'YYYY_MM')));
    END IF;
    RETURN reason;
END $$;

-- A function that runs as its owner looks nothing up where somebody else could put things in its way.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION streaming_make_partitions(integer) SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION streaming_drop_old_inbox(integer) SET search_path = %I, pg_temp', current_schema());
END $$;

-- Few rows, each changed several times a second: they are cleaned by the number of changes, not by their share.
ALTER TABLE streaming_relay SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE streaming_offset SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
