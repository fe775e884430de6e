"""Finding definitions in files and modules."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import treadle as dg
from treadle._definitions import loader


@pytest.fixture(autouse=True)
def clean_imports() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def keys(defs: dg.Definitions) -> list[str]:
    return sorted(k.to_user_string() for k in defs.resolve_all_asset_keys())


LOOSE = """
import treadle as dg
@dg.asset
def a(): return 1
@dg.asset_check(asset=a)
def fine(): return dg.AssetCheckResult(passed=True)
more = [dg.AssetSpec("outside"), a]
job = dg.define_asset_job("everything")
"""


def test_loose_definitions_of_a_file_are_collected(tmp_path: Path) -> None:
    (tmp_path / "loose.py").write_text(LOOSE)
    defs, origin = loader.load("loose.py", "", str(tmp_path))
    assert keys(defs) == ["a", "outside"]
    assert [c.check_key.name for c in defs.asset_checks or ()] == ["fine"]
    assert [j.name for j in defs.jobs or ()] == ["everything"]
    assert json.loads(origin)["file"] == str(tmp_path / "loose.py")


def test_a_definitions_object_wins(tmp_path: Path) -> None:
    (tmp_path / "chosen.py").write_text(LOOSE + "defs = dg.Definitions(assets=[a])\n")
    assert keys(loader.load("chosen.py", "", str(tmp_path))[0]) == ["a"]


def test_two_definitions_objects_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text(LOOSE + "x = dg.Definitions([a])\ny = dg.Definitions([a])\n")
    with pytest.raises(dg.DagsterInvariantViolationError, match="x, y"):
        loader.load("two.py", "", str(tmp_path))


def test_a_file_without_definitions_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(dg.DagsterInvariantViolationError, match="no Definitions object"):
        loader.load("empty.py", "", str(tmp_path))


def test_a_file_can_import_its_neighbours_and_be_named_like_another_module(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("VALUE = 5\n")
    (tmp_path / "json.py").write_text(
        "import neighbour\nimport treadle as dg\n@dg.asset\ndef a(): return neighbour.VALUE\n"
    )
    assert keys(loader.load("json.py", "", str(tmp_path))[0]) == ["a"]


def test_a_module_is_imported_from_the_working_directory(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "assets.py").write_text(LOOSE)
    defs, origin = loader.load("", "shop.assets", str(tmp_path))
    assert keys(defs) == ["a", "outside"]
    assert json.loads(origin)["module"] == "shop.assets"


def test_what_user_code_raises_is_told_without_our_frames(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def deep():\n    raise ValueError('no luck')\ndeep()\n")
    with pytest.raises(ValueError, match="no luck") as e:
        loader.load("broken.py", "", str(tmp_path))
    e.value.__traceback__ = e.tb.tb_next  # the command line calls from C++, not from this file
    told = loader.tell_load_error(e.value)
    assert 'broken.py", line 3, in <module>' in told
    assert "loader.py" not in told
    assert told.splitlines()[-1] == "ValueError: no luck"


def test_assets_of_modules_in_a_group_and_below_a_prefix(tmp_path: Path) -> None:
    (tmp_path / "grouped.py").write_text(LOOSE)
    sys.path.insert(0, str(tmp_path))
    import grouped  # type: ignore[import-not-found]

    [a] = dg.load_assets_from_modules([grouped], group_name="g", key_prefix="p")
    assert a.key == dg.AssetKey(["p", "a"])
    assert a.get_asset_spec().group_name == "g"
    assert dg.materialize([a]).success
    assert [c.name for c in dg.load_asset_checks_from_modules([grouped])] == ["fine"]
