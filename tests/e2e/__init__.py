"""The whole service, started by `make run` as a person would."""
