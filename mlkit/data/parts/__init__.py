"""Which part a row belongs to, and what is checked of the parts."""
