"""One module of queries per table; each function takes a session and never commits."""
