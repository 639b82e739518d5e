"""The search for settings within a budget: folds, draws, races, and what is kept."""
