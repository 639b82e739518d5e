"""``python -m mlkit``."""

from mlkit.cli import main

main()
