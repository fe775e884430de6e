"""AutoMaterializePolicy: the same programs under Dagster and Treadle (legacy_policy_programs.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import treadle as dg

PROGRAM = Path(__file__).with_name("legacy_policy_programs.py")


def told_by(python: str, module: str) -> dict[str, Any]:
    done = subprocess.run([python, str(PROGRAM), module], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_policies_become_the_same_conditions_and_request_the_same() -> None:
    ours = told_by(sys.executable, "treadle")
    first = ours["eager"][0]
    assert first == {"root": ["None"], "child": ["None"], "of_external": ["None"]}
    assert len(ours["partitions"][0]["two"]) == 1, "it follows the newest day, which is requested"
    assert ours["schedules_and_tags"][2] == {"of_tagged": ["None"]}
    python = os.environ.get("TREADLE_DAGSTER_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import dagster"], capture_output=True, check=False).returncode != 0:
        pytest.skip("Dagster is not installed")
    assert ours == told_by(python, "dagster")


def test_a_policy_is_the_condition_it_was_made_from() -> None:
    condition = dg.AutomationCondition.on_cron("@daily")
    policy = dg.AutoMaterializePolicy.from_automation_condition(condition)
    assert policy.to_automation_condition() is condition
    assert dg.AssetSpec("a", auto_materialize_policy=policy).automation_condition is condition
    assert dg.AssetSpec("a", automation_condition=condition).auto_materialize_policy == policy


def test_what_is_no_policy_is_refused_by_name() -> None:
    with pytest.raises(dg.CheckError, match=r"auto_materialize_policy of .*a.* is 'eager', which is no"):
        dg.AssetSpec("a", auto_materialize_policy="eager")  # type: ignore[arg-type]


def test_loaded_assets_take_the_policy() -> None:
    import types

    @dg.asset
    def loaded() -> None: ...

    module = types.ModuleType("module_with_an_asset")
    module.loaded = loaded  # type: ignore[attr-defined]
    policy = dg.AutoMaterializePolicy.eager()
    (asset,) = dg.load_assets_from_modules([module], auto_materialize_policy=policy)
    assert asset.auto_materialize_policies_by_key == {loaded.key: policy}
