"""Fairness by group, and the mitigations that treat groups more alike."""
