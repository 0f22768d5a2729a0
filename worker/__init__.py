"""Scores texts: message in, rows out."""
