"""`python -m treadle`: the same command line as the native program `treadle`."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs one command and returns its exit code."""
    from treadle import _core
    from treadle._definitions import loader

    return _core.cli_main(["treadle", *sys.argv[1:]], loader.load_for_core)


if __name__ == "__main__":
    sys.exit(main())
