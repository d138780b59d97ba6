"""The pages that a developer opens: home, API reference, sandbox."""
