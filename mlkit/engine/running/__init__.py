"""Runs: which steps, in what order, and what becomes of what they save."""
