"""--config and a job's own: checked as a whole before anything runs, handed to steps and resources."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

PIPELINE = """
import treadle as dg


class Rows(dg.Config):
    count: int


class Database(dg.ConfigurableResource):
    url: str


@dg.asset
def rows(config: Rows) -> dg.Json:
    return dg.Json(config.count)


@dg.asset
def where(database: Database) -> dg.Json:
    if database.url == "down":
        raise ConnectionError("the database is down")
    return dg.Json(database.url)


@dg.op
def tell(context: dg.OpExecutionContext, config: Rows, database: Database) -> None:
    context.log.info(f"{config.count} rows of {database.url}")


LOCAL = {"database": {"config": {"url": "local"}}}
database = Database.configure_at_launch()


OWN = {"ops": {"tell": {"config": {"count": 1}}}, "resources": LOCAL}


@dg.job(config=OWN, resource_defs={"database": database})
def telling():
    tell()


def simpler(config):
    return {"ops": {"tell": {"config": {"count": config["n"]}}}, "resources": LOCAL}


mapped = dg.ConfigMapping(config_fn=simpler, config_schema={"n": int})


@dg.job(config=mapped, resource_defs={"database": database})
def telling_simply():
    tell()


few = dg.define_asset_job("few", [rows], config={"ops": {"rows": {"config": {"count": 2}}}})
days = dg.StaticPartitionsDefinition(["mon", "tuesday"])


@dg.static_partitioned_config(["mon", "tuesday"])
def by_day(day: str):
    return {"ops": {"of_day": {"config": {"count": len(day)}}}}


@dg.asset(partitions_def=days)
def of_day(config: Rows) -> dg.Json:
    return dg.Json(config.count)


@dg.static_partitioned_config(["mon", "tue"], tags_for_partition_key_fn=lambda key: {"day": key})
def of_ops(key):
    return {"ops": {"tell_day": {"config": {"count": len(key)}}}}


@dg.op
def tell_day(context: dg.OpExecutionContext, config: Rows) -> None:
    context.log.info(f"{context.partition_key} has {config.count}")


@dg.job(config=of_ops)
def telling_days():
    tell_day()


@dg.asset_check(asset="elsewhere")
def is_there() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


daily = dg.define_asset_job("daily", [of_day], config=by_day, partitions_def=days)
defs = dg.Definitions(
    [rows, where, of_day, dg.AssetSpec("elsewhere")],
    jobs=[telling, telling_simply, few, daily, telling_days],
    resources={"database": database},
    asset_checks=[is_there],
)
"""
RATE = '{"ops": {"rows": {"config": {"count": 1}}}}'
GIVEN = '{"resources": {"database": {"config": {"url": "given"}}}}'


@pytest.fixture
def project(treadle: Cli) -> Cli:
    (treadle.folder / "pipeline.py").write_text(PIPELINE)
    (treadle.folder / "treadle.toml").write_text('file = "pipeline.py"\n')
    treadle.env |= {"TREADLE_PYTHON": sys.executable, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    return treadle


def kept(project: Cli, asset: str) -> str:
    project("artifact", "get", asset, "out")
    (file,) = (project.folder / "out").iterdir()
    text = file.read_text()
    file.unlink()
    return text


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("rows",), ['Missing required config entry "ops" at the root']),
        (("rows", "--config", '{"ops": {"rows": {"config": {"cuont": 1}}}}'), ["'count'", '"cuont"']),
        (("where", "--config", '{"ops": {"wher": {}}}'), ['unexpected config entry "wher"']),
        (("where",), ['Missing required config entry "resources"']),
        (
            ("where", "--config", '{"resources": {"database": {"config": {"ur": 1}}}}'),
            ["Did you mean 'url'?"],
        ),
        (
            ("--job", "telling", "--config", '{"x": 1}'),
            ['unexpected config entry "x"', "'resources'"],
        ),
        (("--job", "few", "--config", '{"ops": {"rows": {"config": {"count": "many"}}}}'), ["count"]),
    ],
)
def test_everything_wrong_is_told_before_anything_runs(
    project: Cli, words: tuple[str, ...], wrong: list[str]
) -> None:
    for dry in ([], ["--dry-run"]):
        done = project("materialize", *words, *dry, code=2)
        for text in wrong:
            assert text in done.err
    assert project.json("run", "list")["runs"] == []


def test_assets_and_resources_get_what_is_given(project: Cli) -> None:
    project("materialize", "rows", "--config", '{"ops": {"rows": {"config": {"count": 7}}}}')
    assert kept(project, "rows") == "7"
    for executor in ("in_process", "process"):
        project("materialize", "where", "--config", GIVEN, "--executor", executor)
        assert kept(project, "where") == '"given"'


def test_a_job_brings_its_own_which_is_recorded(project: Cli) -> None:
    project("materialize", "--job", "few")
    assert kept(project, "rows") == "2"
    for words, said in (
        (("telling",), "1 rows of local"),
        (("telling_simply", "--config", '{"n": 5}'), "5 rows of local"),
    ):
        project("materialize", "--job", *words)
        assert said in project("run", "logs", "latest").out
        project("run", "reexecute", "latest")
        assert said in project("run", "logs", "latest").out


def test_a_job_may_have_another_one_for_each_partition(project: Cli) -> None:
    project("materialize", "--job", "daily", "--partitions", "all")
    assert [kept(project, f"of_day.{day}") for day in ("mon", "tuesday")] == ["3", "7"]


def test_a_job_of_ops_runs_for_each_partition_that_is_asked_for(project: Cli) -> None:
    project("materialize", "--job", "telling_days", "--partitions", "mon...tue")
    runs = project.json("run", "list")["runs"]
    assert [r["tags"]["day"] for r in runs] == ["tue", "mon"]
    assert [r["tags"]["dagster/partition"] for r in runs] == ["tue", "mon"]
    assert "tue has 3" in project("run", "logs", "latest").out
    for words, code, wrong in (
        (("telling_days", "--partition", "tues"), 4, "Did you mean 'tue'?"),
        (("telling_days", "--partitions", "missing"), 2, "could be missing"),
        (("telling", "--partition", "mon"), 2, "is not partitioned"),
    ):
        assert wrong in project("materialize", "--job", *words, code=code).err


def test_checks_of_what_is_made_elsewhere_run_when_it_is_named(project: Cli) -> None:
    report = project.json("materialize", "elsewhere")
    assert [step["step_key"] for step in report["steps"]] == ["elsewhere_is_there"]
    dry = project.json("materialize", "rows", "--dry-run", "--config", RATE)
    assert [step["step_key"] for step in dry["steps"]] == ["rows"]


def test_a_run_that_is_resumed_is_configured_as_it_was(project: Cli) -> None:
    project("materialize", "where", "--config", GIVEN.replace("given", "down"), code=1)
    source = (project.folder / "pipeline.py").read_text()
    (project.folder / "pipeline.py").write_text(source.replace('url == "down"', 'url == "long gone"'))
    project("run", "resume", "latest")
    assert kept(project, "where") == '"down"'
