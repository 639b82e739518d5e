"""Rows that are made: drawn from a model, generated to teach, spoiled to test."""
