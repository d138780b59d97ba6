"""System checks of the room (filled below)."""
