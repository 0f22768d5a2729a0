"""Makes model directories: train, export, evaluate, restore. The only package that trains."""
