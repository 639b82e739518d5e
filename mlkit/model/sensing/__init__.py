"""What a model sees in images and hears in sounds: how they look, spoilt, hidden."""
