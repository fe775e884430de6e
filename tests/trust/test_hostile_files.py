"""What `artifact put` and `get` do with files that mean harm, or cannot be kept."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from trust import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.write("data/good", "good")
    return project


def bind_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: p.symlink_to("/etc/passwd"), "leads out of the folder"),
        (lambda p: p.symlink_to("../treadle.toml"), "leads out of the folder"),
        (lambda p: p.symlink_to("."), "leads out of the folder"),
        (lambda p: p.symlink_to(p.name), "points to nothing"),
        (lambda p: p.symlink_to("nowhere"), "points to nothing"),
        (lambda p: p.symlink_to("/dev"), "leads out of the folder"),
        (os.mkfifo, "socket, pipe or device"),
        (bind_socket, "socket, pipe or device"),
    ],
)
def test_what_is_no_file_of_the_folder_is_refused(
    project: Project, make: Callable[[Path], None], told: str
) -> None:
    make(project.folder / "data/entry")
    assert told in project("artifact", "put", "x", "data", code=2).err
    assert project.json("artifact", "ls") == {"artifacts": []}


@pytest.mark.parametrize("name", [b"new\nline", b"\x1b[31m", b"\xff\xfe", b"back\\slash", "\u202e".encode()])
def test_names_that_other_systems_or_terminals_trip_over_are_refused(project: Project, name: bytes) -> None:
    with open(os.path.join(os.fsencode(project.folder), b"data", name), "wb"):  # noqa: PTH118, PTH123
        pass
    refused = project("artifact", "put", "x", "data", code=2)
    assert "cannot be a path in an artifact" in refused.err
    assert not set("\x1b\u202e") & set(refused.err)


def test_very_deep_and_very_long_paths_are_kept_or_refused(project: Project) -> None:
    deep = project.folder / "data" / "/".join(["d" * 50] * 60)
    deep.mkdir(parents=True)
    (deep / ("f" * 255)).write_text("deep")
    project("artifact", "put", "x", "data")
    project("artifact", "get", "x", "got")
    assert subprocess.run(["diff", "-r", "data", "got"], cwd=project.folder, check=False).returncode == 0


def test_a_file_that_cannot_be_read_is_named(project: Project) -> None:
    # A file that even root cannot read.
    refused = project("artifact", "put", "x", "/proc/self/mem", code=None)
    assert refused.code != 0
    assert "/proc/self/mem" in refused.err


def test_the_home_is_not_kept_in_itself(project: Project) -> None:
    project("artifact", "put", "x", "data")
    assert "the home itself" in project("artifact", "put", "y", project.home, code=2).err
    # ... also when the folder is named in another way than the home
    project.write("all/data", "x")
    (project.folder / "named").symlink_to(project.folder / "all")
    inside = Project(project.folder, home=project.folder / "named/home")
    inside("artifact", "put", "all", "all")
    inside("artifact", "put", "all", "all")
    assert [f["path"] for f in inside.json("artifact", "show", "all")["files"]] == ["data"]


def test_a_file_that_changes_while_it_is_kept_gives_a_whole_version_or_none(project: Project) -> None:
    path = project.write("data/changing", b"0" * 4_000_000)
    stop = threading.Event()

    def change() -> None:
        digit = 0
        while not stop.is_set():
            digit = (digit + 1) % 10
            path.write_bytes(str(digit).encode() * 4_000_000)
            (project.folder / "data/comes").touch()
            (project.folder / "data/comes").unlink()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(5):
            done = project("artifact", "put", "x", "data", code=None)
            assert done.code == 0 or "changed" in done.err or "No such file" in done.err, done.err
    finally:
        stop.set()
        thread.join()
    assert project.json("artifact", "verify")["ok"]


def test_nothing_is_written_through_a_symlink(project: Project) -> None:
    project.write("data/folder/file", "new")
    project("artifact", "put", "x", "data")
    outside = project.folder / "outside"
    outside.mkdir()
    (outside / "good").write_text("old")
    # A link in place of a file is replaced; one in place of a folder is refused.
    (project.folder / "got").mkdir()
    (project.folder / "got/good").symlink_to(outside / "good")
    project("artifact", "get", "x", "got", "--path", "good")
    assert (project.folder / "got/good").read_text() == "good"
    (project.folder / "got/folder").symlink_to(outside)
    assert "symbolic link" in project("artifact", "get", "x", "got", code=2).err
    assert [p.name for p in outside.iterdir()] == ["good"]
    assert (outside / "good").read_text() == "old"


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (150 << 20, 150 << 20))


def test_a_large_file_takes_little_memory(project: Project) -> None:
    with (project.folder / "large").open("wb") as large:
        large.truncate(200 << 20)
        large.seek(100 << 20)
        large.write(os.urandom(1 << 20))
    project("artifact", "put", "large", "large", before=limit_memory)
    project("artifact", "verify", before=limit_memory)
    project("artifact", "get", "large", "got", before=limit_memory)
    assert subprocess.run(["cmp", "large", "got/large"], cwd=project.folder, check=False).returncode == 0
    for path in ("large", "got/large"):
        (project.folder / path).unlink()


def test_ten_thousand_files_take_little_memory(project: Project) -> None:
    folder = project.folder / "many"
    folder.mkdir()
    for number in range(10_000):
        (folder / str(number)).write_bytes(b"%d" % number)
    project("artifact", "put", "many", "many", before=limit_memory)
    project("artifact", "get", "many", "got", before=limit_memory)
    assert len(list((project.folder / "got").iterdir())) == 10_000
