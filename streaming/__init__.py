"""The event log, its relay to Kafka, and the runtime of those who consume it."""
