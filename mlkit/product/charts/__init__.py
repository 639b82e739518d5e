"""Pictures of the product wing: a model's health over time."""
