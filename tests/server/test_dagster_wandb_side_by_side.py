"""The same programs under the real Dagster with dagster-wandb, talking to our server, and under Treadle on the embedded
store: names, types, aliases, metadata, manifests, lineage, what materializations say, and the sentences of errors.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from real_server import DAGSTER_WANDB_PYTHON, Sdk, Server, has_sdk

PROGRAMS = Path(__file__).parent / "integration_programs.py"
# Read and not imported: it imports Dagster.
NAMES = re.findall(r"^@scenario\ndef (\w+)", PROGRAMS.read_text(), re.MULTILINE)


def told_by(python: str, folder: Path, env: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [python, str(PROGRAMS)], cwd=folder, env=env, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout.rpartition("RESULT ")[2])
    return told


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the real ones say, and what we say."""
    if not has_sdk(DAGSTER_WANDB_PYTHON):
        pytest.skip(f"there is no wandb for {DAGSTER_WANDB_PYTHON}: ./dev test installs it")
    top = tmp_path_factory.mktemp("sides")
    # One folder for both: references to files are known by where the files are.
    folder = top / "work"
    folder.mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith("WANDB") and k != "PYTEST_CURRENT_TEST"}
    ours = told_by(sys.executable, folder, {**env, "SIDE": "treadle", "TREADLE_HOME": str(top / "home")})
    server = Server(top / "served")
    server.start()
    try:
        (top / "dagster").mkdir()
        real = Sdk(server, folder, python=DAGSTER_WANDB_PYTHON).env(DAGSTER_HOME=str(top / "dagster"))
        return told_by(str(DAGSTER_WANDB_PYTHON), folder, real), ours
    finally:
        server.stop()


def comparable(told: Any) -> Any:
    """Without times, ids, and what we say better."""
    if isinstance(told, dict):
        unlike = ("source_created_at", "source_python_version", "wandb_artifact_id")
        return {k: comparable(v) for k, v in told.items() if k not in unlike}
    if isinstance(told, list):
        return [comparable(v) for v in told]
    if isinstance(told, str):
        # There the key is not filled in; here what is there instead is said as well.
        told = re.sub(r"partition with key '[^']*'\. (You|Only)", r"partition with key '{key}'. \1", told)
        told = re.sub(r"('wandb_artifact_configuration' settings\.) There is no artifact .*", r"\1", told)
        # There the alias that was asked for, here always the version.
        return re.sub(r"^(own):(latest|v0)$", r"\1", told)
    return told


def entries_without_sizes_of_references(told: dict[str, Any]) -> None:
    """A size that nobody knows is 0 there and None here."""
    for artifact in told["artifacts"]:
        for entry in artifact["entries"].values():
            entry[1] = entry[1] or None


@pytest.mark.parametrize("name", NAMES)
def test_both_say_the_same(sides: tuple[dict[str, Any], dict[str, Any]], name: str) -> None:
    real, ours = (comparable(side[name]) for side in sides)
    for told in (real, ours):
        assert "broke" not in told, told["broke"]
        entries_without_sizes_of_references(told)
    assert ours == real


def test_every_program_is_compared(sides: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert list(sides[0]) == list(sides[1]) == NAMES
