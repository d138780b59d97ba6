"""The contract of every event type, in one registry: documents, pages and the gate before changes come from it."""
