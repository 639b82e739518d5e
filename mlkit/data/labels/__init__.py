"""Labels from several hands: doubt, agreement, votes."""
