"""Writes the programs of this folder into the pages of docs/concepts: each page has them between two marks.

usage: python examples/concepts/pages.py [--check]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGES = HERE.parents[1] / "docs" / "concepts"
BEGIN, END = "<!-- programs -->", "<!-- end of programs -->"


def programs(concept: str) -> str:
    parts = [BEGIN]
    for title, suffix, language in (("In Python", "py", "python"), ("In C++", "cpp", "cpp")):
        code = (HERE / f"{concept}.{suffix}").read_text().strip()
        parts.append(f"## {title}\n\n```{language}\n{code}\n```\n")
    return "\n".join([*parts, END])


def main() -> int:
    stale = []
    for page in sorted(PAGES.glob("*.md")):
        text = page.read_text()
        new = re.sub(f"{BEGIN}.*{END}", lambda _, p=page: programs(p.stem), text, flags=re.DOTALL)  # type: ignore[misc]
        if new != text:
            stale.append(page.name)
            if "--check" not in sys.argv:
                page.write_text(new)
    if stale and "--check" in sys.argv:
        print(f"not current: {', '.join(stale)}; run python examples/concepts/pages.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
