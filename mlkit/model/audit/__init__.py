"""The parts of a review: what a model looks at, how it breaks, what it is for."""
