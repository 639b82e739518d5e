"""What people are shown: the report page, past runs, how two differ."""
