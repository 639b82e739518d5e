"""mlkit."""
