"""A disk that is full, and homes that cannot be written: told with the cure, nothing lost, and it goes on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_disk import Disk, small_disk

from trust import BIN, Project, succeeded

PIPELINE = """
import os
import treadle as dg

@dg.asset
def small(): return 1

@dg.asset
def big(small): return os.urandom(3_000_000)

@dg.asset
def after(big): return len(big)
"""
MANY = """
import os
import treadle as dg

def make(number):
    @dg.asset(name=f"a{number}")
    def make_asset(): return os.urandom(3_000)
    return make_asset

defs = dg.Definitions([make(number) for number in range(600)])
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        yield disk


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_run_that_fills_the_disk_is_finished_when_there_is_space(
    tmp_path: Path, disk: Disk, executor: str
) -> None:
    project = Project(tmp_path, home=disk.folder / "home")
    project.write("pipeline.py", PIPELINE)
    words = ["materialize", "-f", "pipeline.py", "--run-id", "r", "--executor", executor]
    failed = project(*words, code=1)
    assert "no space left" in failed.text
    assert "Free some space" in failed.text
    assert succeeded(project.events("r")) == {"small": 1}
    assert project.json("artifact", "verify")["ok"]
    disk.remount("size=40m")
    project("run", "resume", "r")
    assert succeeded(project.events("r")) == {"small": 1, "big": 1, "after": 1}
    assert project.json("artifact", "verify")["ok"]


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_record_that_fills_the_disk_keeps_what_it_has(tmp_path: Path, disk: Disk, executor: str) -> None:
    project = Project(tmp_path, home=disk.folder / "home")
    project.write("pipeline.py", MANY)
    words = ["materialize", "-f", "pipeline.py", "--run-id", "r", "--executor", executor]
    done = project(*words, code=None)
    assert done.code in (1, 5)
    assert "Free some space" in done.text + done.err
    before = set(succeeded(project.events("r")))
    disk.remount("size=60m")
    project("run", "resume", "r")
    events = project.events("r")
    assert before <= set(succeeded(events))
    assert set(succeeded(events).values()) == {1}
    assert len(succeeded(events)) == 600
    assert project.json("artifact", "verify")["ok"]


def test_a_full_disk_can_be_read_and_takes_no_half_versions(tmp_path: Path, disk: Disk) -> None:
    project = Project(tmp_path, home=disk.folder / "home")
    project.write("tiny", "tiny")
    project.write("large", os.urandom(3_000_000))
    for number in range(500):
        project.write(f"many/{number}", os.urandom(100))
    project("artifact", "put", "first", "tiny")
    disk.fill()
    before = project.json("artifact", "ls")
    for source in ("large", "many"):
        refused = project("artifact", "put", source, source, code=5)
        assert "Free some space" in refused.err
    assert project.json("artifact", "ls") == before
    project("run", "list")
    assert project.json("artifact", "verify")["ok"]
    project("artifact", "get", "first", "got")
    disk.empty()
    disk.remount("size=20m")
    for source in ("large", "many"):
        project("artifact", "put", source, source)
    assert project.json("artifact", "verify")["ok"]


def test_a_home_on_a_read_only_disk_can_be_read(tmp_path: Path, disk: Disk) -> None:
    project = Project(tmp_path, home=disk.folder / "home")
    project.write("pipeline.py", "import treadle as dg\n\n@dg.asset\ndef a(): return 1\n")
    project.write("tiny", "tiny")
    project("materialize", "-f", "pipeline.py", "--run-id", "r")
    project("artifact", "put", "tiny", "tiny")
    disk.remount("ro")
    for words in (
        ["run", "list"],
        ["run", "show", "r"],
        ["run", "logs", "r"],
        ["asset", "show", "a"],
        ["artifact", "ls"],
        ["artifact", "show", "tiny"],
        ["artifact", "verify"],
        ["artifact", "get", "tiny", "got"],
        ["list", "-f", "pipeline.py"],
        ["materialize", "--dry-run", "-f", "pipeline.py"],
    ):
        project(*words)
    for words in (
        ["materialize", "-f", "pipeline.py"],
        ["artifact", "put", "other", "tiny"],
    ):
        refused = project(*words, code=5)
        assert str(project.home) in refused.err
        assert "read" in refused.err.lower()
    disk.remount("rw")
    project("materialize", "-f", "pipeline.py")


def test_somebody_elses_home_can_be_read(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    folder = Path(tempfile.mkdtemp(prefix="treadle-elses-"))
    try:
        program = Path(shutil.copy(BIN / "treadle", folder))
        project = Project(folder, program)
        project.write("tiny", "tiny")
        project("artifact", "put", "tiny", "tiny")
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path == program else 0o644)
        (project.home / "key").chmod(0o600)
        nobody = 65534
        for words in (["artifact", "ls"], ["artifact", "verify"], ["run", "list"]):
            project(*words, user=nobody)
        refused = project("artifact", "put", "other", "tiny", code=5, user=nobody)
        assert str(project.home) in refused.err
        assert "ermission" in refused.err
        assert project("artifact", "verify", code=0).code == 0
    finally:
        shutil.rmtree(folder)
