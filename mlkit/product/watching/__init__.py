"""The parts of a watch over live rows: what changed, how surely, and what to do."""
