"""Builds a group's views anew from their events, beside the live ones, and proves that the two agree."""
