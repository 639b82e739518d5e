"""What a package holds beside the model, and whether it says the same."""
