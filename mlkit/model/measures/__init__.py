"""How good predictions are: metrics, their intervals, and what plots are drawn from."""
