"""Cleaned columns in, one float32 matrix out: the parts of a model's door."""
