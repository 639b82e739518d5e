"""What is measured of a table: columns, leaks, alerts."""
