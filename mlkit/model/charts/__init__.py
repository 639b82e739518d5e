"""Pictures of the model wing, one file a step."""
