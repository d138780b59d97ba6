"""
Metrics of the flow, read from database and broker when they are asked for.

Any process of the platform can answer with them: what they tell of lies in the database, not in a process.
"""
