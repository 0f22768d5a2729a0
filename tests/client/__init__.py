"""The client: against a service that is played, and against the real one."""
