"""Results as files: one module for each format, all fed by the same pages of rows and the same columns."""
