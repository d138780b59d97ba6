-- Chains are found by their correlation; nobody looks events up by their cause.
DROP INDEX streaming_event_causation;
