"""treadle.io: values as files, SQL tables (SQLite; PostgreSQL where it is installed) and JSON over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import treadle as dg
import treadle.io as dgio

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")


def frame() -> Any:
    return pandas.DataFrame(
        {"day": ["a", "a", "b"], "n": [1, 2, 3], "x": [0.5, None, 2.0], "ok": [True, False, True]}
    )


def run(assets: list[Any], manager: Any, **resources: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(assets, resources={"io_manager": manager, **resources})


# --- files


def test_json_text_and_pickles_are_files(tmp_path: Path) -> None:
    @dg.asset(key_prefix="raw")
    def numbers() -> dict[str, Any]:
        return {"a": [1, 2.5, None], "ü": "ä"}

    @dg.asset(deps=[numbers])
    def text() -> str:
        return "grüße"

    folder = str(tmp_path)
    run([numbers], dgio.JsonFiles(folder=folder, indent=1))
    assert json.loads((tmp_path / "raw" / "numbers.json").read_text()) == {"a": [1, 2.5, None], "ü": "ä"}
    run([text], dgio.TextFiles(folder=folder, extension=".md"))
    assert (tmp_path / "text.md").read_text() == "grüße"

    @dg.asset
    def thing() -> Any:
        return {1, 2}

    @dg.asset
    def reads(thing: Any) -> Any:
        return thing | {3}

    result = run([thing, reads], dgio.PickleFiles(folder=folder))
    assert result.output_for_node("reads") == {1, 2, 3}
    definitions = dg.Definitions([reads], resources={"io_manager": dgio.PickleFiles(folder=folder)})
    assert definitions.load_asset_value("reads") == {1, 2, 3}


def test_what_is_no_json_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    @dg.asset
    def odd() -> Any:
        return {"a": {1}}

    with pytest.raises(dg.DagsterInvariantViolationError, match="cannot be written as JSON"):
        run([odd], dgio.JsonFiles(folder=str(tmp_path)))
    assert not list(tmp_path.rglob("*.json"))


def test_any_url_of_fsspec_is_a_folder() -> None:
    pytest.importorskip("upath")

    @dg.asset
    def a() -> list[int]:
        return [1]

    @dg.asset
    def b(a: list[int]) -> list[int]:
        return [*a, 2]

    result = run([a, b], dgio.JsonFiles(folder="memory://treadle-test/x"))
    assert result.output_for_node("b") == [1, 2]
    [event] = result.asset_materializations_for_node("b")
    assert event.metadata["path"].value.endswith("x/b.json")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_tables_are_files_with_schema_and_preview(tmp_path: Path, kind: Any) -> None:
    @dg.asset
    def table() -> Any:
        return frame()

    @dg.asset
    def rows(table: Any) -> Any:
        assert isinstance(table, pyarrow.Table)
        return table.filter(pyarrow.compute.greater(table["n"], 1))

    pytest.importorskip("pyarrow.compute")
    result = run([table, rows], dgio.TableFiles(folder=str(tmp_path), format=kind, frame="arrow"))
    [event] = result.asset_materializations_for_node("rows")
    assert event.metadata["dagster/row_count"].value == 2
    names = [c.name for c in event.metadata["dagster/column_schema"].value.columns]
    assert names == ["day", "n", "x", "ok"]
    assert (tmp_path / f"rows.{kind}").exists()


def test_an_input_gets_the_frame_it_asks_for(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    seen = []

    @dg.asset
    def table() -> Any:
        return polars.DataFrame({"n": [1, 2]})

    def as_pandas(table: Any) -> Any:
        seen.append(type(table))
        return table

    as_pandas.__annotations__["table"] = pandas.DataFrame

    def as_polars(table: Any) -> Any:
        seen.append(type(table))
        return table

    as_polars.__annotations__["table"] = polars.DataFrame
    run([table, dg.asset(as_pandas), dg.asset(as_polars)], dgio.TableFiles(folder=str(tmp_path)))
    assert set(seen) == {pandas.DataFrame, polars.DataFrame}


def test_what_is_no_frame_is_refused_with_its_type(tmp_path: Path) -> None:
    @dg.asset
    def odd() -> Any:
        return [1]

    with pytest.raises(dg.DagsterInvariantViolationError, match=r"given a builtins\.list"):
        run([odd], dgio.TableFiles(folder=str(tmp_path)))


# --- SQL


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of its own, on a socket in a folder that is gone afterwards."""
    pytest.importorskip("psycopg")
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    root = tmp_path_factory.mktemp("pg", numbered=True)
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(root, "postgres")
        for folder in (root, *list(root.parents)[:2]):
            folder.chmod(0o755)
        as_user = ["runuser", "-u", "postgres", "--"]
    data = root / "data"

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=root)

    call("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync")
    options = f"-c listen_addresses='' -c fsync=off -k {root}"
    call("pg_ctl", "-D", str(data), "-w", "-l", str(root / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={root}"
    finally:
        call("pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop")


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    pytest.importorskip("sqlalchemy")
    return f"sqlite:///{tmp_path / 'lake.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


def test_a_frame_is_a_table_and_comes_back(url: str) -> None:
    @dg.asset(key_prefix="raw")
    def sales() -> Any:
        return frame()

    @dg.asset(ins={"sales": dg.AssetIn(key=["raw", "sales"], metadata={"columns": ["n", "x"]})})
    def total(sales: Any) -> Any:
        assert list(sales.columns) == ["n", "x"]
        assert sales["x"].isna().sum() == 1
        return pandas.DataFrame({"sum": [int(sales["n"].sum())]})

    result = run([sales, total], dgio.SqlTables(url=url))
    [event] = result.asset_materializations_for_node("raw__sales")
    assert event.metadata["table"].value == ("raw.sales" if url.startswith("postgres") else "raw__sales")
    assert event.metadata["dagster/row_count"].value == 3
    definitions = dg.Definitions([sales, total], resources={"io_manager": dgio.SqlTables(url=url)})
    assert definitions.load_asset_value("total")["sum"].tolist() == [6]
    again = definitions.load_asset_value(["raw", "sales"])
    assert again["ok"].tolist() == [True, False, True]
    assert again["day"].tolist() == ["a", "a", "b"]


def test_a_new_materialization_replaces_the_table(url: str) -> None:
    rows = [3]

    @dg.asset(metadata={"table": "renamed"})
    def changing() -> Any:
        return pyarrow.table({"n": list(range(rows[0]))})

    manager = dgio.SqlTables(url=url, frame="arrow")
    definitions = dg.Definitions([changing], resources={"io_manager": manager})
    run([changing], manager)
    rows[0] = 1
    run([changing], manager)
    assert definitions.load_asset_value("changing").num_rows == 1


def test_a_table_that_cannot_be_written_leaves_the_old_one(url: str) -> None:
    values: list[Any] = [pyarrow.table({"n": [1, 2]})]

    @dg.asset
    def kept() -> Any:
        return values[0]

    manager = dgio.SqlTables(url=url, frame="arrow")
    run([kept], manager)
    values[0] = pyarrow.table({"n": pyarrow.array([1], pyarrow.duration("s"))})
    with pytest.raises(dg.DagsterInvariantViolationError, match="cannot write"):
        run([kept], manager)
    definitions = dg.Definitions([kept], resources={"io_manager": manager})
    assert definitions.load_asset_value("kept").num_rows == 2


def test_a_table_that_is_not_there_is_said(url: str) -> None:
    @dg.asset
    def never() -> Any:
        return frame()

    definitions = dg.Definitions([never], resources={"io_manager": dgio.SqlTables(url=url)})
    with pytest.raises(dg.DagsterInvariantViolationError, match="is not there"):
        definitions.load_asset_value("never")


def test_the_url_may_come_from_the_environment(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", sqlite)

    @dg.asset
    def a() -> Any:
        return frame()

    assert run([a], dgio.SqlTables(url=dg.EnvVar("WAREHOUSE_URL"))).success


# --- HTTP


class Api(ThreadingHTTPServer):
    """Keeps what it is given. `trouble`: answers that come before that."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.kept: dict[str, bytes] = {}
        self.seen: list[tuple[str, str, str]] = []
        self.trouble: list[tuple[int, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Api

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization") or ""))
        if self.server.trouble:
            status, headers = self.server.trouble.pop(0)
            self._answer(status, b"busy", headers)
        elif self.command == "GET":
            found = self.server.kept.get(self.path)
            self._answer(200, found) if found is not None else self._answer(404)
        else:
            self.server.kept[self.path] = body
            self._answer(201)

    do_GET = do_PUT = do_POST = _any  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@dg.asset(key_prefix="raw data")
def features() -> dict[str, Any]:
    return {"n": [1, None, "ü"]}


@dg.asset(
    ins={"features": dg.AssetIn(key=["raw data", "features"])}, metadata={"path": "/out/x", "method": "POST"}
)
def doubled(features: dict[str, Any]) -> list[Any]:
    return [*features["n"], *features["n"]]


def test_json_is_put_and_got(api: Api) -> None:
    manager = dgio.HttpJson(base_url=api.url, headers={"Authorization": "token"}, delay=0)
    assert run([features, doubled], manager).output_for_node("doubled") == [1, None, "ü"] * 2
    assert [(m, p) for m, p, _ in api.seen[:3]] == [
        ("PUT", "/v1/raw%20data/features"),
        ("GET", "/v1/raw%20data/features"),
        ("POST", "/v1/out/x"),
    ]
    assert {a for _, _, a in api.seen} == {"token"}


def test_what_fails_for_the_moment_is_tried_again(api: Api) -> None:
    api.trouble = [(503, {}), (429, {"Retry-After": "0"})]
    assert run([features], dgio.HttpJson(base_url=api.url, delay=0, retries=2)).success
    assert len(api.seen) >= 3


def test_what_will_not_get_better_is_not_tried_again(api: Api) -> None:
    api.trouble = [(403, {})]
    with pytest.raises(dg.DagsterInvariantViolationError, match="failed: 403 Forbidden: busy"):
        run([features], dgio.HttpJson(base_url=api.url, delay=0))
    assert len(api.seen) == 1


def test_the_last_try_says_how_many_there_were(api: Api) -> None:
    api.trouble = [(500, {})] * 3
    with pytest.raises(dg.DagsterInvariantViolationError, match="after 3 tries: 500"):
        run([features], dgio.HttpJson(base_url=api.url, delay=0, retries=2))
