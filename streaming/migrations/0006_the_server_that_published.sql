-- When the server was started that a range was last published from: a restored one was started later.
ALTER TABLE streaming_relay ADD COLUMN server_started_at timestamptz;
