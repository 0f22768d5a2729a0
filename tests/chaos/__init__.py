"""Proves the product's promise: real servers, faults by a seeded schedule, and every text and webhook accounted for."""
