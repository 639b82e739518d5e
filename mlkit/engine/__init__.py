"""The engine: notebooks read, wired, planned and run."""
