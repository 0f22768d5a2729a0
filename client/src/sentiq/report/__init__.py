"""Sums up the results of a job: counts, a page, a picture."""
