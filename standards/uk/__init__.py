"""UK Open Banking Read/Write 4.0.1: the native face of the platform."""
