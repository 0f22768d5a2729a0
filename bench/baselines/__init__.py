"""Compares the service with what it is meant to better: the article's own, and LitServe, each with its own packages."""
