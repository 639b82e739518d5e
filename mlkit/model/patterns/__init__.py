"""What rows show though nobody told: groups of like rows, and rows unlike the rest."""
