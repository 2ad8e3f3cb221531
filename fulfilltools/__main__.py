"""`python -m fulfilltools` is the command."""

from fulfilltools.cli import main

main()
