"""Writes treadle/__init__.pyi from the table of names in treadle/__init__.py; with --check, only compares."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).with_name("treadle")


def public_names() -> dict[str, list[str]]:
    """Module: its public names, read from the source so that nothing needs to be built."""
    for node in ast.parse((PACKAGE / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_PUBLIC":
            table: dict[str, str] = ast.literal_eval(node.value)
            return {module: sorted(names.split()) for module, names in sorted(table.items())}
    raise SystemExit("treadle/__init__.py has no _PUBLIC")


def stub(names: dict[str, list[str]]) -> str:
    lines = ["# Written by python/exports.py from the table in __init__.py.", ""]
    for module, of_module in names.items():
        lines += [f"from treadle.{module} import {name} as {name}" for name in of_module]
    return "\n".join([*lines, "", "__all__: list[str]", "__version__: str", ""])


def main() -> int:
    target = PACKAGE / "__init__.pyi"
    text = stub(public_names())
    if "--check" in sys.argv[1:]:
        if not target.exists() or target.read_text() != text:
            print("treadle/__init__.pyi differs from the table in __init__.py: run python python/exports.py")
            return 1
        return 0
    target.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
