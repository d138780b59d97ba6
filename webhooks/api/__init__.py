"""The house's own API by which third parties say where they want events, and see what became of them."""
