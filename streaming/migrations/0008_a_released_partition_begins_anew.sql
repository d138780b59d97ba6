-- When people last let a partition go on: its budget of failures begins anew then.
ALTER TABLE streaming_offset ADD COLUMN released_at timestamptz;
