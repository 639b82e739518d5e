"""Notebooks read without being run: parameters, and the names they load and save."""
