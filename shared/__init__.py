"""What both the API and the workers need: settings, rows, queries, the queue and the errors."""
