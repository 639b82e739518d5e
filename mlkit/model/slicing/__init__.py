"""Parts of rows, and where a model is worse on one of them."""
