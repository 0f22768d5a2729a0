"""`python -m sentiq.cli`: the command, where it is not on the path."""

from sentiq.cli.main import main

if __name__ == "__main__":
    main()
