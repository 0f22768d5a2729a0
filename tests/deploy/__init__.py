"""What lies beside the code for running it in containers, checked without a container engine."""
