"""
PostgreSQL, Kafka and Valkey for a laptop, a demo or a test run: the real programs, started when no address is given.

Plain Python without Django, so that settings, commands, the demo's supervisor and tests can all use it.
"""
