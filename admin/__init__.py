"""The operator's command line: `sentiq-admin` makes, lists, revokes and rotates keys, beside the database."""
