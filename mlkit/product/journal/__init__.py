"""The parts of the request log: its tables, its writer, its reader."""
