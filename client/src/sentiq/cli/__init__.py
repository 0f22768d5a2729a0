"""The command `sentiq`: a module for each subcommand, and what they share."""
