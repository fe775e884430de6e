"""Limits of pools: set from Python and the command line, kept in the home, shared by all its processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import treadle as dg

# Each step notes when it began and ended, and so how many ran at once.
PIPELINE = """
import os, time
import treadle as dg

def note(word):
    with open(os.environ["NOTES"], "a") as file:
        file.write(f"{word}\\n")

def make(i):
    @dg.asset(name=f"a{i}", pool="gpu")
    def asset():
        note("begin")
        time.sleep(0.1)
        note("end")
    return asset

assets = [make(i) for i in range(3)]
defs = dg.Definitions(assets=assets)
"""


# Each of these steps fails where another is in its midst.
TAGGED = """
import os
import treadle as dg

def make(i):
    @dg.op(name=f"op{i}", tags={"uses": "gpu"})
    def op():
        lock = os.open("lock", os.O_CREAT | os.O_EXCL)
        sum(range(300_000))
        os.close(lock)
        os.unlink("lock")
    return op

ops = [make(i) for i in range(6)]

@dg.job
def work():
    for op in ops:
        op()

defs = dg.Definitions(jobs=[work])
"""


def treadle(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "treadle", "--home", str(folder / "home"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def most_at_once(notes: Path) -> int:
    running = most = 0
    for word in notes.read_text().split():
        running += 1 if word == "begin" else -1
        most = max(most, running)
    return most


def test_processes_share_the_places_of_a_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    notes = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(notes))
    assert treadle(tmp_path, "pool", "set", "gpu", "1").returncode == 0
    arguments = ("materialize", "-f", "pipeline.py", "--executor", "process", "--max-concurrent", "3")
    command = [sys.executable, "-m", "treadle", "--home", str(tmp_path / "home"), *arguments]
    both = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)]
    for one in both:
        _, errors = one.communicate()
        assert one.returncode == 0, errors
    assert len(notes.read_text().split()) == 12
    assert most_at_once(notes) == 1


def test_a_limit_is_listed_and_removed(tmp_path: Path) -> None:
    assert "No pool" in treadle(tmp_path, "pool", "list").stdout
    treadle(tmp_path, "pool", "set", "gpu", "2")
    treadle(tmp_path, "pool", "set", "odd name/ü", "1")
    told = json.loads(treadle(tmp_path, "pool", "list", "--json").stdout)
    assert told == {
        "pools": [
            {"name": "gpu", "limit": 2, "running": 0, "from_default": False},
            {"name": "odd name/ü", "limit": 1, "running": 0, "from_default": False},
        ],
        "default_limit": None,
    }
    assert treadle(tmp_path, "pool", "remove", "gpu").returncode == 0
    assert treadle(tmp_path, "pool", "remove", "gpu").returncode == 4
    assert [p["name"] for p in json.loads(treadle(tmp_path, "pool", "list", "--json").stdout)["pools"]] == [
        "odd name/ü"
    ]


@pytest.mark.parametrize("limit", ["-1", "1001", "many"])
def test_a_limit_that_is_none_is_refused(tmp_path: Path, limit: str) -> None:
    done = treadle(tmp_path, "pool", "set", "gpu", limit)
    assert done.returncode == 2
    assert limit in done.stderr


def test_the_instance_sets_them_under_dagsters_names() -> None:
    with dg.instance_for_test() as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots("gpu", 1)
        storage.set_concurrency_slots("gpu", 3)
        assert storage.get_concurrency_keys() == {"gpu"}
        info = storage.get_concurrency_info("gpu")
        assert (info.slot_count, info.limit, info.active_slot_count) == (3, 3, 0)
        assert [(p.name, p.limit, p.from_default) for p in storage.get_pool_limits()] == [("gpu", 3, False)]
        seen = []

        @dg.op(pool="gpu")
        def one() -> None:
            seen.append(instance.event_log_storage.get_concurrency_info("gpu").active_slot_count)

        @dg.job
        def work() -> None:
            one()

        assert work.execute_in_process(instance=instance).success
        assert seen == [1]
        assert storage.get_concurrency_info("gpu").active_slot_count == 0
        storage.delete_concurrency_limit("gpu")
        assert storage.get_concurrency_keys() == set()
        with pytest.raises(dg.DagsterInvalidInvocationError, match="0 to 1000"):
            storage.set_concurrency_slots("gpu", -1)


def waiting_run(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """One that has said that it waits for the paused pool `gpu`."""
    command = [sys.executable, "-m", "treadle", "--home", str(folder / "home"), *arguments]
    run = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert run.stderr
    said = ""
    for line in run.stderr:
        said += line
        if "`treadle pool set gpu 1`" in line:
            return run
    raise AssertionError(f"it did not wait: {said}")


def test_a_paused_pool_holds_its_steps_until_it_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    notes = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(notes))
    assert "paused" in treadle(tmp_path, "pool", "set", "gpu", "0").stdout
    assert treadle(tmp_path, "pool", "list").stdout == "gpu: 0 of 0 running, paused\n"
    run = waiting_run(tmp_path, "materialize", "-f", "pipeline.py", "--executor", "process")
    assert not notes.exists()
    assert treadle(tmp_path, "pool", "set", "gpu", "1").returncode == 0
    _, errors = run.communicate()
    assert run.returncode == 0, errors
    assert len(notes.read_text().split()) == 6
    assert most_at_once(notes) == 1


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_run_that_waits_for_a_paused_pool_is_cancelled_by_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executor: str
) -> None:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    treadle(tmp_path, "pool", "set", "gpu", "0")
    run = waiting_run(tmp_path, "materialize", "-f", "pipeline.py", "--executor", executor)
    run.send_signal(signal.SIGINT)
    run.communicate()
    assert run.returncode != 0
    runs = json.loads(treadle(tmp_path, "run", "list", "--json").stdout)["runs"]
    assert [one["status"] for one in runs] == ["CANCELED"]
    assert not (tmp_path / "notes").exists()


def test_the_settings_give_pools_a_limit_that_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / "treadle.toml").write_text("default_pool_limit = 0\n")
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    run = waiting_run(tmp_path, "materialize", "-f", "pipeline.py")
    assert treadle(tmp_path, "pool", "set", "gpu", "2").returncode == 0
    _, errors = run.communicate()
    assert run.returncode == 0, errors
    assert "own: 0 steps" in treadle(tmp_path, "pool", "list").stdout
    assert treadle(tmp_path, "pool", "remove", "gpu").returncode == 0
    (tmp_path / "treadle.toml").write_text("default_pool_limit = 1\n")
    told = json.loads(treadle(tmp_path, "pool", "list", "--json").stdout)
    assert told == {
        "pools": [{"name": "gpu", "limit": 1, "running": 0, "from_default": True}],
        "default_limit": 1,
    }
    assert treadle(tmp_path, "pool", "remove", "gpu").returncode == 4


def test_steps_with_a_limited_tag_take_turns_in_a_run_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_text(TAGGED)
    config = json.dumps(
        {
            "execution": {
                "config": {
                    "multiprocess": {
                        "max_concurrent": 4,
                        "tag_concurrency_limits": [{"key": "uses", "value": "gpu", "limit": 1}],
                    }
                }
            }
        }
    )
    arguments = ("materialize", "--job", "work", "--config", config, "-f", "pipeline.py")
    done = treadle(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr


def test_a_run_that_waits_for_a_place_can_be_ended(tmp_path: Path) -> None:
    text = PIPELINE.replace("time.sleep(0.1)", "time.sleep(0.1 if os.environ.get('SHORT') else 30)")
    (tmp_path / "pipeline.py").write_text(text)
    treadle(tmp_path, "pool", "set", "gpu", "1")
    notes = tmp_path / "notes"
    home = str(tmp_path / "home")
    source = ("materialize", "-f", "pipeline.py", "--select", "a0")
    command = [sys.executable, "-m", "treadle", "--home", home, *source]
    import os

    environment = {**os.environ, "NOTES": str(notes)}
    holder = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    while not notes.exists():
        assert holder.poll() is None
    running = json.loads(treadle(tmp_path, "pool", "list", "--json").stdout)["pools"][0]["running"]
    assert running == 1
    waiting = subprocess.Popen(
        command, cwd=tmp_path, env={**environment, "SHORT": "1"}, stderr=subprocess.DEVNULL
    )
    holder.kill()  # its place is free again, whatever ended it
    holder.wait()
    assert waiting.wait() == 0
