"""Writes docs/dagster-compatibility.md: each name at Dagster's top level, and where it stands in Treadle.

usage: python python/compatibility.py [--check]

`--check` changes nothing and exits with 1 when the page is not current. The list of Dagster's names is in
python/treadle/_dagster/names.py; the tests compare it with an installed Dagster.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dagster-compatibility.md"

_HEAD = """# Which of Dagster's names there are

Treadle's Python package is Dagster's public vocabulary over its own engine. This page lists every name at
the top level of Dagster {version}, and says whether Treadle has it: {have} of {all} today. It is written by
`python/compatibility.py` and checked by the tests.

## Run a Dagster program

```python run
import treadle.as_dagster  # before the first `import dagster`
```

makes `dagster` and `dagster_wandb` mean Treadle in that process, the inner modules that public code imports
from (`dagster._core.definitions...`) included. `wandb` means the installed SDK; where there is none, the
artifact classes of Treadle ([W&B artifacts](wandb.md)). Without touching the program:

<!-- sh run
mkdir tests my_project
cat > pipeline.py <<'END'
import dagster
assert dagster.__name__ == "treadle" or dagster.materialize

@dagster.asset
def one() -> int: return 1
END
cp pipeline.py my_project/definitions.py
echo "def test(): import dagster" > tests/test_it.py
-->
```sh run
python -m treadle.as_dagster pipeline.py
python -m treadle.as_dagster -m pytest tests
```

The command line does it with `--as-dagster`, which every command has that loads Python definitions; when the
project says so (`[tool.treadle] as_dagster = true`, or `TREADLE_AS_DAGSTER=1` in the environment); and by
itself when no Dagster is installed:

```sh run
treadle materialize --as-dagster -m my_project.definitions --select '*'
```

A run remembers under which names it was made: `run resume` and `run reexecute` need not be told again.

A name that Treadle does not have is an error that says its name, what to use instead, and this page; nothing
is stubbed. An installed integration package (`dagster_duckdb`, `dagster_dbt`, ...) may import such names and
declare with them, as most do for their components; the error comes when something that needs one is used. So
it is for everyone with the names of private modules (`dagster._core...`, `dagster_shared`), which are often
imported for annotations alone.
`dagster.__version__` is {version}.

Which projects and packages have been run so, and how: [Dagster projects on Treadle](dagster-projects.md).

## The names

| name | in Treadle | instead |
| --- | --- | --- |
"""


def page() -> str:
    """The text of the page."""
    import treadle
    from treadle._dagster.finder import DAGSTER_VERSION
    from treadle._dagster.names import NAMES, advice

    names = sorted(NAMES)
    have = [n for n in names if n in treadle.__all__]
    text = _HEAD.format(version=DAGSTER_VERSION, have=len(have), all=len(names))
    for name in names:
        text += f"| `{name}` | yes | |\n" if name in have else f"| `{name}` | no | {advice(name)} |\n"
    own = sorted(set(treadle.__all__) - NAMES)
    text += "\n## Only in Treadle\n\n" + ", ".join(f"`{n}`" for n in own) + ".\n"
    return text


def main(arguments: list[str]) -> int:
    current = PAGE.exists() and PAGE.read_text() == page()
    if arguments == ["--check"]:
        if not current:
            print(f"{PAGE.relative_to(ROOT)} is not current: python python/compatibility.py", file=sys.stderr)
        return 0 if current else 1
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
