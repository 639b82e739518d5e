"""Widgets that edit decisions, one a file."""
