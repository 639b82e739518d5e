"""How cells become typed columns: dialects, types, ids, targets."""
