"""Sixteen processes at once on one home that does not exist yet: nothing is locked, nothing is lost."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trust import Project, assert_no_step_begins_after_its_success

PIPELINE = """
import os
import treadle as dg

@dg.asset
def a(context):
    context.log.info("running")
    return os.getpid()

@dg.asset
def b(a):
    return a + 1

@dg.asset
def c(b):
    return os.urandom(50_000)

@dg.asset_check(asset=c)
def ok():
    return dg.AssetCheckResult(passed=True)
"""
RUNS = 6
ROUNDS = 3
PUTS = 5


def test_sixteen_processes_share_a_home(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("pipeline.py", PIPELINE)
    project.write("same", os.urandom(30_000))

    def runs(worker: int) -> None:
        executor = "process" if worker % 2 else "in_process"
        for number in range(ROUNDS):
            run = f"run-{worker}-{number}"
            project("materialize", "-f", "pipeline.py", "--run-id", run, "--executor", executor)

    def puts(worker: int) -> None:
        for _ in range(PUTS):
            for name in range(20):
                project.write(f"folder-{worker}/{name}", os.urandom(2_000))
            project("artifact", "put", "different", f"folder-{worker}", "--alias", f"by-{worker}")
            project("artifact", "put", "same", "same")

    def looks(worker: int) -> None:
        all_words = [
            ["artifact", "gc"],
            ["artifact", "verify"],
            ["run", "list"],
            ["artifact", "ls"],
            ["run", "logs", "latest"],
            ["asset", "show", "c"],
        ]
        for _ in range(ROUNDS):
            words = all_words[worker % len(all_words)]
            done = project(*words, "--json", code=None)
            assert done.code in (0, 4), done.out  # 4: nothing there yet
            assert done.json()

    with ThreadPoolExecutor(16) as pool:
        work = [pool.submit(runs, worker) for worker in range(RUNS)]
        work += [pool.submit(puts, worker) for worker in range(4)]
        work += [pool.submit(looks, worker) for worker in range(6)]
        for one in work:
            one.result()

    for worker in range(RUNS):
        for number in range(ROUNDS):
            events = project.events(f"run-{worker}-{number}")
            assert_no_step_begins_after_its_success(events)
            count = Counter(event["type"] for event in events)
            assert count["STEP_SUCCESS"] == 4
            assert count["ASSET_MATERIALIZATION"] == 3
            assert count["ASSET_CHECK_EVALUATION"] == 1
            assert count["LOG"] == 1
            assert count["RUN_SUCCESS"] == 1
    kept = {a["name"]: a["version_count"] for a in project.json("artifact", "ls")["artifacts"]}
    assert kept["different"] == 4 * PUTS
    assert kept["same"] == 1
    assert kept["c"] == RUNS * ROUNDS
    assert project.json("artifact", "verify")["ok"]


def test_a_home_is_made_once_by_many_at_once(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("a.txt", "a")
    putting = [project.start("artifact", "put", f"name-{i}", "a.txt") for i in range(16)]
    for process in putting:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
    assert len(project.json("artifact", "ls")["artifacts"]) == 16
    assert len((project.home / "key").read_bytes()) == 32
    assert not list(project.home.glob("key.*"))
