"""The loads, one a file: each has a function ``run(bench, scale)`` that measures it and returns what came out."""

LOADS = ("outbox", "relay", "backlog", "ingest", "freshness")
"""In the order of the page; ``benchmarks.loads.<name>`` is imported only once Django is set up."""
