"""Texts read word by word: what a model hears in them, and what spoils them."""
