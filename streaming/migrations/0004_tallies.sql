-- Counts of all processes together: each adds what it has counted since it last did. Few rows, often updated.
CREATE TABLE streaming_tally (
    metric text NOT NULL,
    labels text NOT NULL,
    bucket text NOT NULL,
    value double precision NOT NULL,
    CONSTRAINT streaming_tally_pkey PRIMARY KEY (metric, labels, bucket)
) WITH (fillfactor = 50);
