"""Warm kernels: a fork server, and a provisioner that borrows from it."""
