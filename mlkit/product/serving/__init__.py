"""The parts of the model server."""
