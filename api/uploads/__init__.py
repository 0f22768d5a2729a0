"""Files as texts: one module for each format and each wrapping, all of them streams that hold little at a time."""
