"""One module per use case: each owns its transactions and speaks no HTTP."""
