"""Measures the service: speed as ratios within one run, since machines are noisy; memory; sizes."""
