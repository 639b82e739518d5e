"""Real servers for the tests of sources, on loopback."""
