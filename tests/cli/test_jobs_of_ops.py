"""Jobs of ops on the command line: configuration, a selection of steps, running again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = """
import treadle as dg

@dg.op(config_schema={"n": int})
def number(context):
    return context.op_config["n"]

@dg.op
def use(n):
    if n == 2:
        raise ValueError("two")
    return n

@dg.job
def j():
    use(number())

defs = dg.Definitions(jobs=[j])
"""


def treadle(folder: Path, *words: str, code: int = 0) -> Any:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TREADLE_", "DAGSTER_"))}
    command = [sys.executable, "-m", "treadle", "--home", str(folder / "home"), "--json", *words]
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def steps(report: Any) -> dict[str, str]:
    return {step["step_key"]: step["outcome"] for step in report["steps"]}


def test_configuration_selection_and_running_again(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(PROGRAM)
    source = ("materialize", "-f", "jobs.py", "--job", "j")
    planned = treadle(tmp_path, *source, "--dry-run")
    assert [step["step_key"] for step in planned["steps"]] == ["number", "use"]
    inline = json.dumps({"ops": {"number": {"config": {"n": 2}}}})
    failed = treadle(tmp_path, *source, "--config", inline, code=1)
    assert steps(failed) == {"number": "done", "use": "failed"}
    (tmp_path / "run.json").write_text(json.dumps({"ops": {"number": {"config": {"n": 3}}}}))
    part = treadle(tmp_path, *source, "-c", "run.json", "--op", "number")
    assert steps(part) == {"number": "done"}
    run = failed["run"]["run_id"]
    again = treadle(tmp_path, "run", "reexecute", run, "--from-failure", code=1)
    assert steps(again) == {"use": "failed"}
    mended = treadle(tmp_path, "run", "reexecute", run, "--config", "run.json")
    assert steps(mended) == {"number": "done", "use": "done"}


def test_wrong_words_are_told(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(PROGRAM)
    source = ("materialize", "-f", "jobs.py", "--job", "j")
    assert "numbr" in json.dumps(treadle(tmp_path, *source, "--op", "numbr", code=3))
    assert treadle(tmp_path, *source, "--config", "{", code=2)["error"]["code"] == "invalid_argument"
    wrong = json.dumps({"ops": {"numbr": {}}})
    assert "numbr" in json.dumps(treadle(tmp_path, *source, "--config", wrong, code=2))
