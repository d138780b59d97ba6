"""The relay: publishes the event log to Kafka, losing nothing and keeping the order within each aggregate."""
