"""What `make run` starts: one parent that checks, migrates, starts every program, watches them, and stops them all."""
