"""What every floor stands on: project, store, schema, decisions, ledger, errors."""
