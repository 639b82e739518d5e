"""How a contract comes to be, is said in words, and is held against a table."""
