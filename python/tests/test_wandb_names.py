"""`import wandb` under `treadle.as_dagster`, where no SDK is installed: our own module."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

without_sdk = pytest.mark.skipif(importlib.util.find_spec("wandb") is not None, reason="wandb is installed")


def run(folder: Path, program: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", "import treadle.as_dagster\n" + program],
        cwd=folder,
        env={**os.environ, "TREADLE_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@without_sdk
def test_a_step_joins_its_run_by_the_names_of_the_sdk(tmp_path: Path) -> None:
    program = """
import json
import wandb
from dagster import DagsterInstance, asset, materialize

@asset
def trained(context):
    with wandb.init(id=context.run_id, resume="allow", project="p", entity="e") as run:
        assert wandb.run is run
        wandb.config.update({"lr": 0.5})
        wandb.log({"loss": 1.0})
        wandb.summary["best"] = 2
    assert wandb.run is None

run_id = materialize([trained], instance=DagsterInstance.get()).run_id
kept = wandb.Api().run(f"e/p/{run_id}")
print(json.dumps([kept.config["lr"], kept.summary["loss"], kept.summary["best"]]))
"""
    assert run(tmp_path, program) == [0.5, 1.0, 2]


@without_sdk
def test_every_object_and_module_has_its_name(tmp_path: Path) -> None:
    program = """
import json
import wandb
import wandb.errors
from wandb import Artifact, Histogram, JoinedTable, init
from wandb.apis.public import Api
from wandb.data_types import BoundingBoxes2D, Classes, Object3D, PartitionedTable, WBValue
from wandb.sdk.wandb_run import Run

assert issubclass(wandb.errors.CommError, wandb.Error)
assert Api is wandb.Api
absent = [n for n in ("wandb_resource", "WandbResource", "sparkle") if hasattr(wandb, n)]
print(json.dumps([wandb.__version__.split(".")[0], absent, "init" in dir(wandb)]))
"""
    assert run(tmp_path, program) == ["0", [], True]


def test_every_name_that_is_told_is_there() -> None:
    """Of the integration and of the SDK: modules move, names stay."""
    from importlib import import_module

    from treadle._dagster import finder

    for table in (finder._INTEGRATION, finder._WANDB):
        for names in table.values():
            for where in names.values():
                module, _, own = where.partition(":")
                assert hasattr(import_module(module), own), where
