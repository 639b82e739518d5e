"""What accept holds a model against: bars, groups, rivals, and the ledger."""
