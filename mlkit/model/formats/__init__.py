"""Formats a model is packaged in, one file each, all written from a plain form."""
