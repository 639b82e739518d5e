"""What cleaning proposes, and which rows it flags."""
