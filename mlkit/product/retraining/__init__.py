"""What retrain takes in, and what it finds."""
