"""Integration packages for Dagster, as released, over Treadle: docs/dagster-projects.md.
They are fetched once per build, without Dagster itself. Without the index the tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = (
    "dagster-duckdb==0.29.27",
    "dagster-duckdb-pandas==0.29.27",
    "dagster-duckdb-polars==0.29.27",
    "dagster-pandas==0.29.27",
    "dagster-shared==1.13.27",
    "duckdb==2.0.0",
)


@pytest.fixture(scope="session")
def packages() -> Path:
    folder = Path(__file__).resolve().parents[2] / "build" / "integrations" / "site-packages"
    done = folder / ".installed"
    if not done.exists() or done.read_text() != " ".join(PACKAGES):
        options = ("--quiet", "--no-deps", "--upgrade", "--target", str(folder))
        command = [sys.executable, "-m", "pip", "install", *options, *PACKAGES]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        if fetched.returncode != 0:
            pytest.skip(f"the package index cannot be reached: {fetched.stderr[-200:]}")
        done.write_text(" ".join(PACKAGES))
    return folder


def run(packages: Path, folder: Path, program: str) -> list[str]:
    (folder / "program.py").write_text(program)
    paths = os.pathsep.join(p for p in (str(packages), os.environ.get("PYTHONPATH", "")) if p)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "treadle.as_dagster", "program.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_duckdb_keeps_frames_of_pandas_and_polars_by_partition(packages: Path, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    program = """
import dagster as dg
import pandas as pd
import polars as pl
from dagster_duckdb import DuckDBResource
from dagster_duckdb_pandas import DuckDBPandasIOManager
from dagster_duckdb_polars import DuckDBPolarsIOManager

days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-04")

@dg.asset(key_prefix=["shop"], partitions_def=days, metadata={"partition_expr": "day"})
def sales(context: dg.AssetExecutionContext) -> pd.DataFrame:
    day = pd.Timestamp(context.partition_key)
    return pd.DataFrame({"day": [day, day], "amount": [1.0, 2.0], "note": ["a", "b"]})

@dg.asset(key_prefix=["shop"], ins={"sales": dg.AssetIn(["shop", "sales"], metadata={"columns": ["amount"]})})
def total(sales: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"total": [sales.amount.sum()], "columns": [len(sales.columns)]})

@dg.asset(io_manager_key="polars", key_prefix=["shop"])
def squares() -> pl.DataFrame:
    return pl.DataFrame({"n": [1, 2, 3]}).with_columns(square=pl.col("n") ** 2)

@dg.asset(deps=[squares])
def counted(duckdb: DuckDBResource) -> dg.MaterializeResult:
    with duckdb.get_connection() as connection:
        rows = connection.execute("select count(*) from shop.squares").fetchone()[0]
    return dg.MaterializeResult(metadata={"rows": rows})

defs = dg.Definitions(
    assets=[sales, total, squares, counted],
    resources={
        "io_manager": DuckDBPandasIOManager(database="store.db"),
        "polars": DuckDBPolarsIOManager(database="store.db"),
        "duckdb": DuckDBResource(database="store.db"),
    },
)
home = dg.DagsterInstance.ephemeral()
job = defs.get_implicit_global_asset_job_def()
for day in ["2026-01-01", "2026-01-02", "2026-01-02"]:
    assert dg.materialize([sales], partition_key=day, resources=defs.resources, instance=home).success
whole = [total, squares, counted, sales]
result = dg.materialize(whole, selection=[total, squares, counted], resources=defs.resources, instance=home)
print(result.output_for_node("shop__total").to_dict("records"))
told = result.asset_materializations_for_node("shop__squares")[0].metadata
print(told["dagster/table_name"].value, told["dagster/row_count"].value, told["Query"].value)
print(result.asset_materializations_for_node("counted")[0].metadata["rows"].value)
"""
    assert run(packages, tmp_path, program) == [
        "[{'total': 6.0, 'columns': 1}]",
        "store.db.shop.squares 3 SELECT * FROM shop.squares",
        "3",
    ]


def test_types_of_dagster_pandas_check_columns_and_tell_facts(packages: Path, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    program = """
import dagster as dg
import pandas as pd
from dagster_pandas import PandasColumn, create_dagster_pandas_dataframe_type

Trips = create_dagster_pandas_dataframe_type(
    name="Trips",
    columns=[PandasColumn.integer_column("bike", min_value=0)],
    metadata_fn=lambda frame: {"rows": dg.MetadataValue.int(len(frame))},
)

@dg.op(out=dg.Out(Trips), config_schema={"bike": int})
def load(context):
    return pd.DataFrame({"bike": [context.op_config["bike"]], "color": ["red"]})

@dg.job
def trips(): load()

for bike in (1, -1):
    config = {"ops": {"load": {"config": {"bike": bike}}}}
    result = trips.execute_in_process(run_config=config, raise_on_error=False)
    print(result.success)
    if not result.success:
        print('column "bike"' in result.failure_data_for_node("load").error.message)
"""
    assert run(packages, tmp_path, program) == ["True", "False", "True"]
