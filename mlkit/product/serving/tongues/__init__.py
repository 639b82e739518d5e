"""The tongues in which rows come in and answers go out: JSON, Arrow, tensors."""
