"""Command lines as users of Dagster type them, and projects that say where their code is only to Dagster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINE = """
import treadle as dg

@dg.asset
def one():
    return 1

@dg.op(config_schema={"day": dg.Field(str, default_value="none")})
def work(context):
    context.log.info(f"{context.op_config['day']} {context.run.tags.get('dagster/partition')}")

@dg.static_partitioned_config(["mon", "tue"])
def by_day(day):
    return {"ops": {"work": {"config": {"day": day}}}}

@dg.job(config=by_day)
def weekly():
    work()

@dg.job
def once():
    work()

@dg.sensor(job=once, minimum_interval_seconds=60)
def look(context):
    return dg.RunRequest(run_key="1")

other = dg.Definitions(jobs=[once])
defs = dg.Definitions(
    assets=[one],
    jobs=[weekly, once],
    sensors=[look],
    schedules=[dg.ScheduleDefinition(name="daily", cron_schedule="0 6 * * *", target=[one])],
)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    return tmp_path


def treadle(folder: Path, *words: str, fails: bool = False) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "treadle", *words], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_dagsters_commands_and_options_do_what_they_say(project: Path) -> None:
    of = ("--python-file", "pipeline.py", "-a", "defs")
    assert "✓ one" in treadle(project, "asset", "materialize", "--select", "one", *of)
    assert "weekly" in (jobs := treadle(project, "job", "list", *of))
    assert "one" not in jobs.split()
    listed = json.loads(treadle(project, "schedule", "list", *of, "--json"))["instigators"]
    assert [(i["kind"], i["name"], i["when"]) for i in listed] == [
        ("schedule", "daily", "0 6 * * * (UTC)"),
        ("sensor", "look", "every 60 s"),
    ]
    assert listed[1]["target"] == "once"
    assert "requests a run of once" in treadle(project, "sensor", "preview", "look", *of)
    ran = treadle(project, "job", "execute", "-j", "once", *of, "--tags", '{"team": "a"}')
    assert "none None" in ran
    ran = treadle(project, "job", "execute", "-f", "pipeline.py", "-a", "other")
    assert "none None" in ran


def test_a_job_of_ops_is_run_for_its_partitions_with_their_configuration(project: Path) -> None:
    of = ("-f", "pipeline.py", "-a", "defs")
    ran = treadle(project, "materialize", "--job", "weekly", "--partition", "tue", *of)
    assert "tue tue" in ran
    ran = treadle(project, "job", "backfill", "-j", "weekly", "--all", "x", "--noprompt", *of)
    assert ran.index("mon mon") < ran.index("tue tue")
    wrong = treadle(project, "materialize", "--job", "weekly", "--partition", "sun", *of, fails=True)
    assert "Could not find a partition with key `sun`" in wrong
    wrong = treadle(project, "materialize", "--job", "once", "--partition", "mon", *of, fails=True)
    assert "Job 'once' is not partitioned" in wrong
    wrong = treadle(project, "materialize", "--job", "weekly", "--partitions", "missing", *of, fails=True)
    assert "--partitions all" in wrong


def test_of_several_configurations_the_first_that_says_something_counts(project: Path) -> None:
    (project / "a.yaml").write_text("ops: {work: {config: {day: sat}}}")
    (project / "b.yaml").write_text("ops: {work: {config: {day: sun}}}\nloggers: {console: {}}")
    of = ("-f", "pipeline.py", "-a", "defs")
    ran = treadle(project, "job", "execute", "-j", "once", *of, "-c", "a.yaml", "-c", "b.yaml")
    assert "sat None" in ran


def test_several_definitions_in_a_file_are_told_apart_by_name(project: Path) -> None:
    assert "--attribute" in treadle(project, "list", "-f", "pipeline.py", fails=True)
    assert "has no 'nope'" in treadle(project, "list", "-f", "pipeline.py", "-a", "nope", fails=True)
    assert "once" in treadle(project, "list", "-f", "pipeline.py", "-a", "other")


def test_a_run_is_gone_on_with_by_the_attribute_it_was_made_from(project: Path) -> None:
    treadle(project, "materialize", "one", "-f", "pipeline.py", "-a", "defs")
    assert "✓ one" in treadle(project, "run", "reexecute", "latest")


@pytest.mark.parametrize(
    "settings",
    [
        '[tool.dagster]\nmodule_name = "shop.definitions"',
        '[[tool.dagster.modules]]\ntype = "module"\nname = "shop.definitions"',
        '[tool.dg.project]\nroot_module = "shop"',
        '[tool.treadle]\nexecutor = "in_process"\n[tool.dagster]\nmodule_name = "shop.definitions"',
    ],
)
def test_a_project_that_says_where_its_code_is_to_dagster_need_not_say_it_again(
    tmp_path: Path, settings: str
) -> None:
    package = tmp_path / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "definitions.py").write_text("import treadle as dg\n@dg.asset\ndef sold(): return 1\n")
    (tmp_path / "pyproject.toml").write_text(settings)
    (tmp_path / "notebooks").mkdir()
    assert "sold" in treadle(tmp_path / "notebooks", "list")


def test_a_workspace_names_the_code(project: Path) -> None:
    workspace = project / "workspace.yaml"
    workspace.write_text("load_from:\n  - python_file: {relative_path: pipeline.py, attribute: defs}\n")
    assert "one" in treadle(project, "list")
    workspace.write_text(
        "load_from:\n"
        "  - python_file: {relative_path: pipeline.py, attribute: defs, location_name: shop}\n"
        "  - python_module: {module_name: pipeline, attribute: other}\n"
    )
    wrong = treadle(project, "list", fails=True)
    assert "2 code locations" in wrong
    assert "--location: shop, pipeline:other" in wrong
    assert "one" in treadle(project, "list", "-l", "shop")
    assert "once" in treadle(project, "list", "-w", "workspace.yaml", "-l", "pipeline:other")
    workspace.write_text("load_from:\n  - grpc_server: {host: x}\n")
    assert "grpc_server" in treadle(project, "list", fails=True)


def test_what_has_no_counterpart_is_answered_by_what_to_do_instead(project: Path) -> None:
    assert "treadle materialize" in treadle(project, "dev", "-f", "pipeline.py", fails=True)
    assert "automation tick" in treadle(project, "schedule", "start", "daily", fails=True)
    assert "treadle pool" in treadle(project, "instance", "concurrency", "set", "a", "1", fails=True)
