"""The product wing: what happens to a model out in the world."""
