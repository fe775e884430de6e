"""Homes whose files were damaged, lost or altered: told, refused, and repaired where possible."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from trust import Project

PIPELINE = """
import treadle as dg

@dg.asset
def pickled():
    return {"a": 1}

@dg.asset
def packed():
    return b"p" * 50_000

@dg.asset
def reads(pickled, packed):
    return (pickled, len(packed))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A home with content in the database, in packs and in files of their own."""
    project = Project(tmp_path)
    project.write("pipeline.py", PIPELINE)
    project("materialize", "-f", "pipeline.py")
    project.write("large", os.urandom(3_000_000))
    project("artifact", "put", "large", "large")
    with closing(sqlite3.connect(project.home / "treadle.db")) as database:
        database.execute("pragma wal_checkpoint(truncate)")
    return project


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def flip_files(project: Project) -> None:
    for path in (project.home / "blobs/files").iterdir():
        flip(path)


def flip_packs(project: Project) -> None:
    for path in (project.home / "blobs/packs").iterdir():
        flip(path)


def flip_rows(project: Project) -> None:
    with closing(sqlite3.connect(project.home / "treadle.db")) as database, database:
        rows = database.execute("select sha256, content from blob_object where content is not null")
        for digest, content in rows.fetchall():
            changed = bytes([content[0] ^ 1]) + content[1:]
            database.execute("update blob_object set content = ? where sha256 = ?", (changed, digest))


def remove_content(project: Project) -> None:
    shutil.rmtree(project.home / "blobs")


@pytest.mark.parametrize("damage", [flip_files, flip_packs, flip_rows, remove_content])
@pytest.mark.parametrize("found_by", ["verify", "get"])
def test_damaged_content_is_told_and_repaired_by_keeping_it_again(
    project: Project, damage: Callable[[Project], None], found_by: str
) -> None:
    damage(project)
    for round_ in range(3):  # behind a damaged manifest may be a damaged file
        if found_by == "verify":
            report = project.json("artifact", "verify", code=None)
            assert report["ok"] is (round_ > 0)
        else:
            names = ["pickled", "packed", "reads", "large"]
            got = [project("artifact", "get", n, project.folder / "got" / n, code=None).code for n in names]
            assert round_ > 0 or 5 in got
        project("artifact", "put", "large", "large")
        project("materialize", "-f", "pipeline.py", code=None)
    assert project.json("artifact", "verify")["ok"]
    project("materialize", "-f", "pipeline.py")


def test_a_damaged_pickle_is_not_opened(project: Project) -> None:
    flip_rows(project)
    refused = project("materialize", "-f", "pipeline.py", "reads", code=1)
    assert "are not what was put there" in refused.text


def alter(project: Project, version: str, content: bytes) -> None:
    """What somebody without the key can do: other content with all its digests."""
    shown = project.json("artifact", "show", version)
    path = next(iter(shown["files"]))["path"]
    project.write("evil/" + path, content)
    project("artifact", "put", "evil", "evil", "--type", "asset")
    with closing(sqlite3.connect(project.home / "treadle.db")) as database, database:
        manifest_of = (
            "select b.content from artifact_version v join artifact_collection c on c.id = v.collection_id"
            " join blob_object b on b.sha256 = v.manifest_sha256 where c.name = ?"
        )
        name = version.partition(":")[0]
        (good,) = database.execute(manifest_of, (name,)).fetchone()
        (evil,) = database.execute(manifest_of, ("evil",)).fetchone()
        manifest = json.loads(evil)
        extra = json.loads(good)["contents"][path]["extra"]
        manifest["contents"][path]["extra"] = extra  # the old signature is all there is
        text = json.dumps(manifest, separators=(",", ":")).encode()
        digest = hashlib.sha256(text).digest()
        database.execute(
            "insert into blob_object (sha256, md5, size, created, bad, content) values (?, ?, ?, 0, 0, ?)",
            (digest, hashlib.md5(text).digest(), len(text), text),
        )
        of_evil = "(select v.{} from artifact_version v join artifact_collection c on c.id = v.collection_id"
        of_evil += " where c.name = 'evil')"
        database.execute(
            f"update artifact_version set manifest_sha256 = ?, digest = {of_evil.format('digest')},"
            f" content_digest = {of_evil.format('content_digest')}, size = {of_evil.format('size')}"
            " where collection_id = (select id from artifact_collection where name = ?)",
            (digest, name),
        )


def test_an_altered_pickle_is_refused_though_all_digests_fit(project: Project) -> None:
    alter(project, "pickled", b"cos\nsystem\n(S'touch owned'\ntR.")
    assert project.json("artifact", "verify")["ok"]
    refused = project("materialize", "-f", "pipeline.py", "reads", code=1)
    assert "does not fit its content and this home's key" in refused.text
    assert not (project.folder / "owned").exists()


def test_a_pickle_of_another_home_is_refused(project: Project) -> None:
    other = Project(project.folder, home=project.folder / "other")
    shutil.copytree(project.home, other.home)
    (other.home / "key").unlink()
    refused = other("materialize", "-f", "pipeline.py", "reads", code=1)
    assert "Materialize the asset again" in refused.text
    # ... and that is what helps
    other("materialize", "-f", "pipeline.py")
    other("materialize", "-f", "pipeline.py", "reads")


def test_a_new_key_is_only_for_its_owner(project: Project) -> None:
    assert (project.home / "key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_cut_off_is_refused(project: Project) -> None:
    (project.home / "key").write_bytes(b"short")
    refused = project("materialize", "-f", "pipeline.py", code=5)
    assert "key' is too short" in refused.err
    assert (project.home / "key").read_bytes() == b"short"


def empty(project: Project) -> None:
    os.truncate(project.home / "treadle.db", 0)


def remove_database(project: Project) -> None:
    (project.home / "treadle.db").unlink()


@pytest.mark.parametrize("damage", [empty, remove_database])
def test_a_database_that_was_emptied_is_not_begun_anew(
    project: Project, damage: Callable[[Project], None]
) -> None:
    for name in ("treadle.db-wal", "treadle.db-shm"):
        (project.home / name).unlink(missing_ok=True)
    damage(project)
    content = sorted((project.home / "blobs").rglob("*"))
    refused = project("artifact", "put", "large", "large", code=5)
    assert "is empty, though content is kept" in refused.err
    project("artifact", "gc", code=None)
    project("materialize", "-f", "pipeline.py", code=5)
    assert sorted((project.home / "blobs").rglob("*")) == content


def test_a_log_that_was_removed_is_not_begun_anew(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("large", os.urandom(3_000_000))
    project("artifact", "put", "large", "large")
    for name in ("treadle.db-wal", "treadle.db-shm"):
        (project.home / name).unlink(missing_ok=True)
    refused = project("artifact", "ls", code=5)
    assert "treadle.db-wal, which belongs to it" in refused.err


@pytest.mark.parametrize("room", ["events", "artifact", "blob"])
def test_a_home_of_a_newer_version_is_refused_also_for_reading(project: Project, room: str) -> None:
    with closing(sqlite3.connect(project.home / "treadle.db")) as database, database:
        database.execute("update schema_versions set version = 99 where room = ?", (room,))
    for words in (["artifact", "ls"], ["run", "list"], ["materialize", "-f", "pipeline.py"]):
        assert "newer Treadle" in project(*words, code=5).err


def test_pages_of_nonsense_in_the_database_are_an_error_of_the_home(project: Project) -> None:
    database = project.home / "treadle.db"
    content = bytearray(database.read_bytes())
    for at in range(4096, len(content), 4096):
        content[at : at + 100] = os.urandom(100)
    database.write_bytes(content)
    for words in (["artifact", "ls"], ["run", "list"], ["artifact", "verify"], ["artifact", "gc"]):
        assert "is damaged or is no Treadle database" in project(*words, code=5).err
    assert database.read_bytes() == content
