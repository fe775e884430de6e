"""`treadle artifact ...`: put, get, list, show, alias, delete, verify, gc, and what goes wrong."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

    Write = Callable[[str, str], Path]


@pytest.fixture
def iris(treadle: Cli, write: Write) -> Cli:
    """A home that keeps two versions of a folder."""
    write("data/train.csv", "a,b\n1,2\n")
    write("data/deep/er/test.csv", "a,b\n")
    treadle(
        "artifact",
        "put",
        "iris",
        "data",
        "--type",
        "dataset",
        "--alias",
        "first",
        "--description",
        "all rows",
    )
    write("data/train.csv", "a,b\n3,4\n")
    treadle("artifact", "put", "iris", "data", "--metadata", '{"rows": 2, "nested": {"x": [1.5, null]}}')
    return treadle


def test_what_was_put_comes_back(iris: Cli) -> None:
    assert "2 files" in iris("artifact", "get", "iris:first", "out").out
    assert (iris.folder / "out/train.csv").read_text() == "a,b\n1,2\n"
    assert (iris.folder / "out/deep/er/test.csv").read_text() == "a,b\n"
    iris("artifact", "get", "iris", "latest")
    assert (iris.folder / "latest/train.csv").read_text() == "a,b\n3,4\n"


def test_without_a_folder_get_makes_one_named_like_the_artifact(iris: Cli) -> None:
    iris("artifact", "get", "iris:v0", "--path", "train.csv")
    assert [path.name for path in (iris.folder / "iris").iterdir()] == ["train.csv"]


def test_the_same_content_makes_no_new_version(iris: Cli) -> None:
    again = iris.json("artifact", "put", "iris", "data")
    assert again["created"] is False
    assert again["version"]["version"] == "v1"
    assert "Unchanged" in iris("artifact", "put", "iris", "data").out


def test_files_and_references_are_put_together(treadle: Cli, write: Write) -> None:
    write("a.txt", "a")
    write("b.txt", "b")
    treadle("artifact", "put", "mixed", "a.txt", "b.txt", "s3://bucket/big.bin")
    files = treadle.json("artifact", "show", "mixed")["files"]
    assert [(f["path"], f["size"], f["reference"]) for f in files] == [
        ("a.txt", 1, None),
        ("b.txt", 1, None),
        ("big.bin", None, "s3://bucket/big.bin"),
    ]
    assert files[0]["sha256"] == hashlib.sha256(b"a").hexdigest()


def test_show_says_what_a_version_is(iris: Cli) -> None:
    shown = iris.json("artifact", "show", "iris")
    version = shown["version"]
    assert version["name"] == "local/default/iris:v1"
    assert version["type"] == "dataset"
    assert version["aliases"] == ["latest"]
    assert version["metadata"] == {"rows": 2, "nested": {"x": [1.5, None]}}
    assert version["file_count"] == 2
    assert shown["used_by_runs"] == []
    text = iris("artifact", "show", "iris:first").out
    assert "all rows" in text
    assert "deep/er/test.csv" in text


def test_ls_lists_artifacts_and_versions(iris: Cli) -> None:
    (artifact,) = iris.json("artifact", "ls")["artifacts"]
    assert (artifact["name"], artifact["version_count"], artifact["latest"]["version"]) == ("iris", 2, "v1")
    versions = iris.json("artifact", "ls", "iris")["versions"]
    assert [(v["version"], v["aliases"]) for v in versions] == [("v0", ["first"]), ("v1", ["latest"])]
    assert iris.json("artifact", "ls", "--type", "model") == {"artifacts": []}


def test_aliases_move_and_go(iris: Cli) -> None:
    iris("artifact", "alias", "iris:v0", "production", "blessed")
    assert iris.json("artifact", "alias", "iris:v1", "production")["version"]["aliases"] == [
        "latest",
        "production",
    ]
    assert iris.json("artifact", "show", "iris:v0")["version"]["aliases"] == ["blessed", "first"]
    iris("artifact", "alias", "iris:v1", "production", "--remove")
    assert "production" in iris("artifact", "show", "iris:production", code=4).err
    assert "follow the versions" in iris("artifact", "alias", "iris:v1", "v7", code=2).err


def test_a_deleted_version_is_gone_and_its_number_stays_free(iris: Cli, write: Write) -> None:
    assert iris("artifact", "delete", "iris", code=2).err.startswith("Error: Name the version to delete")
    assert "with-aliases" in iris("artifact", "delete", "iris:v0", code=2).err.replace("_", "-")
    iris("artifact", "delete", "iris:v0", "--with-aliases")
    iris("artifact", "delete", "iris:v1")
    iris("artifact", "show", "iris:v0", code=4)
    write("data/train.csv", "new")
    assert iris.json("artifact", "put", "iris", "data")["version"]["version"] == "v2"


def test_gc_gives_space_back(iris: Cli) -> None:
    iris("artifact", "delete", "iris:v0", "--with-aliases")
    planned = iris.json("artifact", "gc", "--grace", "0", "--dry-run")
    assert planned["blobs"] > 0
    assert iris.json("artifact", "gc", "--grace", "0")["blobs"] == planned["blobs"]
    assert iris.json("artifact", "gc", "--grace", "0")["blobs"] == 0
    iris("artifact", "get", "iris", "out")
    assert iris.json("artifact", "verify")["ok"] is True


def test_verify_finds_a_damaged_file_and_who_has_it(treadle: Cli) -> None:
    (treadle.folder / "big.bin").write_bytes(os.urandom(300_000))
    treadle("artifact", "put", "big", "big.bin")
    blobs = [
        p
        for p in (treadle.folder / ".treadle/blobs").rglob("*")
        if p.is_file() and p.stat().st_size >= 300_000
    ]
    assert len(blobs) == 1
    blobs[0].chmod(stat.S_IRUSR | stat.S_IWUSR)
    content = bytearray(blobs[0].read_bytes())
    content[1000] ^= 0xFF
    blobs[0].write_bytes(content)
    report = treadle.json("artifact", "verify", code=1)
    assert report["ok"] is False
    assert any("big:v0" in user for problem in report["problems"] for user in problem["used_by"])
    assert "big.bin" in treadle("artifact", "verify", code=1).out
    refused = treadle("artifact", "get", "big", "out", code=5)
    assert not (treadle.folder / "out/big.bin").exists(), refused.err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["artifact", "get", "irs"], 4, "Did you mean 'iris'"),
        (["artifact", "get", "iris:v9"], 4, "v9"),
        (["artifact", "get", "iris", "--path", "train.cs"], 4, "train.cs"),
        (["artifact", "get", "iris", "data/train.csv"], 2, "is a file"),
        (["artifact", "put", "iris", "nothing-here"], 4, "nothing-here"),
        (["artifact", "put", "iris:v3", "data"], 2, "numbered by the store"),
        (["artifact", "put", "iris", "data", "--type", "model"], 2, "dataset"),
        (["artifact", "put", "iris", "data", "--metadata", "[1]"], 2, "JSON object"),
        (["artifact", "put", "iris", "data", "--alias", "v3"], 2, "v3"),
        (["artifact", "put", "iris", "data", "--tpye", "x"], 2, "Did you mean '--type'"),
        (["artifact", "gett", "iris"], 2, "Did you mean 'get'"),
        (["artifact"], 2, "put, get, list"),
    ],
)
def test_mistakes_name_what_is_wrong_and_have_their_exit_code(
    iris: Cli, words: list[str], code: int, says: str
) -> None:
    done = iris(*words, code=code)
    assert says in done.err
    assert done.out == ""
    error = iris.json(*words, code=code)["error"]
    assert error["exit_code"] == code
    assert says in error["message"]


@pytest.mark.parametrize(
    "name",
    ["../up", "a/b/c/d", "", ".", "..", "new\nline", "\x1b[31mred", "x" * 200, "nul\u0000"[:3] + "\x01"],
)
def test_hostile_names_are_refused_and_printed_harmlessly(treadle: Cli, write: Write, name: str) -> None:
    write("a.txt", "a")
    done = treadle("artifact", "put", name, "a.txt", code=2)
    assert "\x1b" not in done.err
    assert done.err.count("\n") <= 4
    assert treadle.json("artifact", "ls") == {"artifacts": []}


def test_text_from_the_store_cannot_write_to_the_terminal(treadle: Cli, write: Write) -> None:
    write("a\x1b[2Jb.txt", "a")
    done = treadle("artifact", "put", "x", "a\x1b[2Jb.txt", code=2)
    assert "\x1b" not in done.err
    write("a.txt", "a")
    treadle(
        "artifact",
        "put",
        "x",
        "a.txt",
        "--description",
        "\x1b]0;owned\x07",
        "--metadata",
        '{"k": "\\u001b[2J"}',
    )
    for words in (["ls"], ["ls", "x"], ["show", "x"]):
        shown = treadle("artifact", *words).out
        assert "\x1b" not in shown
        assert "\x07" not in shown
    assert treadle.json("artifact", "show", "x")["version"]["description"] == "\x1b]0;owned\x07"


def test_a_symlink_out_of_the_folder_is_refused(treadle: Cli, write: Write) -> None:
    write("secret.txt", "s")
    write("data/a.txt", "a")
    (treadle.folder / "data/link").symlink_to(treadle.folder / "secret.txt")
    assert "link" in treadle("artifact", "put", "x", "data", code=2).err
    assert treadle.json("artifact", "ls") == {"artifacts": []}


def test_a_limit_on_the_size_of_files_is_an_error_that_leaves_nothing(treadle: Cli, write: Write) -> None:
    write("large", "x" * 3_000_000)
    treadle("artifact", "put", "large", "large")

    limited = ["sh", "-c", 'ulimit -f 1000; exec "$@"', "sh", str(treadle.program)]
    done = subprocess.run(
        [*limited, "artifact", "get", "large", "out"],
        cwd=treadle.folder,
        env=treadle.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "File too large" in done.stderr
    assert not list((treadle.folder / "out").iterdir())
