"""`import treadle.as_dagster` makes `import dagster` and `import dagster_wandb` mean Treadle in this process;
`python -m treadle.as_dagster SCRIPT | -m MODULE ARGS...` runs a whole program so.
"""

from __future__ import annotations

import os
import sys

from treadle._dagster import finder

_USAGE = "usage: python -m treadle.as_dagster SCRIPT [ARGS...] | -m MODULE [ARGS...]"


def main(argv: list[str]) -> int:
    """Runs a script or module under the names of Dagster. Its own exit code is the program's."""
    import runpy

    if not argv or argv[0] in ("-h", "--help") or (argv[0] == "-m" and len(argv) < 2):
        print(_USAGE, file=sys.stdout if argv and argv[0] in ("-h", "--help") else sys.stderr)
        return 0 if argv and argv[0] in ("-h", "--help") else 2
    if argv[0] == "-m":
        sys.argv = argv[1:]
        sys.path[0] = os.getcwd()
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        return 0
    if not os.path.exists(argv[0]):
        print(f"treadle.as_dagster: there is no file {argv[0]!r}.\n{_USAGE}", file=sys.stderr)
        return 2
    sys.argv = argv
    sys.path[0] = os.path.dirname(os.path.abspath(argv[0]))
    runpy.run_path(argv[0], run_name="__main__")
    return 0


finder.install()

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
