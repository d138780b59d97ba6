"""The faces that others defined: their schemas, views and codes over our selectors and services."""
