"""Frames of Pandas, Polars and Arrow: what is recorded of an asset that is annotated with one."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from unittest import mock

import pytest

import treadle as dg


def facts(asset: Any) -> dict[str, Any]:
    result = dg.materialize_to_memory([asset])
    return dict(result.asset_materializations_for_node(asset.key.path[-1])[0].metadata)


def columns(metadata: dict[str, Any]) -> list[tuple[str, str]]:
    return [(c.name, c.type) for c in metadata["dagster/column_schema"].schema.columns]


def test_a_frame_of_pandas_is_told_with_its_schema_rows_and_first_rows() -> None:
    pandas = pytest.importorskip("pandas")

    def make() -> Any:
        when = pandas.Timestamp("2026-01-01")
        rows = {"n": range(8), "x": [1.5, None] * 4, "word": ["a" * 300] * 8, "at": [when] * 8, 7: [True] * 8}
        return pandas.DataFrame(rows)

    make.__annotations__["return"] = pandas.DataFrame
    told = facts(dg.asset(name="frame")(make))
    assert told["dagster/row_count"].value == 8
    kinds = dict(columns(told))
    assert kinds["n"] == "int64"
    assert kinds["x"] == "float64"
    assert kinds["7"] == "bool"
    assert kinds["at"].startswith("datetime64")
    rows = [r.data for r in told["preview"].records]
    assert len(rows) == 5
    assert rows[1]["n"] == 1
    assert rows[1]["x"] is None
    assert rows[0]["7"] in (True, 1)
    assert rows[0]["at"].startswith("2026-01-01")
    assert len(rows[0]["word"]) == 203


def test_a_frame_of_polars_and_a_lazy_one() -> None:
    polars = pytest.importorskip("polars")

    def eager() -> Any:
        return polars.DataFrame({"a": [1, 2], "b": [["x"], ["y"]]})

    def lazy() -> Any:
        return polars.LazyFrame({"a": [1]}).map_batches(lambda _: 1 / 0, schema={"a": polars.Int64})

    eager.__annotations__["return"] = polars.DataFrame
    lazy.__annotations__["return"] = polars.LazyFrame
    told = facts(dg.asset(eager))
    assert columns(told) == [("a", "Int64"), ("b", "List(String)")]
    assert told["dagster/row_count"].value == 2
    assert told["preview"].records[1].data == {"a": 2, "b": "['y']"}
    told = facts(dg.asset(lazy))
    assert columns(told) == [("a", "Int64")]
    assert set(told) == {"dagster/column_schema"}


def test_a_table_of_arrow_and_what_the_function_says_itself() -> None:
    arrow = pytest.importorskip("pyarrow")

    def table(context: dg.AssetExecutionContext) -> Any:
        context.add_output_metadata({"dagster/row_count": 40, "own": "x"})
        return arrow.table({"a": [1, 2, 3]})

    table.__annotations__["return"] = arrow.Table
    told = facts(dg.asset(table))
    assert columns(told) == [("a", "int64")]
    assert told["dagster/row_count"].value == 40
    assert told["own"].value == "x"
    assert [r.data for r in told["preview"].records] == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_what_is_not_annotated_or_no_asset_is_left_alone() -> None:
    pandas = pytest.importorskip("pandas")

    @dg.asset
    def frame():  # type: ignore[no-untyped-def]
        return pandas.DataFrame({"a": [1]})

    assert facts(frame) == {}


def test_a_mock_that_passes_for_a_frame_is_left_alone() -> None:
    pandas = pytest.importorskip("pandas")

    def mocked() -> Any:
        return mock.MagicMock(spec=pandas.DataFrame)

    mocked.__annotations__["return"] = pandas.DataFrame
    assert facts(dg.asset(mocked)) == {}


def test_a_value_of_another_type_is_refused() -> None:
    pandas = pytest.importorskip("pandas")

    def frame() -> Any:
        return [1]

    frame.__annotations__["return"] = pandas.DataFrame
    with pytest.raises(dg.DagsterTypeCheckDidNotPass, match="DataFrame"):
        dg.materialize_to_memory([dg.asset(frame)])


def test_nothing_is_imported_for_it() -> None:
    text = (
        "import sys, treadle as dg\n"
        "@dg.asset\n"
        "def one() -> int: return 1\n"
        "assert dg.materialize_to_memory([one]).success\n"
        "print([m for m in ('pandas', 'polars', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
