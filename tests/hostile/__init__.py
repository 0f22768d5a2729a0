"""Requests and messages that nobody should send: `python -m tests.hostile` fuzzes a running service by its document."""
