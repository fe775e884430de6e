"""Each concept has a program in C++ and one in Python that say the same, and a page that shows both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BIN = ROOT / "build" / "release" / "bin"
CONCEPTS = sorted(path.stem for path in HERE.glob("*.cpp"))


def said_by(command: list[str], tmp_path: Path) -> list[str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TREADLE_", "DAGSTER_"))}
    done = subprocess.run(command, cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(done.stdout.splitlines())


@pytest.mark.parametrize("concept", CONCEPTS)
def test_both_languages_say_the_same(concept: str, tmp_path: Path) -> None:
    program = BIN / f"concept_{concept}"
    assert program.exists(), f"{program} is not built: ninja -C build/release concept_{concept}"
    python = said_by([sys.executable, str(HERE / f"{concept}.py")], tmp_path)
    assert python
    assert said_by([str(program)], tmp_path) == python


def test_each_concept_has_its_page() -> None:
    assert {path.stem for path in (ROOT / "docs" / "concepts").glob("*.md")} >= set(CONCEPTS)
    assert {path.stem for path in HERE.glob("*.py")} >= set(CONCEPTS)


def test_the_pages_show_these_programs() -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "pages.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
