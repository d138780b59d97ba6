"""The ordinary way to do the same, as tutorials show it."""
