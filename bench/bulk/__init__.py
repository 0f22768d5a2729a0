"""Figures of whole files: a million texts in, scored, and out again."""
