"""Metadata: every kind is kept and read back as itself."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import treadle as dg
from treadle._errors import CheckError

M = dg.MetadataValue
LINEAGE = dg.TableColumnLineage({"c": [dg.TableColumnDep("a", "d")]})
SCHEMA = dg.TableSchema(
    [dg.TableColumn("a", "int", "first", dg.TableColumnConstraints(nullable=False), tags={"k": "v"})]
)
EVERY_KIND = {
    "text": M.text("x"),
    "int": M.int(3),
    "float": M.float(1.5),
    "bool": M.bool(False),
    "url": M.url("https://example.com"),
    "path": M.path(Path("/a/b")),
    "notebook": M.notebook("n.ipynb"),
    "json": M.json({"a": [1, None]}),
    "md": M.md("| a |"),
    "asset": M.asset(dg.AssetKey(["a", "b"])),
    "run": M.dagster_run("some-run"),
    "job": M.job("j", "here", repository_name="r"),
    "timestamp": M.timestamp(datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)),
    "table": M.table([dg.TableRecord({"a": 1, "b": "x"})]),
    "table_schema": M.table_schema(SCHEMA),
    "lineage": M.column_lineage(LINEAGE),
    "null": M.null(),
    "python": M.python_artifact(Path.exists),
    "pool": M.pool("p"),
}


def test_every_kind_survives_the_record() -> None:
    @dg.asset
    def a() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata=EVERY_KIND)

    [materialization] = dg.materialize([a]).asset_materializations_for_node("a")
    assert dict(materialization.metadata) == EVERY_KIND


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("x", dg.TextMetadataValue),
        (1, dg.IntMetadataValue),
        (True, dg.BoolMetadataValue),
        (1.5, dg.FloatMetadataValue),
        ([1], dg.JsonMetadataValue),
        ({"a": 1}, dg.JsonMetadataValue),
        (Path("/a"), dg.PathMetadataValue),
        (dg.AssetKey("a"), dg.DagsterAssetMetadataValue),
        (SCHEMA, dg.TableSchemaMetadataValue),
        (LINEAGE, dg.TableColumnLineageMetadataValue),
        (None, dg.NullMetadataValue),
    ],
)
def test_bare_values_get_the_kind_that_fits(raw: object, kind: type) -> None:
    assert type(dg.AssetMaterialization("a", metadata={"x": raw}).metadata["x"]) is kind  # type: ignore[dict-item]


def test_other_values_are_refused_with_their_name() -> None:
    with pytest.raises(dg.DagsterInvalidMetadata, match='"x" to a known type'):
        dg.AssetMaterialization("a", metadata={"x": object()})  # type: ignore[dict-item]
    with pytest.raises(dg.DagsterInvalidMetadata, match="not JSON"):
        M.json({"a": object()})


def test_timestamps_need_a_time_zone() -> None:
    with pytest.raises(dg.CheckError, match="must have timezones"):
        M.timestamp(datetime.datetime(2020, 1, 1))
    assert M.timestamp(12.5).value == 12.5


def test_a_table_finds_its_schema() -> None:
    table = M.table([dg.TableRecord({"a": 1, "b": 0.5, "c": True, "d": "x"})])
    assert [(c.name, c.type) for c in table.schema.columns] == [
        ("a", "int"),
        ("b", "float"),
        ("c", "bool"),
        ("d", "string"),
    ]
    with pytest.raises(dg.CheckError, match="same fields"):
        M.table([dg.TableRecord({"a": 1}), dg.TableRecord({"b": 1})])
    with pytest.raises(dg.CheckError, match="schema must be provided"):
        M.table([])


def test_numbers_beyond_64_bits_are_kept_to_the_digit() -> None:
    @dg.asset
    def a() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"big": 2**70})

    [materialization] = dg.materialize([a]).asset_materializations_for_node("a")
    assert materialization.metadata["big"].value == str(2**70)


def test_not_a_number_survives() -> None:
    @dg.asset
    def a() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"nan": float("nan"), "inf": float("inf")})

    [materialization] = dg.materialize([a]).asset_materializations_for_node("a")
    assert str(materialization.metadata["nan"].value) == "nan"
    assert materialization.metadata["inf"].value == float("inf")


def test_results_keep_metadata_as_it_was_given() -> None:
    for made in (dg.MaterializeResult, dg.ObserveResult):
        assert made(metadata={"rows": 1}).metadata == {"rows": 1}
        assert made().metadata is None
        assert made().tags is None
        with pytest.raises(CheckError, match="known type"):
            made(metadata={"rows": object()})  # type: ignore[dict-item]
