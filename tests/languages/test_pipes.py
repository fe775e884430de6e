"""A C++ program that uses treadle/pipes.h reports the same to Treadle and to a real Dagster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STARTER = """
import json, logging, sys, importlib
dg = importlib.import_module(sys.argv[1])

@dg.asset(check_specs=[dg.AssetCheckSpec("not_empty", asset="model")])
def model(context, pipes: dg.PipesSubprocessClient):
    ran = pipes.run(context=context, command=[sys.argv[2]], extras={"seed": "42"})
    context.log.info(json.dumps(ran.get_custom_messages()))
    return ran.get_results()

with dg.instance_for_test() as instance:
    result = dg.materialize([model], resources={"pipes": dg.PipesSubprocessClient()}, instance=instance)
    fact = result.asset_materializations_for_node("model")[0]
    check, = result.get_asset_check_evaluations()
    logs = [e.user_message for e in instance.all_logs(result.run_id) if e.dagster_event is None]
    print(json.dumps([
        sorted((k, repr(v)) for k, v in fact.metadata.items() if k not in ("path", "artifact")),
        fact.tags["dagster/data_version"], check.check_name, check.passed, check.severity.value, logs,
    ]))
"""


def program() -> Path:
    for folder in sorted((ROOT / "build").glob("*/bin")):
        if (folder / "pipes_program").exists():
            return folder / "pipes_program"
    pytest.skip("pipes_program is not built")


def told_by(python: str, module: str) -> object:
    command = [python, "-c", STARTER, module, str(program())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


EXPECTED = [
    [
        ["good", "BoolMetadataValue(value=True)"],
        ["more", "JsonMetadataValue(data={'a': [1, 2]})"],
        ["note", "TextMetadataValue(text='fine')"],
        ["rows", "IntMetadataValue(value=150)"],
        ["share", "FloatMetadataValue(value=0.5)"],
        ["site", "UrlMetadataValue(url='https://example.com')"],
    ],
    "v7",
    "not_empty",
    True,
    "WARN",
    [
        "[pipes] external process successfully opened dagster pipes.",
        "at work on model with 42",
        '[{"epochs": 3}]',
    ],
]


def test_a_cpp_program_reports_to_treadle() -> None:
    assert told_by(sys.executable, "treadle") == EXPECTED


def test_the_same_program_reports_to_dagster() -> None:
    python = os.environ.get("TREADLE_DAGSTER_PYTHON")
    if python is None:
        pytest.skip("TREADLE_DAGSTER_PYTHON names no Python with Dagster")
    assert told_by(python, "dagster") == EXPECTED


def test_it_runs_without_an_orchestrator() -> None:
    done = subprocess.run([program()], capture_output=True, text=True, check=True)
    assert done.stdout == "not connected\n"
