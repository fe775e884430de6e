"""Which home is used, and homes that cannot be."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Cli

    Write = Callable[[str, str], Path]


@pytest.fixture
def restricted(treadle: Cli) -> Iterator[Cli]:
    """The program as a user who may not write everywhere: root may."""
    folder = Path(tempfile.mkdtemp(prefix="treadle-restricted-"))
    folder.chmod(0o755)
    program = Path(shutil.copy(treadle.program, folder))
    (folder / "treadle.toml").touch()
    yield dataclasses.replace(
        treadle, program=program, folder=folder, user=65534 if os.geteuid() == 0 else None
    )
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def kept(treadle: Cli, write: Write) -> Cli:
    write("a.txt", "a")
    treadle("artifact", "put", "x", "a.txt")
    return treadle


def test_reading_commands_make_no_home(treadle: Cli) -> None:
    assert treadle.json("artifact", "ls") == {"artifacts": []}
    assert treadle.json("run", "list") == {"runs": []}
    assert treadle.json("artifact", "verify")["ok"] is True
    assert "Nothing is kept in" in treadle("run", "list").out
    treadle("run", "show", "latest", code=4)
    treadle("artifact", "show", "x", code=4)
    assert not (treadle.folder / ".treadle").exists()


def test_a_flag_beats_the_environment_and_that_the_settings(treadle: Cli, write: Write) -> None:
    write("a.txt", "a")
    write("treadle.toml", 'home = "from_file"\n')
    treadle("artifact", "put", "x", "a.txt")
    assert (treadle.folder / "from_file/treadle.db").exists()
    treadle("artifact", "put", "x", "a.txt", DAGSTER_HOME="from_dagster")
    assert (treadle.folder / "from_dagster/treadle.db").exists()
    treadle("artifact", "put", "x", "a.txt", DAGSTER_HOME="ignored", TREADLE_HOME="from_env")
    assert (treadle.folder / "from_env/treadle.db").exists()
    treadle("--home", "from_flag", "artifact", "put", "x", "a.txt", TREADLE_HOME="ignored")
    assert (treadle.folder / "from_flag/treadle.db").exists()
    assert not (treadle.folder / "ignored").exists()


def test_the_home_is_found_from_a_folder_below(kept: Cli) -> None:
    below = kept.folder / "deep/er"
    below.mkdir(parents=True)
    kept.folder = below
    assert len(kept.json("artifact", "ls")["artifacts"]) == 1


def test_settings_that_make_no_sense_are_an_error(treadle: Cli, write: Write) -> None:
    write("treadle.toml", 'hoem = "x"\n')
    assert "Did you mean 'home'" in treadle("artifact", "ls", code=2).err


def settle(database: Path) -> None:
    """Moves what is still in the write-ahead log into the database file, so that damage to it matters."""
    connection = sqlite3.connect(database)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.execute("pragma journal_mode=delete")
    connection.close()


def test_a_database_that_is_none_is_refused_and_left_alone(kept: Cli) -> None:
    database = kept.folder / ".treadle/treadle.db"
    settle(database)
    database.write_bytes(b"this is no database" * 1000)
    for words in (["artifact", "ls"], ["run", "list"], ["artifact", "put", "x", "a.txt"]):
        assert "treadle.db" in kept(*words, code=5).err
    assert database.read_bytes() == b"this is no database" * 1000


def test_a_truncated_database_is_refused(kept: Cli) -> None:
    database = kept.folder / ".treadle/treadle.db"
    settle(database)
    size = database.stat().st_size
    os.truncate(database, size // 2)
    done = kept("artifact", "put", "y", "a.txt", code=5)
    assert done.err.startswith("Error: ")
    assert database.stat().st_size <= size


def test_a_home_that_cannot_be_written_can_be_read(kept: Cli, restricted: Cli) -> None:
    before = kept.json("artifact", "ls")
    shutil.copytree(kept.folder / ".treadle", restricted.folder / ".treadle")
    (restricted.folder / "a.txt").write_text("another a")
    for path in [restricted.folder, *restricted.folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() or path == restricted.program else 0o444)
    assert restricted.json("artifact", "ls") == before
    refused = restricted("artifact", "put", "x", "a.txt", code=5)
    assert ".treadle" in refused.err
    assert restricted.json("artifact", "ls") == before


def test_a_home_that_is_a_file_says_so(treadle: Cli, write: Write) -> None:
    write("a.txt", "a")
    write("home", "a file")
    assert "home" in treadle("--home", "home", "artifact", "put", "x", "a.txt", code=5).err


def test_an_unreadable_place_for_the_home_says_so(treadle: Cli, write: Write) -> None:
    write("a.txt", "a")
    assert "/proc/nowhere" in treadle("--home", "/proc/nowhere", "artifact", "put", "x", "a.txt", code=5).err


def test_a_home_that_is_a_file_is_told_by_what_it_is(treadle: Cli, write: Write) -> None:
    write("home", "not a folder")
    for words in (
        ("run", "list"),
        ("run", "show", "latest"),
        ("artifact", "list"),
        ("artifact", "put", "a", "home"),
    ):
        assert "home" in treadle(*words, "--home", "home", code=5).err
    assert "is not a folder" in treadle("run", "list", "--home", "home", code=5).err


def test_an_error_is_a_sentence_on_lines_of_its_own(treadle: Cli) -> None:
    for words in (("run", "show", "x"), ("artifact", "put", "a", "no_such_file")):
        error = treadle(*words, code=4).err
        assert error.startswith("Error: ")
        assert error[7].isupper()
        assert not error.endswith("\n\n")
    told = treadle.json("run", "show", "x", code=4)["error"]["message"]
    assert told == told.strip()
