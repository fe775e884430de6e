"""Pages do not lie: links lead somewhere, and blocks marked to be run are run.

A block that begins with ```python file=NAME is written to NAME in a folder of the page's own; one that is
marked ```sh run is run there, in order, with the built `treadle` and Python on the path. It must exit with 0,
or with N when marked ```sh run exit=N.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {"build", ".venv", ".git", ".treadle", "node_modules", ".pytest_cache"}


def pages(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.md") if not SKIPPED & set(path.relative_to(root).parts))


class Block(NamedTuple):
    words: list[str]
    text: str


def blocks(text: str) -> Iterator[Block]:
    for found in re.finditer(r"^```([^\n`]+)\n(.*?)^```\s*$", text, re.MULTILINE | re.DOTALL):
        yield Block(found.group(1).split(), found.group(2))


def without_code(text: str) -> str:
    text = re.sub(r"^```.*?^```\s*$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(text: str) -> set[str]:
    """The names GitHub gives to headings."""
    names = set()
    for heading in re.findall(
        r"^#+ +(.*)$", re.sub(r"^```.*?^```\s*$", "", text, flags=re.M | re.S), re.MULTILINE
    ):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        names.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return names


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            broken.append(f"{page.name}: {target} leads nowhere")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            broken.append(f"{page.name}: {target}: {file.name} has no such heading")
    return broken


def is_run(page: Path) -> bool:
    return any("run" in block.words for block in blocks(page.read_text()))


def run_blocks(page: Path, folder: Path) -> None:
    programs = (ROOT / ".venv" / "bin", ROOT / "build" / "release" / "bin", os.environ["PATH"])
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("TREADLE_", "DAGSTER_"))
    }
    for block in blocks(page.read_text()):
        options = dict(word.split("=", 1) for word in block.words if "=" in word)
        if "file" in options:
            (folder / options["file"]).write_text(block.text)
        if "run" in block.words:
            done = subprocess.run(
                ["sh", "-euc", block.text],
                cwd=folder,
                env=kept
                | {
                    "PATH": os.pathsep.join(map(str, programs)),
                    "HOME": str(folder),
                    "NO_COLOR": "1",
                    "ROOT": str(ROOT),
                },
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            expected = int(options.get("exit", "0"))
            said = f"{block.text}\n{done.stdout}{done.stderr}"
            assert done.returncode == expected, (
                f"{page.name}: exit code {done.returncode}, not {expected}\n{said}"
            )


def test_links_lead_somewhere() -> None:
    broken = [line for page in pages(ROOT) for line in broken_links(page)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    "page", [p for p in pages(ROOT) if is_run(p)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_blocks_marked_to_be_run_work(page: Path, tmp_path: Path) -> None:
    run_blocks(page, tmp_path)


def test_every_page_of_docs_is_reached_from_its_index() -> None:
    docs = ROOT / "docs"
    index = docs / "index.md"
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in [index, *docs.rglob("README.md"), *docs.glob("*.md")]
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    }
    missing = [str(page.relative_to(ROOT)) for page in pages(docs) if page != index and page not in linked]
    assert not missing, f"no page links to {missing}"


def test_a_broken_link_and_a_failing_block_are_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `two`\n[a](nothing.md) [b](#one-two) [c](#three)\n```sh run\nfalse\n```\n")
    assert broken_links(page) == [
        "page.md: nothing.md leads nowhere",
        "page.md: #three: page.md has no such heading",
    ]
    with pytest.raises(AssertionError, match="exit code 1"):
        run_blocks(page, tmp_path)


def test_files_of_a_page_are_there_when_its_commands_run(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('```python file=a.py\nprint("x")\n```\n```sh run exit=3\ngrep -q x a.py && exit 3\n```\n')
    run_blocks(page, tmp_path)
