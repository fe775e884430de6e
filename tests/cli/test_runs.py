"""`materialize`, `list`, `check`, `run ...`, `asset show`, driven through a C++ pipeline."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli

ALL = ["rows", "total", "report"]


def outcomes(result: Any) -> dict[str, str]:
    return {step["step_key"]: step["outcome"] for step in result["steps"]}


def assets(result: Any) -> dict[str, Any]:
    return {asset["asset"]: asset for step in result["steps"] for asset in step["assets"]}


def test_materialize_keeps_every_output_and_says_so(pipeline: Cli) -> None:
    done = pipeline("materialize")
    for line in ("rows    rows:v0", "total   total:v0", "report  report:v0"):
        assert line in done.out
    assert "✓ positive" in done.out
    assert "succeeded: 4 of 4 steps" in done.out
    assert "read 3 rows" in done.err, "log lines of user code are progress"
    pipeline("artifact", "get", "report", "out")
    assert (pipeline.folder / "out/output.txt").read_text() == "the total is 6\n"


def test_every_line_of_advice_after_a_run_works(pipeline: Cli) -> None:
    out = pipeline("materialize").out
    advice = [line.split()[1:] for line in out.split("Look further:\n")[1].splitlines()]
    assert [words[:2] for words in advice] == [["asset", "show"], ["run", "show"], ["artifact", "get"]]
    for words in advice:
        pipeline(*words)


def test_json_is_one_document_whatever_user_code_prints(pipeline: Cli) -> None:
    result = pipeline.json("materialize")
    assert result["success"] is True
    assert outcomes(result) == {"rows": "done", "total": "done", "report": "done", "total_positive": "done"}
    total = assets(result)["total"]
    assert (total["artifact"], total["unchanged"], total["size"]) == ("local/default/total:v0", False, 1)
    (check,) = [check for step in result["steps"] for check in step["checks"]]
    assert check["check"] == "positive"
    assert check["metadata"]["sum"]["raw_value"] == 6
    assert assets(pipeline.json("materialize"))["total"]["unchanged"] is True


def test_stale_runs_only_what_follows_from_a_change(pipeline: Cli) -> None:
    pipeline("materialize")
    nothing = pipeline("materialize", "--stale")
    assert nothing.out.startswith("Nothing is stale.")
    for key in ALL:
        assert re.search(rf"{key} +fresh +made by run .* unchanged", nothing.out)
    assert pipeline.json("materialize", "--stale")["run"] is None
    assert len(pipeline.json("run", "list")["runs"]) == 1

    changed = pipeline("materialize", "--stale", PIPELINE_CODE="2")
    assert re.search(r"total +stale +code version changed from 1 to 2", changed.out)
    assert re.search(r"report +stale +upstream 'total' is stale", changed.out)
    assert "rows" not in changed.out.split("Look further")[0]

    (pipeline.folder / "input.txt").write_text("1 2 3 4\n")
    planned = pipeline.json("materialize", "--stale", "--dry-run", PIPELINE_CODE="2")
    assert [asset["asset"] for asset in planned["assets"]] == ALL
    assert "changed from" in planned["assets"][0]["reasons"][0]["text"]


def test_a_dry_run_writes_nothing(pipeline: Cli) -> None:
    done = pipeline("materialize", "--dry-run")
    assert "Would run 4 steps" in done.out
    assert "never materialized" in done.out
    assert "3. report after total" in done.out
    assert not (pipeline.folder / ".treadle").exists()


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (["rows"], ["rows"]),
        (["--select", "+key:total"], ["rows", "total", "total_positive"]),
        (["group:model", "--no-checks"], ["total", "report"]),
        (["--job", "numbers"], ["rows", "total", "report", "total_positive"]),
    ],
)
def test_a_selection_chooses_steps(pipeline: Cli, words: list[str], steps: list[str]) -> None:
    pipeline("materialize")
    assert list(outcomes(pipeline.json("materialize", *words))) == steps


def test_options_of_a_run_are_recorded(pipeline: Cli) -> None:
    pipeline("materialize", "rows", "--run-id", "my-run", "--tags", "team=weavers", "--tags", "note=a=b")
    (run,) = pipeline.json("run", "list")["runs"]
    assert (run["run_id"], run["tags"], run["selection"]) == (
        "my-run",
        {"team": "weavers", "note": "a=b"},
        "rows",
    )
    assert pipeline.json("run", "list", "--tag", "team=weavers")["runs"] == [run]
    assert pipeline.json("run", "list", "--tag", "team=spinners")["runs"] == []
    assert "my-run" in pipeline("materialize", "rows", "--run-id", "my-run", code=2).err


def test_a_failed_step_harms_only_what_depends_on_it(pipeline: Cli) -> None:
    done = pipeline("materialize", code=1, PIPELINE_MODE="throw")
    assert "✗ total" in done.out
    assert "std::runtime_error: no total today" in done.out
    assert re.search(r"report +not run", done.out)
    assert "\x1b" not in done.out + done.err
    result = pipeline.json("run", "show", "latest")
    assert outcomes(result) == {
        "rows": "done",
        "total": "failed",
        "report": "not_run",
        "total_positive": "not_run",
    }
    assert result["steps"][1]["error"]["cls_name"] == "std::runtime_error"
    assert "no total today" in pipeline("run", "logs", "latest", "--step", "total").out


def test_resume_finishes_what_is_left(pipeline: Cli) -> None:
    pipeline("materialize", code=1, PIPELINE_MODE="throw")
    result = pipeline.json("run", "resume", "latest")
    assert set(outcomes(result).values()) == {"done"}
    starts = [
        e["step_key"] for e in pipeline.json("run", "logs", "latest")["events"] if e["type"] == "STEP_SUCCESS"
    ]
    assert sorted(starts) == ["report", "rows", "total", "total_positive"], "no step succeeded twice"
    assert "nothing to resume" in pipeline("run", "resume", "latest").out


def test_steps_to_run_again_are_named_rightly_or_refused(pipeline: Cli) -> None:
    pipeline("materialize")
    error = pipeline("run", "reexecute", "latest", "--step", "totla", code=4).err
    assert "Step selection refers to unknown step: totla. Did you mean 'total'?" in error
    assert "resum" not in error
    pipeline("run", "reexecute", "latest", "--step", "total")
    assert outcomes(pipeline.json("run", "show", "latest")) == {"total": "done"}


def test_the_native_program_resumes_a_run_of_a_cpp_program(pipeline: Cli, treadle: Cli) -> None:
    pipeline("materialize", code=1, PIPELINE_MODE="throw")
    assert treadle.json("run", "resume", "latest")["success"] is True


def test_a_crash_names_the_signal(pipeline: Cli) -> None:
    # A sanitizer would catch the signal itself.
    env = {"PIPELINE_MODE": "crash", "ASAN_OPTIONS": "handle_segv=0", "TSAN_OPTIONS": "handle_segv=0"}
    done = pipeline("materialize", "--executor", "process", code=1, **env)
    assert "its process was killed by SIGSEGV" in done.out
    assert pipeline.json("run", "show", "latest")["steps"][0]["outcome"] == "done"


def test_what_forked_steps_print_is_in_the_logs(pipeline: Cli) -> None:
    pipeline("materialize", "rows", "--executor", "process")
    logs = pipeline("run", "logs", "latest").out
    assert "printed by user code" in logs
    assert "read 3 rows" in logs


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_signal_stops_cleanly(pipeline: Cli, number: signal.Signals, executor: str) -> None:
    process = pipeline.start("materialize", "--executor", executor, PIPELINE_MODE="wait")
    assert process.stderr is not None
    for line in process.stderr:
        if "total: started" in line:
            break
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "canceled" in out
    (run,) = pipeline.json("run", "list")["runs"]
    assert (run["status"], run["interrupted"]) == ("CANCELED", False)
    assert pipeline.json("run", "resume", "latest")["success"] is True


def test_a_killed_run_is_seen_as_interrupted_and_resumed(pipeline: Cli) -> None:
    process = pipeline.start("materialize", PIPELINE_MODE="wait")
    assert process.stderr is not None
    for line in process.stderr:
        if "total: started" in line:
            break
    assert pipeline.json("run", "list")["runs"][0]["interrupted"] is False
    process.kill()
    process.communicate(timeout=30)
    assert pipeline.json("run", "list")["runs"][0]["interrupted"] is True
    assert "run resume" in pipeline("run", "show", "latest").out
    assert pipeline.json("run", "resume", "latest")["success"] is True


def test_check_reports_every_problem_with_place_and_cure(pipeline: Cli) -> None:
    assert pipeline.json("check")["ok"] is True
    problems = pipeline.json("check", code=3, PIPELINE_MODE="invalid")["problems"]
    assert [problem["code"] for problem in problems] == ["duplicate_key", "missing_resource"]
    assert all(problem["place"]["line"] > 0 and problem["cure"] for problem in problems)
    assert "2 problems" in pipeline("materialize", code=3, PIPELINE_MODE="invalid").err
    assert not (pipeline.folder / ".treadle/treadle.db").exists() or pipeline.json("run", "list") == {
        "runs": []
    }


def test_list_shows_what_there_is_and_its_state(pipeline: Cli) -> None:
    before = pipeline.json("list")
    assert [(a["asset"], a["status"], a["source"]) for a in before["assets"]] == [
        ("raw/input", None, True),
        ("rows", "missing", False),
        ("total", "missing", False),
        ("report", "missing", False),
    ]
    assert before["jobs"][0]["name"] == "numbers"
    pipeline("materialize", "rows")
    assert [a["status"] for a in pipeline.json("list", "group:data or group:model")["assets"]] == [
        "fresh",
        "missing",
        "missing",
    ]
    assert "The numbers of the input" in pipeline("list").out


def test_asset_show_puts_definition_and_record_together(pipeline: Cli, treadle: Cli) -> None:
    pipeline("materialize", PIPELINE_SEVERITY="warn")
    shown = pipeline.json("asset", "show", "total")
    assert shown["definition"]["upstream"] == ["rows"]
    assert shown["definition"]["owners"] == ["team:weavers"]
    assert shown["status"] == "fresh"
    assert shown["latest_materialization"]["version"]["name"] == "local/default/total:v0"
    assert shown["checks"][0]["passed"] is True
    text = pipeline("asset", "show", "total", PIPELINE_CODE="9").out
    assert "code version changed from 1 to 9" in text
    # Without definitions, what the home has is shown.
    assert treadle.json("asset", "show", "total")["definition"] is None


def test_a_failing_check_is_told_with_its_severity(pipeline: Cli) -> None:
    (pipeline.folder / "input.txt").write_text("0\n")
    assert "✗ positive (WARN)" in pipeline("materialize", PIPELINE_SEVERITY="warn").out
    assert "✗ positive (ERROR)" in pipeline("materialize").out


def test_hostile_metadata_reaches_no_terminal(pipeline: Cli) -> None:
    pipeline("materialize", PIPELINE_MODE="hostile")
    shown = pipeline("asset", "show", "total", "--color", "never").out
    assert "\\x1b]0;owned" in shown
    assert "\x1b" not in shown


def test_numbers_that_json_does_not_have_hide_nothing(pipeline: Cli) -> None:
    result = pipeline.json("materialize", PIPELINE_MODE="nan")
    total = next(step for step in result["steps"] if step["step_key"] == "total")
    assert total["assets"][0]["artifact"] == "local/default/total:v0"
    (check,) = [check for step in result["steps"] for check in step["checks"]]
    assert check["passed"] is True
    assert check["metadata"]["ratio"]["raw_value"] == float("inf")
    shown = pipeline("asset", "show", "total").out
    assert re.search(r"loss +NaN", shown, re.IGNORECASE)
    assert "✓ positive" in shown
    (pipeline.folder / "input.txt").write_text("")
    pipeline("materialize", "+key:total", code=0, PIPELINE_MODE="nan")
    assert pipeline.json("asset", "show", "total")["checks"][0]["passed"] is False


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["materialize", "totl"], 4, "Did you mean 'total'"),
        (["materialize", "kind:"], 2, "column 6"),
        (["materialize", "raw/input"], 4, "only source assets"),
        (["materialize", "a", "b"], 2, "one word too many"),
        (["materialize", "rows", "--select", "rows"], 2, "once"),
        (["materialize", "--job", "number"], 4, "Did you mean 'numbers'"),
        (["materialize", "--executor", "thread"], 2, "in_process, process"),
        (["materialize", "--tags", "x"], 2, "name=value"),
        (["materialize", "--run-id", "a/b"], 2, "a/b"),
        (["materialize", "-f", "x.py"], 2, "no option -f"),
        (["asset", "show", "totl"], 4, "Did you mean 'total'"),
        (["run", "show", "nope"], 4, "nope"),
        (["run", "logs", "latest", "--step", "totl"], 4, "Did you mean 'total'"),
        (["materialise"], 2, "Did you mean 'materialize'"),
    ],
)
def test_mistakes_name_what_is_wrong_and_have_their_exit_code(
    pipeline: Cli, words: list[str], code: int, says: str
) -> None:
    pipeline("materialize")
    assert says in pipeline(*words, code=code).err
    assert pipeline.json(*words, code=code)["error"]["exit_code"] == code


def run_on_terminal(pipeline: Cli, *words: str, **env: str) -> str:
    """What a terminal gets to see, escape sequences included."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [pipeline.program, *words],
        cwd=pipeline.folder,
        env={**pipeline.env, "TERM": "xterm", **env},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(master)
    assert process.wait(timeout=30) == 0
    return seen.decode()


def test_a_terminal_gets_colours_and_nobody_else(pipeline: Cli) -> None:
    assert "\x1b[32m✓" in run_on_terminal(pipeline, "materialize")
    assert "\x1b" not in run_on_terminal(pipeline, "run", "list", NO_COLOR="1")
    assert "\x1b" not in pipeline("materialize").out
    assert "\x1b[32m" in pipeline("run", "list", "--color", "always").out


def test_logs_follow_a_run_to_its_end(pipeline: Cli) -> None:
    with pipeline.start("materialize", PIPELINE_MODE="wait") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "total: started" in line:
                break
        with pipeline.start("run", "logs", "latest", "--follow", "--json") as follower:
            assert follower.stdout is not None
            seen = []
            for line in follower.stdout:
                seen.append(json.loads(line)["type"])
                if seen[-1] == "STEP_START" and seen.count("STEP_START") == 2:
                    process.send_signal(signal.SIGINT)
            assert seen[-1] == "RUN_CANCELED"
            assert follower.wait(timeout=30) == 0
        process.communicate(timeout=30)


def test_a_second_signal_kills(pipeline: Cli) -> None:
    with pipeline.start("materialize", PIPELINE_MODE="deaf") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "total: started" in line:
                process.send_signal(signal.SIGINT)
            if line.startswith("Stopping:"):
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert pipeline.json("run", "resume", "latest")["success"] is True
