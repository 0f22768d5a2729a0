"""HTTP in, HTTP out: the Flask application in front of the queue."""
