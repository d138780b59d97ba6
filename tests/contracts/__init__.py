"""The event contracts before foreign judges: AsyncAPI's own parser."""
