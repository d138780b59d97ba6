-- Events of a broken topic wait here while the others flow; sent later, in the order of their ids.
CREATE TABLE streaming_held (
    topic text NOT NULL,
    id bigint NOT NULL,
    shard smallint NOT NULL,
    error text NOT NULL,
    held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT streaming_held_pkey PRIMARY KEY (topic, id)
);

-- Why a range is not published, told in a sentence: set by the start check, taken away by whoever adopts the log.
ALTER TABLE streaming_relay ADD COLUMN refused_at timestamptz, ADD COLUMN refusal text;

-- What people said of a group: which generation of its view counts, whether it is paused.
CREATE TABLE streaming_group (
    "group" text NOT NULL,
    generation integer NOT NULL DEFAULT 1,
    paused_at timestamptz,
    paused_by text,
    reason text,
    CONSTRAINT streaming_group_pkey PRIMARY KEY ("group"),
    CONSTRAINT streaming_group_says_who_paused_it CHECK ((paused_at IS NULL) = (paused_by IS NULL))
);

-- A partition that a group gave up on, and why, until people let it go on.
ALTER TABLE streaming_offset ADD COLUMN stopped_at timestamptz, ADD COLUMN stop_reason text;

-- When a consumer had an event; set by default from now on, unknown for what came before.
ALTER TABLE streaming_inbox ADD COLUMN seen_at timestamptz;
ALTER TABLE streaming_inbox ALTER COLUMN seen_at SET DEFAULT clock_timestamp();

-- What a letter needs to be applied later as if it had just come, and who ended its wait.
ALTER TABLE streaming_dead_letter
    ADD COLUMN "timestamp" timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN resolved_at timestamptz,
    ADD COLUMN reason text;
CREATE INDEX streaming_dead_letter_open ON streaming_dead_letter ("group", state) WHERE state IN ('poison', 'waiting');
