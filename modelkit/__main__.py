"""Lets `python -m modelkit` run the command line."""

from modelkit.cli import main

main()
