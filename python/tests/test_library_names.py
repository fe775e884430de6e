"""What integration packages import from Dagster's inner modules: the base of database IO managers, marks of
stability, records, sets of metadata, and small functions."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import treadle as dg

PROGRAM_OF_TABLES = """
import sqlite3, sys
from contextlib import contextmanager
import dagster as dg
from dagster._core.definitions.partitions.utils import TimeWindow
from dagster._core.storage.db_io_manager import (
    DbClient, DbIOManager, DbTypeHandler, TablePartitionDimension, TableSlice, static_where_clause,
)

def where(dimensions):
    told = []
    for d in dimensions:
        if isinstance(d.partitions, TimeWindow):
            start, end = d.partitions
            told.append(f"{d.partition_expr} >= '{start:%Y-%m-%d}' AND {d.partition_expr} < '{end:%Y-%m-%d}'")
        else:
            told.append(static_where_clause(d))
    return " AND ".join(told)

class Client(DbClient):
    @staticmethod
    def delete_table_slice(context, table_slice, connection):
        try:
            connection.execute(f"DELETE FROM {table_slice.schema}_{table_slice.table} WHERE "
                               + (where(table_slice.partition_dimensions) or "1"))
        except sqlite3.OperationalError:
            pass
    @staticmethod
    def get_select_statement(table_slice):
        columns = ", ".join(table_slice.columns or ("*",))
        text = f"SELECT {columns} FROM {table_slice.schema}_{table_slice.table}"
        if table_slice.partition_dimensions:
            text += " WHERE " + where(table_slice.partition_dimensions)
        return text
    @staticmethod
    def ensure_schema_exists(context, table_slice, connection): pass
    @staticmethod
    @contextmanager
    def connect(context, table_slice):
        with sqlite3.connect(context.resource_config["database"]) as connection:
            yield connection

class Rows(DbTypeHandler[list]):
    supported_types = [list]
    def handle_output(self, context, table_slice, obj, connection):
        name = f"{table_slice.schema}_{table_slice.table}"
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(obj[0])})")
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' for _ in obj[0])})",
                               [tuple(row.values()) for row in obj])
        return {"rows": len(obj)}
    def load_input(self, context, table_slice, connection):
        cursor = connection.execute(Client.get_select_statement(table_slice))
        return [dict(zip([c[0] for c in cursor.description], row)) for row in cursor]

class Tables(dg.ConfigurableIOManagerFactory):
    database: str
    def create_io_manager(self, context):
        return DbIOManager(type_handlers=[Rows()], db_client=Client(), database=self.database,
                           io_manager_name="Tables")

days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-05")

@dg.asset(key_prefix=["shop"], partitions_def=days, metadata={"partition_expr": "day"})
def sales(context) -> list:
    return [{"day": context.partition_key, "n": 1}]

@dg.asset(ins={"sales": dg.AssetIn(key=["shop", "sales"], metadata={"columns": ["n"]})})
def total(sales: list) -> list:
    return [{"n": sum(row["n"] for row in sales), "columns": len(sales[0])}]

two = dg.MultiPartitionsDefinition({"day": days, "shop": dg.StaticPartitionsDefinition(["it's", "b"])})

@dg.asset(partitions_def=two, metadata={"partition_expr": {"day": "day", "shop": "shop"}, "schema": "own"})
def stock(context) -> list:
    key = context.partition_key.keys_by_dimension
    return [{"day": key["day"], "shop": key["shop"]}]

io = {"io_manager": Tables(database=sys.argv[1])}
home = dg.DagsterInstance.ephemeral()
for day in ("2026-01-01", "2026-01-02", "2026-01-02"):
    dg.materialize([sales], partition_key=day, resources=io, instance=home)
result = dg.materialize([total, sales.to_source_asset()], resources=io, selection=[total], instance=home)
print(result.output_for_node("total"))
for shop in ("it's", "b", "b"):
    key = dg.MultiPartitionKey({"day": "2026-01-03", "shop": shop})
    result = dg.materialize([stock], partition_key=key, resources=io, instance=home)
told = result.asset_materializations_for_node("stock")[0].metadata
print({k: v.value for k, v in told.items()})

@dg.asset
def wrong() -> str:
    return "text"
try:
    dg.materialize([wrong], resources=io)
except Exception as e:
    print(type(e).__name__, e)
"""


def under_dagsters_names(folder: Path, program: str, *arguments: str) -> list[str]:
    (folder / "program.py").write_text(program)
    command = [sys.executable, "-m", "treadle.as_dagster", "program.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_tables_of_a_database_are_kept_slice_by_slice(tmp_path: Path) -> None:
    database = str(tmp_path / "shop.db")
    told = under_dagsters_names(tmp_path, PROGRAM_OF_TABLES, database)
    assert told[0] == "[{'n': 2, 'columns': 1}]"
    assert "'rows': 1" in told[1]
    assert f"'dagster/table_name': '{database}.own.stock'" in told[1]
    assert "day >= '2026-01-03' AND day < '2026-01-04' AND shop in ('b')" in told[1]
    assert told[2].startswith("CheckError Tables does not have a handler for type '<class 'str'>'.")
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT day, n FROM shop_sales ORDER BY day").fetchall() == [
            ("2026-01-01", 1),
            ("2026-01-02", 1),
        ]
        assert connection.execute("SELECT shop FROM own_stock ORDER BY shop").fetchall() == [
            ("b",),
            ("it's",),
        ]


def test_marks_of_stability_warn_when_a_thing_is_used(tmp_path: Path) -> None:
    from treadle._dagster import lifecycle as marks
    from treadle._dagster.warnings import BetaWarning, disable_dagster_warnings

    @marks.beta
    def young() -> int:
        return 1

    @marks.deprecated(breaking_version="2.0", additional_warn_text="Use young.")
    class Old:
        @marks.public
        def shown(self) -> None: ...

    def with_b(a: int, b: int | None = None) -> int:
        return a

    partly = marks.beta_param(with_b, param="b")

    def silent() -> None: ...

    quiet = marks.preview(silent, emit_runtime_warning=False)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert young() == 1
        Old()
        partly(1)
        partly(1, b=2)
        quiet()
        with disable_dagster_warnings():
            young()
    assert [w.category for w in caught] == [BetaWarning, DeprecationWarning, BetaWarning]
    name = "test_marks_of_stability_warn_when_a_thing_is_used.<locals>"
    assert str(caught[0].message).startswith(f"Function `{name}.young` is currently in beta, and may have")
    assert str(caught[1].message) == (
        f"Class `{name}.Old` is deprecated and will be removed in 2.0. Use young."
    )
    assert str(caught[2].message).startswith(
        f"Parameter `b` of function `{name}.with_b` is currently in beta"
    )
    assert all(w.filename == __file__ for w in caught)
    assert marks.is_public(Old.shown)
    assert not marks.is_public(Old)
    assert marks.is_preview(quiet)
    assert marks.get_deprecated_info(Old).breaking_version == "2.0"


def test_a_resource_may_show_steps_something_else(tmp_path: Path) -> None:
    program = """
import dagster as dg

class Client: pass

class Factory(dg.ConfigurableResource, dg.IAttachDifferentObjectToOpContext):
    name: str
    def get_object_to_set_on_execution_context(self):
        client = Client(); client.name = self.name
        return client

@dg.asset(required_resource_keys={"shop"})
def seen(context):
    return type(context.resources.shop).__name__, context.resources.shop.name

@dg.asset
def given(shop: Factory):
    return type(shop).__name__, shop.name

result = dg.materialize([seen, given], resources={"shop": Factory(name="x")})
print(result.output_for_node("seen"), result.output_for_node("given"))
print(given(Factory(name="y")), seen(dg.build_asset_context(resources={"shop": Factory(name="z")})))
"""
    assert under_dagsters_names(tmp_path, program) == [
        "('Client', 'x') ('Factory', 'x')",
        "('Factory', 'y') ('Client', 'z')",
    ]


def test_sets_of_metadata_records_and_small_functions(tmp_path: Path) -> None:
    program = """
import dagster as dg
from dagster._core.definitions.metadata import TableMetadataSet
from dagster._core.definitions.metadata.metadata_set import NamespacedMetadataSet
from dagster._core.libraries import DagsterLibraryRegistry
from dagster._record import as_dict, copy, record, replace
from dagster._utils import pushd, safe_tempfile_path
from dagster._utils.backoff import backoff
from dagster._utils.cached_method import cached_method
from dagster._utils.merger import deep_merge_dicts, merge_dicts
from dagster._utils.names import clean_name_lower
from dagster._core.utils import exhaust_iterator_and_yield_results_with_exception as exhausted

told = {**TableMetadataSet(row_count=3, table_name="Shop.Sales"), "other": 1}
old = {"dagster/relation_identifier": dg.MetadataValue.text("A.B")}
print(told, TableMetadataSet.extract(old).table_name, TableMetadataSet.extract_normalized_table_name(told))

class Own(NamespacedMetadataSet):
    size: int | None = None
    @classmethod
    def namespace(cls): return "own"
print(dict(Own(size=1)), Own.extract({"own/size": dg.MetadataValue.int(2), "x": 1}).size)

@record
class Point:
    x: int
    y: int = 0
point = Point(x=1)
print(point, as_dict(replace(point, y=2)), copy(point, x=5).x, hash(point) == hash(Point(x=1)))

class Slow:
    calls = 0
    @cached_method
    def add(self, a, b):
        Slow.calls += 1
        return a + b
slow = Slow()
print(slow.add(1, 2), slow.add(a=1, b=2), slow.add(b=2, a=1), Slow.calls)

tries = []
def flaky(n, *, word):
    tries.append(n)
    if len(tries) < 3: raise OSError
    return word
print(backoff(flaky, (OSError,), (1,), {"word": "done"}, delay_generator=iter([0, 0, 0])), len(tries))
print(merge_dicts({"a": 1}, {"a": 2, "b": 3}), deep_merge_dicts({"a": {"x": 1}, "b": 1}, {"a": {"y": 2}}))
print(clean_name_lower("A B-c"))

def halfway():
    yield 1
    raise KeyError("x")
got = []
try:
    for one in exhausted(halfway()): got.append(one)
except KeyError: print(got, "then the error")
DagsterLibraryRegistry.register("dagster-shop", "0.1")
print(DagsterLibraryRegistry.get()["dagster-shop"])
"""
    assert under_dagsters_names(tmp_path, program) == [
        "{'dagster/row_count': 3, 'dagster/table_name': 'Shop.Sales', 'other': 1} A.B shop.sales",
        "{'own/size': 1} 2",
        "Point(x=1, y=0) {'x': 1, 'y': 2} 5 True",
        "3 3 3 1",
        "done 3",
        "{'a': 2, 'b': 3} {'a': {'x': 1, 'y': 2}, 'b': 1}",
        "a_b_c",
        "[1] then the error",
        "0.1",
    ]


def test_resources_and_configuration_may_be_given_by_their_place(tmp_path: Path) -> None:
    program = """
import dagster as dg

class Shop(dg.ConfigurableResource):
    name: str

class Size(dg.Config):
    n: int

@dg.asset
def given(shop: Shop):
    return shop.name

@dg.asset
def mixed(context, up, shop: Shop, config: Size):
    return up, shop.name, config.n

@dg.op
def doubled(up, shop: Shop):
    return up, shop.name

print(given(Shop(name="a")), mixed(dg.build_asset_context(), 1, Shop(name="b"), Size(n=2)))
print(doubled(3, Shop(name="c")))
"""
    assert under_dagsters_names(tmp_path, program) == ["a (1, 'b', 2)", "(3, 'c')"]


def test_a_directly_called_asset_checks_the_types_of_what_goes_in_and_out(tmp_path: Path) -> None:
    program = """
import dagster as dg

@dg.asset
def wrong(x) -> int: return "s"
@dg.asset
def nothing(x) -> None: return 5
@dg.asset
def wrapped(x) -> dg.Output[int]: return dg.Output("s")
@dg.asset
def given(x: int) -> int: return x

for f in (wrong, nothing, wrapped, given):
    try: f("v")
    except dg.DagsterTypeCheckDidNotPass as e: print(e)
print(given(1))
"""
    assert under_dagsters_names(tmp_path, program) == [
        'Type check failed for op "wrong" output "result" - expected type "Int". Description: Value "s" of'
        ' python type "str" must be a int.',
        'Type check failed for op "nothing" output "result" - expected type "Nothing". Description: Value'
        " must be None or unset, got a <class 'int'>",
        'Type check failed for op "wrapped" output "result" - expected type "Int". Description: Value "s" of'
        ' python type "str" must be a int.',
        'Type check failed for op "given" input "x" - expected type "Int". Description: Value "v" of python'
        ' type "str" must be a int.',
        "1",
    ]


def test_dynamic_partitions_make_requests(tmp_path: Path) -> None:
    program = """
import dagster as dg

images = dg.DynamicPartitionsDefinition(name="images")
print(images.build_add_request(["a"]).partition_keys, images.build_delete_request(["b"]).partitions_def_name)
"""
    assert under_dagsters_names(tmp_path, program) == ["['a'] images"]


def test_signals_wait_until_the_program_looks() -> None:
    import os
    import signal

    from treadle._dagster import interrupts

    before = signal.getsignal(signal.SIGTERM)
    with interrupts.capture_interrupts():
        assert not interrupts.check_captured_interrupt()
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.check_captured_interrupt()
        with pytest.raises(KeyError), interrupts.raise_interrupts_as(KeyError):
            pass  # it is raised on the way in
        assert not interrupts.pop_captured_interrupt()
    with pytest.raises(KeyError), interrupts.raise_interrupts_as(KeyError):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_run_made_by_hand_is_told_its_assets() -> None:
    keys = frozenset({dg.AssetKey("a"), dg.AssetKey(["b", "c"])})
    assert dg.DagsterRun("job", "id", asset_selection=keys).asset_selection == keys
