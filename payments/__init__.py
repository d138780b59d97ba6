"""Payment orders: life cycle, submission to the core, status."""
