"""The pictures and cards of the data wing, in one house style."""
