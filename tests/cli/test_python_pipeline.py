"""The native program with Python definitions, whole processes: what a user of Python sees."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Cli

    Write = Callable[[str, str], Path]

PIPELINE = '''
import os
import time

import treadle as dg

MODE = os.environ.get("PIPELINE_MODE", "")


@dg.asset(kinds={"python"}, group_name="data", code_version="1")
def rows(context: dg.AssetExecutionContext) -> list[int]:
    """The numbers."""
    print("printed by user code")
    context.log.info("three rows")
    return [1, 2, 3]


@dg.asset(code_version=os.environ.get("PIPELINE_CODE", "1"))
def total(context: dg.AssetExecutionContext, rows: list[int]) -> int:
    if MODE == "throw":
        raise ValueError("no total today\\x1b[31m")
    if MODE == "exit":
        os._exit(3)
    if MODE == "wait":
        context.log.info("waiting")
        while True:
            time.sleep(0.01)
    return sum(rows)


@dg.asset
def report(total: int) -> str:
    return f"the total is {total}\\n"


@dg.asset_check(asset=total)
def positive(total: int) -> dg.AssetCheckResult:
    table = dg.MetadataValue.md("| a |\\n|-|\\n| 1 |")
    return dg.AssetCheckResult(passed=total > 0, metadata={"table": table})


numbers = dg.define_asset_job("numbers", selection="key:rows+")
defs = dg.Definitions(assets=[rows, total, report], asset_checks=[positive], jobs=[numbers])
'''


@pytest.fixture
def python(treadle: Cli, write: Write) -> Cli:
    """`treadle` beside a pyproject.toml that names a module."""
    if importlib.util.find_spec("treadle") is None:
        pytest.fail(
            f"{sys.executable} has no treadle: run ./dev build first, and these tests with .venv/bin/python"
        )
    write("numbers_shop.py", PIPELINE)
    write("treadle.toml", 'module = "numbers_shop"\n')
    treadle.env["TREADLE_PYTHON"] = sys.executable
    # Where this process found the package, should it not be installed.
    treadle.env["PYTHONPATH"] = os.environ.get("PYTHONPATH", "")
    return treadle


def test_materialize_says_what_was_kept(python: Cli) -> None:
    done = python("materialize")
    assert re.search(r"rows +rows:v0 ", done.out)
    assert re.search(r"total +total:v0 .*✓ positive", done.out)
    assert "rows: three rows" in done.err
    python("artifact", "get", "report", "out")
    assert (python.folder / "out/output.txt").read_text() == "the total is 6\n"


def test_a_file_may_be_named_from_any_folder(python: Cli) -> None:
    (python.folder / "below").mkdir()
    python.folder = python.folder / "below"
    assert python.json("materialize", "rows", "-f", "../numbers_shop.py")["success"] is True
    assert [asset["status"] for asset in python.json("list")["assets"]] == ["fresh", "missing", "missing"]


def test_json_is_one_document_whatever_user_code_prints(python: Cli) -> None:
    for executor in ("in_process", "process"):
        result = python.json("materialize", "--executor", executor)
        assert result["success"] is True
        assert result["run"]["executor"] == executor


def test_stale_follows_code_and_inputs(python: Cli) -> None:
    python("materialize")
    assert python("materialize", "--stale").out.startswith("Nothing is stale.")
    changed = python("materialize", "--stale", "--dry-run", PIPELINE_CODE="2").out
    assert "code version changed from 1 to 2" in changed
    assert "upstream 'total' is stale" in changed


def test_a_failure_shows_the_users_own_lines(python: Cli) -> None:
    done = python("materialize", code=1, PIPELINE_MODE="throw")
    assert 'raise ValueError("no total today' in done.out
    assert "ValueError: no total today" in done.out
    assert "treadle/_" not in done.out, "frames of ours say nothing to a user"
    assert "\x1b" not in done.out + done.err
    assert python.json("run", "resume", "latest")["success"] is True


def test_a_step_that_exits_fails_alone(python: Cli) -> None:
    done = python("materialize", "--executor", "process", code=1, PIPELINE_MODE="exit")
    assert "its process exited with code 3" in done.out
    steps = python.json("run", "show", "latest")["steps"]
    assert [step["outcome"] for step in steps] == ["done", "failed", "not_run", "not_run"]


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_signal_stops_cleanly(python: Cli, executor: str) -> None:
    process = python.start("materialize", "--executor", executor, PIPELINE_MODE="wait")
    assert process.stderr is not None
    for line in process.stderr:
        if "waiting" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    (run,) = python.json("run", "list")["runs"]
    assert run["status"] == "CANCELED"
    assert python.json("run", "resume", "latest")["success"] is True


def test_check_tells_everything_that_is_wrong(python: Cli, write: Write) -> None:
    assert python.json("check")["ok"] is True
    write(
        "wrong.py",
        "import treadle as dg\n\n"
        "@dg.asset(ins={'x': dg.AssetIn(input_manager_key='nowhere')})\ndef a(x: int) -> int: return x\n\n"
        "@dg.asset(required_resource_keys={'warehouse'})\ndef b(a: int) -> int: return a\n\n"
        "defs = dg.Definitions(assets=[a, b])\n",
    )
    done = python.json("check", "-f", "wrong.py", code=3)
    assert done.get("ok") is False, done
    assert {problem["code"] for problem in done["problems"]} >= {"missing_resource"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 / 0\n", "ZeroDivisionError"),
        ("def broken(:\n", "SyntaxError"),
        ("import no_such_module_anywhere\n", "no_such_module_anywhere"),
        ("x = 1\n", "no Definitions"),
    ],
)
def test_code_that_does_not_load_says_why(python: Cli, write: Write, text: str, says: str) -> None:
    write("wrong.py", text)
    shown = python("check", "-f", "wrong.py", code=3).err
    assert says in shown
    assert shown.count(says) == 1 or says.startswith("no"), "said once"
    assert "_loader.py" not in shown, "the user's frames, not ours"
    error = python.json("list", "-f", "wrong.py", code=3)["error"]
    assert error["code"] == "invalid_definitions"


def test_asset_show_renders_metadata_of_checks(python: Cli) -> None:
    python("materialize", "--job", "numbers")
    shown = python("asset", "show", "total").out
    assert "✓ positive" in shown
    assert "| a   |" in shown
    assert python.json("asset", "show", "rows")["definition"]["description"] == "The numbers."
