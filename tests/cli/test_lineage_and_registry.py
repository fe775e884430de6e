"""`treadle artifact diff|lineage|reproduce|copy|export|import|tag|ttl` and `treadle registry ...`."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

    Write = Callable[[str, str], Path]


@pytest.fixture
def churn(treadle: Cli, write: Write) -> Cli:
    """A home with two versions of a model."""
    write("m/weights", "1")
    treadle("artifact", "put", "churn", "m", "--type", "model", "--tag", "raw", "--metadata", '{"f1": 0.5}')
    write("m/weights", "2")
    write("m/vocabulary", "a b")
    treadle("artifact", "put", "churn", "m", "--type", "model", "--metadata", '{"f1": 0.75}')
    return treadle


def test_a_diff_names_files_and_metadata(churn: Cli) -> None:
    diff = churn.json("artifact", "diff", "churn:v0", "churn:v1")
    assert [(f["change"], f["path"]) for f in diff["files"]] == [
        ("added", "vocabulary"),
        ("changed", "weights"),
    ]
    assert diff["metadata"] == [{"key": "f1", "before": 0.5, "after": 0.75}]
    text = churn("artifact", "diff", "churn:v0", "churn:v1").out
    assert "changed  weights" in text
    assert ["f1", "0.5", "0.75"] in [line.split() for line in text.splitlines()]
    assert churn.json("artifact", "diff", "churn:v1", "churn")["same_content"] is True


def test_lineage_as_text_json_and_graph(churn: Cli, write: Write) -> None:
    write("r/report", "good")
    churn("artifact", "put", "report", "r", "--run", "run-9")
    lineage = churn.json("artifact", "lineage", "report")
    assert lineage["edges"] == [{"kind": "made", "run_id": "run-9", "version": "local/default/report:v0"}]
    assert "made from\n    run run-9" in churn("artifact", "lineage", "report").out
    dot = churn("artifact", "lineage", "report", "--dot").out
    assert dot.startswith("digraph lineage {")
    assert "r0 -> v0;" in dot
    churn("artifact", "lineage", "report", "--dot", "--json", code=2)


def test_tags_and_time_to_live(churn: Cli) -> None:
    assert churn.json("artifact", "tag", "churn:v1", "best")["version"]["tags"] == ["best"]
    assert [v["version"] for v in churn.json("artifact", "list", "churn", "--tag", "raw")["versions"]] == [
        "v0"
    ]
    assert churn.json("artifact", "ttl", "churn:v0", "2h")["version"]["ttl_seconds"] == 7200
    assert "is no time to live" in churn("artifact", "ttl", "churn", "soon", code=2).err
    assert "a tag" in churn("artifact", "tag", "churn", "a/b", code=2).err


def test_a_version_goes_to_another_home_and_back(churn: Cli) -> None:
    copied = churn.json("artifact", "copy", "churn:v0", "--to-home", "other", "--alias", "approved")
    assert copied["version"]["aliases"] == ["approved", "latest"]
    listed = churn.json("--home", "other", "artifact", "list", "churn")["versions"]
    assert [v["tags"] for v in listed] == [["raw"]]
    churn("--home", "other", "artifact", "export", "churn", "churn.tar")
    back = churn.json("artifact", "import", "churn.tar", "--as", "vendor/churn")
    assert back["version"]["name"] == "local/vendor/churn:v0"
    assert back["version"]["digest"] == copied["version"]["digest"]
    churn("artifact", "export", "churn", "churn.tar", code=2)  # it is there
    (churn.folder / "cut.tar").write_bytes((churn.folder / "churn.tar").read_bytes()[:1500])
    churn("artifact", "import", "cut.tar", "--as", "vendor/cut", code=5)
    churn("artifact", "show", "vendor/cut", code=4)


def test_an_incremental_version(churn: Cli, write: Write) -> None:
    write("new/extra", "x")
    made = churn.json(
        "artifact", "put", "churn", "new", "-t", "model", "--base", "churn", "--remove", "vocabulary"
    )
    shown = churn.json("artifact", "show", made["version"]["name"])
    assert [f["path"] for f in shown["files"]] == ["extra", "weights"]


def test_protected_aliases_stay(churn: Cli) -> None:
    churn("artifact", "alias", "churn:v0", "production", "--protect")
    refused = churn("artifact", "alias", "churn:v1", "production", code=5)
    assert "--override-protection" in refused.err
    churn("artifact", "alias", "churn:v1", "production", "--override-protection")
    assert churn.json("artifact", "show", "churn:production")["version"]["version"] == "v1"


def test_a_registry_links_versions(churn: Cli) -> None:
    churn("registry", "create", "model", "--type", "model")
    linked = churn.json("registry", "link", "churn:v1", "model/Churn", "--alias", "production")["member"]
    assert (linked["version"], linked["aliases"]) == ("v0", ["latest", "production"])
    assert linked["source"]["name"] == "local/default/churn:v1"
    churn("registry", "link", "churn:v0", "model/Churn")
    shown = churn.json("registry", "show", "model/Churn")
    assert [m["source"]["version"] for m in shown["collections"][0]["members"]] == ["v1", "v0"]
    churn("artifact", "get", "wandb-registry-model/Churn:production", "out")
    assert (churn.folder / "out/weights").read_text() == "2"
    assert churn.json("artifact", "show", "churn:v1")["linked_as"] == ["local/wandb-registry-model/Churn:v0"]
    churn("registry", "protect", "model", "production")
    assert "(--override-protection)" in churn("registry", "alias", "model/Churn:v1", "production", code=5).err
    churn("registry", "alias", "model/Churn:v1", "production", "--override-protection")
    churn("registry", "unlink", "model/Churn:v0")
    actions = [event["action"] for event in churn.json("registry", "history", "model/Churn")["history"]]
    assert actions == ["link", "alias", "link", "alias", "unlink"]
    assert "registry create other" in churn("registry", "link", "churn", "other/X", code=4).err


def test_registries_of_other_entities_have_theirs_before_them(churn: Cli) -> None:
    churn("registry", "create", "acme/wandb-registry-model")
    churn("registry", "link", "churn:v1", "acme/model/Churn", "--alias", "production")
    shown = churn.json("registry", "show", "acme/wandb-registry-model")
    assert [m["name"] for m in shown["collections"][0]["members"]] == ["acme/wandb-registry-model/Churn:v0"]
    [event, _] = churn.json("registry", "history", "acme/model/Churn")["history"]
    assert event["action"] == "link"
    churn("registry", "edit", "acme/wandb-registry-model", "--description", "theirs")
    assert "names a collection" in churn("registry", "delete", "acme/model/Churn", code=2).err
    churn("registry", "delete", "acme/wandb-registry-model")
    churn("registry", "show", "acme/wandb-registry-model", code=4)


def test_references_are_kept_as_the_sdk_keeps_them_and_told_when_they_are_read(
    treadle: Cli, write: Write
) -> None:
    write("data/a.txt", "hey")
    write("data/deep/b.txt", "you")
    uri = f"file://{treadle.folder}/data"
    made = treadle.json("artifact", "put", "ref", uri, "https://example.org/c.csv?v=1")["version"]
    assert made["file_count"] == 3
    files = {f["path"]: f for f in treadle.json("artifact", "show", "ref")["files"]}
    assert files["a.txt"]["md5"] == "YFfxPEluz3/Xd86555rihQ=="
    assert files["deep/b.txt"]["reference"] == f"{uri}/deep/b.txt"
    assert files["c.csv"]["md5"] == "https://example.org/c.csv?v=1"
    done = treadle("artifact", "get", "ref", "out")
    assert "Wrote 0 files" in done.out
    assert "Not kept here, 3 references:" in done.out
    assert len(treadle.json("artifact", "get", "ref", "out")["references"]) == 3
    assert "'data' is a folder" in treadle("artifact", "put", "x", "data", "data", code=2).err


def git(folder: Path, *words: str) -> str:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["git", *name, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def test_what_is_put_in_a_repository_says_so(treadle: Cli, write: Write) -> None:
    write("data/x", "1")
    git(treadle.folder, "init", "-q", "-b", "main")
    git(treadle.folder, "add", "data")
    git(treadle.folder, "commit", "-q", "-m", "first")
    write("data/y", "2")
    treadle("artifact", "put", "iris", "data")
    code = treadle.json("artifact", "show", "iris")["code"]
    assert code["commit"] == git(treadle.folder, "rev-parse", "HEAD").strip()
    assert "+2" in code["uncommitted"]
    recipe = treadle.json("artifact", "reproduce", "iris")
    assert recipe["can_be_done_again"] is False
    assert "by hand" in recipe["obstacle"]
    treadle("artifact", "put", "bare", "data", "--no-code")
    assert treadle.json("artifact", "show", "bare")["code"] is None
