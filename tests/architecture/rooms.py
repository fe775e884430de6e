"""What the tree says about its rooms, and its rules. Each rule returns its violations as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAX_HEADER_LINES = 400
MAX_SOURCE_LINES = 700
# Names that gather whatever has no home; a file is named for what is in it.
SHAPELESS_NAMES = {"utils", "util", "common", "misc", "helpers", "helper", "stuff", "tmp", "temp"}
LEFTOVER_SUFFIXES = {".orig", ".rej", ".bak", ".swp", ".tmp", ".patch"}
# Headers that cost seconds a file, and the rooms whose sources may include them. Never in a public header.
HEAVY_HEADERS: dict[str, set[str]] = {
    r"sqlite3\.h": {"db"},
    r"openssl/.*": {"base"},
    r"zstd\.h": {"base"},
    r"curl/.*": {"client"},
    r"cjose/.*": {"account"},
    r"toml\+\+/.*": {"app"},
    r"nanobind/.*": {"python"},
    r"boost/(?!json).*": {"http"},
    r"zlib\.h": {"cpp", "http", "pipes"},
    r"yaml-cpp/.*": {"sweep"},
    r"boost/json\.hpp": {"*"},
    r"boost/json/(?!fwd).*": {"*"},
    r"fmt/.*": {"*"},
    r"(regex|iostream)": {"*"},
}


@dataclass
class Room:
    name: str
    folder: Path
    deps: set[str]
    test_deps: set[str] = field(default_factory=set)
    has_sources: bool = False


def read_rooms(src: Path) -> dict[str, Room]:
    rooms = {}
    for path in sorted(src.glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        call = re.search(r"\broom\((.*?)\)", text, re.DOTALL)
        if call is None:
            continue
        words: dict[str, list[str]] = {}
        heading = ""
        for word in call.group(1).split():
            if word in {"NAME", "SRCS", "DEPS", "LIBS", "PUBLIC_LIBS", "TESTS", "TEST_DEPS"}:
                heading = word
                words[heading] = []
            else:
                words[heading].append(word)
        name = words["NAME"][0]
        rooms[name] = Room(
            name,
            path.parent,
            set(words.get("DEPS", [])),
            set(words.get("TEST_DEPS", [])),
            bool(words.get("SRCS")),
        )
    return rooms


def cpp_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".h", ".hpp", ".cc", ".cpp"} and path.is_file():
            yield path


def includes(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1)


def undeclared_edges(src: Path) -> list[str]:
    rooms = read_rooms(src)
    violations = []
    for room in rooms.values():
        for path in cpp_files(room.folder):
            inside = path.relative_to(room.folder).parts[0]
            allowed = (
                {room.name} | room.deps | (room.test_deps if inside in {"tests", "bench", "fuzz"} else set())
            )
            for line, header in includes(path):
                found = re.match(r"treadle/([^/]+)/", header)
                if found and found.group(1) not in allowed:
                    violations.append(
                        f"{path.relative_to(src.parent)}:{line} includes <{header}>, but {room.name} does "
                        f"not name {found.group(1)} in the DEPS of {room.folder.name}/CMakeLists.txt"
                    )
    return violations


def upward_or_cyclic_deps(src: Path) -> list[str]:
    """A room may name only rooms that come before it in the top CMakeLists.txt: so no cycle is possible."""
    rooms = read_rooms(src)
    order = re.findall(r"add_subdirectory\(src/(\w+)\)", (src.parent / "CMakeLists.txt").read_text())
    violations = [f"src/{name} is no room of the top CMakeLists.txt" for name in rooms if name not in order]
    for room in rooms.values():
        if room.name not in order:
            continue
        below = set(order[: order.index(room.name)])
        violations += [
            f"room {room.name} names {dep}, which is not below it" for dep in sorted(room.deps - below)
        ]
    return violations


def misplaced_heavy_headers(folders: dict[str, Path]) -> list[str]:
    violations = []
    for name, folder in folders.items():
        for path in cpp_files(folder):
            public = path.suffix in {".h", ".hpp"} and "include" in path.relative_to(folder).parts
            for line, header in includes(path):
                for pattern, allowed in HEAVY_HEADERS.items():
                    if not re.fullmatch(pattern, header):
                        continue
                    place = f"{path.parent.name}/{path.name}:{line}"
                    if public:
                        violations.append(f"{place} includes <{header}> in a public header: hide it")
                    elif "*" not in allowed and name not in allowed:
                        violations.append(
                            f"{place} includes <{header}>, which belongs in {sorted(allowed)} only"
                        )
    return violations


def oversized_files(folders: list[Path]) -> list[str]:
    violations = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix not in {".h", ".hpp", ".cc", ".cpp", ".py", ".pyi"} or not path.is_file():
                continue
            limit = MAX_HEADER_LINES if path.suffix in {".h", ".hpp"} else MAX_SOURCE_LINES
            lines = len(path.read_text().splitlines())
            if lines > limit:
                violations.append(f"{path}: {lines} lines, more than {limit}: split it by topic")
    return violations


def rooms_without_readme(src: Path) -> list[str]:
    return [
        f"src/{room.name} has no README.md that says why the room exists"
        for room in read_rooms(src).values()
        if room.has_sources and not (room.folder / "README.md").is_file()
    ]


def tracked_files(root: Path) -> Iterator[Path]:
    """Every file of the tree that is not made by building or running it."""
    made = {
        ".git",
        ".venv",
        ".treadle",
        "build",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
    }
    stack = [root]
    while stack:
        for path in sorted(stack.pop().iterdir()):
            if path.is_dir() and not path.is_symlink():
                if path.name not in made:
                    stack.append(path)
            elif path.name != ".git":
                yield path


def leftovers(root: Path) -> list[str]:
    violations = []
    machine_paths = re.compile("|".join("/" + name + "/" for name in ("work", "root")))
    unfinished = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
    for path in tracked_files(root):
        where = path.relative_to(root)
        if path.stem in SHAPELESS_NAMES or path.suffix in LEFTOVER_SUFFIXES or path.name.endswith("~"):
            violations.append(f"{where}: no name for a file that stays")
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if machine_paths.search(line):
                violations.append(f"{where}:{number} names a path of one machine")
            if unfinished.search(line) and path.suffix != ".md":
                violations.append(f"{where}:{number} is marked as unfinished")
    return violations
