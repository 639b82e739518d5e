"""The data wing: from anywhere, understood, checked, cleaned, labelled, split."""
