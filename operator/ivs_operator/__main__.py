"""`python -m ivs_operator`, and the entry point of the console script."""

import os
import sys

from ivs_operator.cli import cli

__all__ = ["main"]


def main() -> None:
    """Run the command line; a closed pipe is no failure of ours."""
    try:
        cli(prog_name="ivs-operator")
    except BrokenPipeError:
        # Python would complain once more at exit, when it flushes what nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
