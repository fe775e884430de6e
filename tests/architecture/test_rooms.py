"""The tree keeps its own rules; and each rule notices a tree that breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

import rooms

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"


def text(violations: list[str]) -> str:
    return "\n".join(violations)


def test_every_include_follows_a_declared_arrow() -> None:
    violations = rooms.undeclared_edges(SRC)
    assert not violations, text(violations)


def test_the_python_extension_includes_only_rooms_it_links() -> None:
    build_file = ROOT / "python" / "CMakeLists.txt"
    if not build_file.exists():
        pytest.skip("there is no Python extension in this tree")
    build_text = build_file.read_text()
    for path in rooms.cpp_files(ROOT / "python"):
        for line, header in rooms.includes(path):
            parts = header.split("/")
            if parts[0] == "treadle" and len(parts) > 2 and parts[1] in rooms.read_rooms(SRC):
                linked = f"treadle_{parts[1]}" in build_text or f"treadle::{parts[1]}" in build_text
                assert linked, (
                    f"{path.name}:{line} includes <{header}>, which python/CMakeLists.txt does not link"
                )


def test_arrows_point_down_only() -> None:
    violations = rooms.upward_or_cyclic_deps(SRC)
    assert not violations, text(violations)


def test_heavy_headers_stay_behind_their_walls() -> None:
    folders = {room.name: room.folder for room in rooms.read_rooms(SRC).values()} | {
        "python": ROOT / "python"
    }
    violations = rooms.misplaced_heavy_headers(folders)
    assert not violations, text(violations)


def test_files_are_short() -> None:
    violations = rooms.oversized_files(
        [SRC, ROOT / "python", ROOT / "examples", ROOT / "tests", ROOT / "bench"]
    )
    assert not violations, text(violations)


def test_every_room_says_why_it_exists() -> None:
    violations = rooms.rooms_without_readme(SRC)
    assert not violations, text(violations)


def test_nothing_is_left_over() -> None:
    violations = rooms.leftovers(ROOT)
    assert not violations, text(violations)


@pytest.fixture
def bad_tree(tmp_path: Path) -> Path:
    """Two rooms; `upper` may use `lower`, and everything else about them is wrong."""
    (tmp_path / "CMakeLists.txt").write_text("add_subdirectory(src/lower)\nadd_subdirectory(src/upper)\n")
    for name, dep in (("lower", "upper"), ("upper", "lower")):
        folder = tmp_path / "src" / name
        (folder / "tests").mkdir(parents=True)
        (folder / "CMakeLists.txt").write_text(f"room(NAME {name}\n  SRCS a.cc  # one\n  DEPS {dep})\n")
    upper = tmp_path / "src" / "upper"
    (upper / "a.cc").write_text(
        "#include <treadle/lower/x.h>\n# include <treadle/other/x.h>\n#include <sqlite3.h>\n"
    )
    (upper / "include").mkdir()
    (upper / "include" / "a.h").write_text("#include <fmt/core.h>\n")
    (upper / "private.h").write_text("#include <fmt/core.h>\n")
    (upper / "long.cc").write_text("\n" * (rooms.MAX_SOURCE_LINES + 1))
    (upper / "utils.cc").write_text("// TO" + "DO\n// see /wo" + "rk/x\n")
    return tmp_path


def test_each_rule_notices_a_tree_that_breaks_it(bad_tree: Path) -> None:
    src = bad_tree / "src"
    (edge,) = rooms.undeclared_edges(src)
    assert "src/upper/a.cc:2" in edge
    assert "other" in edge
    assert rooms.upward_or_cyclic_deps(src) == ["room lower names upper, which is not below it"]
    heavy = rooms.misplaced_heavy_headers({"upper": src / "upper"})
    assert [line.split(" ")[0] for line in heavy] == ["upper/a.cc:3", "include/a.h:1"]
    assert len(rooms.oversized_files([src])) == 1
    assert len(rooms.rooms_without_readme(src)) == 2
    assert len(rooms.leftovers(bad_tree)) == 3


def test_a_declared_edge_is_no_violation(bad_tree: Path) -> None:
    (bad_tree / "src" / "upper" / "a.cc").write_text("#include <treadle/lower/x.h>\n")
    assert rooms.undeclared_edges(bad_tree / "src") == []


def test_tests_may_use_what_their_room_names_for_them(bad_tree: Path) -> None:
    upper = bad_tree / "src" / "upper"
    (upper / "CMakeLists.txt").write_text("room(NAME upper DEPS lower TEST_DEPS other)\n")
    (upper / "a.cc").write_text("")
    (upper / "tests" / "a_test.cc").write_text("#include <treadle/other/x.h>\n")
    assert rooms.undeclared_edges(bad_tree / "src") == []
    (upper / "a.cc").write_text("#include <treadle/other/x.h>\n")
    assert len(rooms.undeclared_edges(bad_tree / "src")) == 1
