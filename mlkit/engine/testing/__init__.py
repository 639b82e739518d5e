"""A project's notebooks executed again and compared: a command, a pytest plugin."""
