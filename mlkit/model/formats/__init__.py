"""Formats a model is packaged in, one file each."""
