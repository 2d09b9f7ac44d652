"""`python -m deploy.local.cli`: the same as `sluice`, where the command is not on the path."""

from deploy.local.cli import main

main()
