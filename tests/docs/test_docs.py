"""Pages do not lie: links lead somewhere, and what a page shows works.

Every block of a shell, Python or C++ says what is done with it:
    file=NAME         it is written to NAME in a folder of the page's own
    sh run            it is run there, in order, with the built `treadle` and Python on the path
    python run        the same for Python, after the page's latest prelude, of which `keep` makes it a part
    console run       each line after `$ ` is run, and the lines below it must be in the output, in order;
                      numbers, times and digests may differ, and `...` stands for anything
    cpp compiled      cpp_blocks.py makes a program of it, which is compiled with the others
    shown             nothing: it needs a cloud, a cluster or an hour
What is run must exit with 0, or with N when marked exit=N. What stands between `<!-- sh run` and `-->` is run
as well, and the reader does not see it; `<!-- python prelude` is put before the page's Python blocks.
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
    shown_or_hidden = r"^(```|<!-- (?=(?:sh|python|cpp) ))([^\n`]+)\n(.*?)^(?:```|-->)\s*$"
    for found in re.finditer(shown_or_hidden, text, re.MULTILINE | re.DOTALL):
        yield Block(found.group(2).split(), found.group(3))


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


def environment(folder: Path) -> dict[str, str]:
    programs = (
        folder / "bin",
        ROOT / ".venv" / "bin",
        ROOT / "build" / "release" / "bin",
        os.environ["PATH"],
    )
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TREADLE_", "DAGSTER_", "WANDB_"))}
    return kept | {
        "PATH": os.pathsep.join(map(str, programs)),
        "HOME": str(folder),
        "NO_COLOR": "1",
        "ROOT": str(ROOT),
    }


def run(command: list[str], folder: Path, said_of: str, expected: int = 0) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == expected, (
        f"{said_of}: exit code {done.returncode}, not {expected}\n{command[-1]}\n{done.stdout}"
    )
    return done.stdout


def comparable(line: str) -> str:
    """A line of output without what differs from run to run: digests, numbers, durations, widths."""
    line = re.sub(r"\b[0-9a-f]{8,}\b", "#", line)
    line = re.sub(r"\b(just now|\d+ s ago)", "#", line)
    line = re.sub(r"\d+(\.\d+)?( (ms|s|us|µs|B|kB|MB))?", "#", line)
    return re.sub(r"\s+", " ", line).strip()


def missing_lines(expected: list[str], output: str) -> list[str]:
    """The lines that do not come in the output after those before them."""
    have = iter([comparable(line) for line in output.splitlines()])
    return [line for line in expected if line.strip() not in ("", "...") and comparable(line) not in have]


def run_console(text: str, folder: Path, said_of: str) -> None:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        output = run(["sh", "-uc", command], folder, said_of)
        missing = missing_lines(shown, output)
        assert not missing, f"{said_of}: `{command}` does not print {missing}, but\n{output}"


def run_blocks(page: Path, folder: Path) -> None:
    prelude = ""
    for block in blocks(page.read_text()):
        options = dict(word.split("=", 1) for word in block.words if "=" in word)
        expected = int(options.get("exit", "0"))
        if "file" in options:
            (folder / options["file"]).parent.mkdir(parents=True, exist_ok=True)
            (folder / options["file"]).write_text(block.text)
        match block.words:
            case ["sh", "run", *_]:
                run(["sh", "-euc", block.text], folder, page.name, expected)
            case ["console", "run", *_]:
                run_console(block.text, folder, page.name)
            case ["python", "prelude", *_]:
                prelude = block.text + "\n"
            case ["python", "run", *how]:
                (folder / "_block.py").write_text(prelude + block.text)
                run(["python", "_block.py"], folder, f"{page.name}: {prelude}{block.text}", expected)
                prelude += block.text if "keep" in how else ""


def silent_blocks(page: Path) -> list[str]:
    """Blocks of which nobody has said what is done with them."""
    text = re.sub(r"^<!-- programs -->.*?^<!-- end of programs -->", "", page.read_text(), flags=re.M | re.S)
    known = {"run", "shown", "compiled", "prelude"}
    return [
        f"{page.name}: ```{' '.join(block.words)}: {block.text.splitlines()[0]}"
        for block in blocks(text)
        if block.words[0] in ("sh", "console", "python", "cpp")
        and not known & set(block.words)
        and not any(word.startswith("file=") for word in block.words)
    ]


def test_links_lead_somewhere() -> None:
    broken = [line for page in pages(ROOT) for line in broken_links(page)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    "page", [p for p in pages(ROOT) if is_run(p)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_blocks_marked_to_be_run_work(page: Path, tmp_path: Path) -> None:
    run_blocks(page, tmp_path)


def test_every_block_says_what_is_done_with_it() -> None:
    by_program = {ROOT / "docs" / "reference" / "command-line.md"}  # tests/cli runs those
    silent = [line for page in pages(ROOT) if page not in by_program for line in silent_blocks(page)]
    assert not silent, "\n".join(silent)


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
