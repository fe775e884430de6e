"""`--as-dagster`, `as_dagster = true` and the environment, for every command that loads definitions, where a
Dagster is installed and where there is none."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINE = """
import dagster as dg

@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def sliced(context: dg.AssetExecutionContext) -> str:
    return context.partition_key

@dg.asset
def one() -> int:
    return 1

@dg.asset
def two(one: int) -> int:
    if one == 1:
        import os
        if os.environ.get("FAIL"):
            raise ValueError("told to fail")
    return one + 1

@dg.asset_check(asset=one)
def positive(one: int):
    return dg.AssetCheckResult(passed=one > 0)

defs = dg.Definitions(
    assets=[sliced, one, two],
    asset_checks=[positive],
    jobs=[dg.define_asset_job("both", ["one", "two"])],
    schedules=[dg.ScheduleDefinition(name="daily", cron_schedule="0 0 * * *", target=[one])],
)
"""

# An installed package of Dagster's name, whose objects are none of ours.
REAL = """
class Definitions:
    def __init__(self, **kw): pass
Definitions.__module__ = "dagster._core.definitions"
AssetExecutionContext = StaticPartitionsDefinition = AssetCheckResult = ScheduleDefinition = None
define_asset_job = ScheduleDefinition = StaticPartitionsDefinition = lambda *a, **k: None
def asset(f=None, **kw): return f or (lambda f: f)
def asset_check(**kw): return lambda f: f
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / "site" / "dagster").mkdir(parents=True)
    (tmp_path / "site" / "dagster" / "__init__.py").write_text(REAL)
    return tmp_path


def treadle(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line where a Dagster is installed."""
    paths = os.pathsep.join(p for p in (str(project / "site"), os.environ.get("PYTHONPATH", "")) if p)
    known = {k: v for k, v in os.environ.items() if k != "TREADLE_AS_DAGSTER"}
    return subprocess.run(
        [sys.executable, "-m", "treadle", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={**known, "PYTHONPATH": paths, **environment},
    )


SOURCE = ("-f", "pipeline.py")
COMMANDS = [
    ("list", *SOURCE),
    ("check", *SOURCE),
    ("status", *SOURCE),
    ("materialize", *SOURCE, "--select", "one,two"),
    ("materialize", *SOURCE, "--job", "both"),
    ("partitions", "sliced", *SOURCE),
    ("asset", "show", "one", *SOURCE),
    ("automation", "tick", *SOURCE, "--dry-run"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: "-".join(w for w in c if w.isalpha()))
def test_every_command_takes_it(project: Path, command: tuple[str, ...]) -> None:
    done = treadle(project, *command, "--as-dagster")
    assert done.returncode == 0, done.stderr
    refused = treadle(project, *command)
    assert refused.returncode == 3
    assert "--as-dagster" in refused.stderr
    assert "as_dagster = true" in refused.stderr


def test_the_settings_and_the_environment_say_it_too(project: Path) -> None:
    assert treadle(project, "check", *SOURCE, TREADLE_AS_DAGSTER="1").returncode == 0
    (project / "pyproject.toml").write_text('[tool.treadle]\nfile = "pipeline.py"\nas_dagster = true\n')
    assert treadle(project, "check").returncode == 0
    assert treadle(project, "check", *SOURCE).returncode == 0


def test_a_run_is_resumed_and_run_again_under_the_names_it_was_made_with(project: Path) -> None:
    failed = treadle(project, "materialize", *SOURCE, "--select", "one,two", "--as-dagster", FAIL="1")
    assert failed.returncode == 1, failed.stderr
    resumed = treadle(project, "run", "resume", "latest")
    assert resumed.returncode == 0, resumed.stderr
    again = treadle(project, "run", "reexecute", "latest", "--json")
    assert again.returncode == 0, again.stderr
    assert {s["step_key"] for s in json.loads(again.stdout)["steps"]} >= {"one", "two"}
    named = treadle(project, "run", "reexecute", "latest", *SOURCE, "--as-dagster")
    assert named.returncode == 0, named.stderr


def test_a_module_and_its_neighbours_are_read_so(project: Path) -> None:
    (project / "shop").mkdir()
    (project / "shop" / "__init__.py").write_text("from shop.assets import defs\n")
    (project / "shop" / "assets.py").write_text(PIPELINE)
    assert treadle(project, "check", "-m", "shop", "--as-dagster").returncode == 0
    steps = ("--executor", "process", "--select", "one,two")
    done = treadle(project, "materialize", "-m", "shop", "--as-dagster", *steps)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(importlib.util.find_spec("dagster") is not None, reason="a Dagster is installed here")
def test_where_none_is_installed_nothing_need_be_said(project: Path) -> None:
    (project / "site" / "dagster" / "__init__.py").unlink()
    (project / "site" / "dagster").rmdir()
    assert treadle(project, "check", *SOURCE).returncode == 0


def test_it_is_no_option_of_commands_that_read_no_definitions(project: Path) -> None:
    done = treadle(project, "run", "list", "--as-dagster")
    assert done.returncode == 2
    assert "--as-dagster" in done.stderr
