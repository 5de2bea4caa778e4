"""`python -m guichet.cli`, the same as the `guichet` command."""

from guichet.cli.app import main

main()
