"""How values are kept: equal when read back, each in its format, readable by other languages where that
was promised.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import treadle as dg


def round_trip(value: Any, tmp_path: Path) -> Any:
    """Kept by one run, read by the next one."""

    @dg.asset
    def source() -> Any:
        return value

    read: list[Any] = []

    @dg.asset
    def sink(source: Any) -> None:
        read.append(source)

    instance = dg.DagsterInstance.local_temp(str(tmp_path / "home"))
    dg.materialize([source, sink], instance=instance, selection=[source])
    dg.materialize([source, sink], instance=instance, selection=[sink])
    assert len(read) == 1
    return read[0]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -1.5,
        "grün",
        "",
        b"\x00\xff",
        b"",
        [1, "a", None],
        {"a": {"b": (1, 2)}},
        {1, 2},
        "lone \ud800 surrogate",
        2**100,
        Path("relative"),
        dg.AssetKey(["a", "b"]),
        dg.MetadataValue.md("x"),
    ],
)
def test_values_are_equal_when_read_back(value: Any, tmp_path: Path) -> None:
    back = round_trip(value, tmp_path)
    assert back == value
    assert type(back) is type(value)


def test_json_is_read_back_as_the_plain_value(tmp_path: Path) -> None:
    assert round_trip(dg.Json({"a": [1, 2.5, None, "ü"]}), tmp_path) == {"a": [1, 2.5, None, "ü"]}


def test_a_json_value_is_plain_within_its_run_too() -> None:
    @dg.asset
    def source() -> dg.Json:
        return dg.Json([1])

    @dg.asset
    def sink(source: list[int]) -> int:
        return source[0]

    for run in (dg.materialize, dg.materialize_to_memory):
        result = run([source, sink])
        assert result.asset_value("source") == [1]
        assert result.asset_value("sink") == 1


def test_a_file_comes_back_as_a_file_of_the_same_name(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"weights")
    back = round_trip(dg.File(path), tmp_path)
    assert isinstance(back, dg.File)
    assert Path(back).name == "model.onnx"
    assert Path(back).read_bytes() == b"weights"


def test_a_folder_comes_back_with_everything_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.png").write_bytes(b"a")
    (folder / "deep" / "b.png").write_bytes(b"b")
    back = round_trip(dg.Folder(folder), tmp_path)
    assert isinstance(back, dg.Folder)
    assert (Path(back) / "deep" / "b.png").read_bytes() == b"b"


def test_a_file_that_is_not_there_fails_with_its_name(tmp_path: Path) -> None:
    @dg.asset
    def lost() -> dg.File:
        return dg.File(tmp_path / "nowhere.bin")

    with pytest.raises(Exception, match=r"nowhere\.bin"):
        dg.materialize([lost])


def test_what_cannot_be_pickled_fails_with_the_reason() -> None:
    @dg.asset
    def stream() -> Any:
        return sys._getframe()

    with pytest.raises(Exception, match="pickle"):
        dg.materialize([stream])


def test_none_follows_what_it_was_made_from(tmp_path: Path) -> None:
    """A function without a result still passes on that something changed above it."""
    csv = tmp_path / "rows.csv"
    csv.write_text("1")
    rows = dg.file_asset("rows", csv)

    @dg.asset(deps=[rows])
    def ingest():  # type: ignore[no-untyped-def]
        return None

    instance = dg.DagsterInstance.local_temp(str(tmp_path / "home"))
    versions = []
    for text in ("1", "2"):
        csv.write_text(text)
        dg.materialize([rows, ingest], instance=instance)
        versions.append(instance.get_latest_data_version(ingest.key))
    assert versions[0] != versions[1]
    assert instance.load_asset_value("ingest") is None


def test_a_file_asset_is_handed_over_as_a_file(tmp_path: Path) -> None:
    csv = tmp_path / "rows.csv"
    csv.write_text("1,2")
    rows = dg.file_asset("rows", csv, description="two numbers")

    @dg.asset
    def total(rows: dg.File) -> int:
        return sum(map(int, Path(rows).read_text().split(",")))

    result = dg.materialize([rows, total])
    assert result.asset_value("total") == 3


def test_the_kept_form_is_what_other_languages_read(tmp_path: Path) -> None:
    @dg.asset
    def text() -> str:
        return "ü"

    @dg.asset
    def data() -> dg.Json:
        return dg.Json({"n": 1})

    home = tmp_path / "home"
    dg.materialize([text, data], instance=dg.DagsterInstance.local_temp(str(home)))
    from treadle import _core
    from treadle._definitions.loader import load_for_core

    for name, file, content in [("text", "output.txt", "ü".encode()), ("data", "output.json", None)]:
        target = tmp_path / name
        arguments = ["treadle", "artifact", "get", name, str(target), "--home", str(home)]
        assert _core.cli_main(arguments, load_for_core) == 0
        kept = (target / file).read_bytes()
        assert kept == content if content is not None else json.loads(kept) == {"n": 1}


def test_equal_content_makes_no_new_version(tmp_path: Path) -> None:
    @dg.asset
    def same() -> dict[str, int]:
        return {"a": 1}

    instance = dg.DagsterInstance.local_temp(str(tmp_path))
    kept = []
    for _ in range(2):
        result = dg.materialize([same], instance=instance)
        kept.append(result.get_asset_materialization_events()[0].payload["provenance"]["artifact"])
    assert kept[0] == kept[1]
    assert kept[0].endswith("same:v0")


def test_an_altered_pickle_is_refused(tmp_path: Path) -> None:
    @dg.asset
    def a() -> list[int]:
        return [1]

    home = tmp_path / "home"
    dg.materialize([a], instance=dg.DagsterInstance.local_temp(str(home)))
    key = home / "key"
    key.chmod(0o600)
    key.write_bytes(os.urandom(32))
    with pytest.raises(dg.TreadleError) as e:
        dg.DagsterInstance.local_temp(str(home)).load_asset_value("a")
    assert e.value.code in ("corrupt", "permission_denied")
