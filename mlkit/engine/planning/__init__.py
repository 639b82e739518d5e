"""The graph, what each step depends on, and what is stale."""
