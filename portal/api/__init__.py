"""The sandbox's own API: what makes a developer's first five minutes short."""
