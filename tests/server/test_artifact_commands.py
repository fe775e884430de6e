"""`treadle artifact ... --host`: the commands of the home, on a server."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from native_client import Client
from real_server import BIN, Server


@dataclass
class Commands:
    client: Client
    host: str

    def run(self, *words: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        self.client.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [str(BIN / "treadle"), *words],
            cwd=self.client.folder,
            env={**self.client.env(), **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def __call__(self, *words: str) -> Any:
        return json.loads(self.run("--json", "artifact", *words, "--host", self.host).stdout)


@pytest.fixture
def on(server: Server, tmp_path: Path) -> Commands:
    client = Client(tmp_path / "work", server.url, server.key)
    commands = Commands(client, server.url)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    (folder / "b.txt").write_text("two")
    commands("put", "local/iris/set", str(folder), "--alias", "best", "--metadata", '{"rows": 2}')
    (folder / "a.txt").rename(folder / "c.txt")
    (folder / "b.txt").write_text("three")
    commands("put", "local/iris/set", str(folder), "--run", "r1", "--tag", "new")
    return commands


def test_versions_are_put_listed_shown_and_got(on: Commands) -> None:
    listed = on("list")["artifacts"]
    assert [(a["project"], a["name"], a["latest"]["version"]) for a in listed] == [("iris", "set", "v1")]
    versions = on("list", "local/iris/set")["versions"]
    assert (listed[0]["version_count"], listed[0]["size"]) == (2, sum(v["size"] for v in versions))
    versions = on("list", "local/iris/set")["versions"]
    assert [(v["version"], v["aliases"], v["tags"]) for v in versions] == [
        ("v0", ["best"], []),
        ("v1", ["latest"], ["new"]),
    ]
    shown = on("show", "local/iris/set:best")
    assert [f["path"] for f in shown["files"]] == ["a.txt", "b.txt"]
    assert shown["version"]["metadata"] == {"rows": 2}
    on("get", "local/iris/set", "out")
    assert (on.client.folder / "out" / "b.txt").read_text() == "three"
    # Nothing of it is in the home.
    assert on.run("artifact", "list", "--host", "embedded").stdout.startswith("Nothing is kept")


def test_two_versions_are_compared_by_what_the_server_knows(on: Commands) -> None:
    changes = on("diff", "local/iris/set:v0", "local/iris/set:v1")["files"]
    assert [(c["change"], c["path"], c["from"]) for c in changes] == [
        ("changed", "b.txt", None),
        ("moved", "c.txt", "a.txt"),
    ]


def test_lineage_goes_through_the_runs_of_the_server(on: Commands) -> None:
    on.client(
        """
        run = wandb.init(entity="local", project="other", id="r2")
        run.use_artifact("local/iris/set:v1")
        made = wandb.Artifact("model", "model")
        with made.new_file("m") as file:
            file.write("m")
        run.log_artifact(made).wait()
        run.finish()
        """
    )
    below = on("lineage", "local/iris/set")
    assert [v["name"] for v in below["versions"]] == ["local/iris/set:v1", "local/other/model:v0"]
    edges = [(e["kind"], e["run_id"], e["version"]) for e in below["edges"]]
    assert edges == [
        ("made", "r1", "local/iris/set:v1"),
        ("used", "r2", "local/iris/set:v1"),
        ("made", "r2", "local/other/model:v0"),
    ]
    assert [v["name"] for v in on("lineage", "local/other/model", "--down", "0")["versions"]] == [
        "local/other/model:v0",
        "local/iris/set:v1",
    ]
    assert on("show", "local/other/model")["made_from"] == ["local/iris/set:v1"]


def test_names_tags_and_descriptions_are_changed_there(on: Commands) -> None:
    assert on("alias", "local/iris/set:v0", "prod")["version"]["aliases"] == ["best", "prod"]
    assert on("alias", "local/iris/set:v0", "prod", "--remove")["version"]["aliases"] == ["best"]
    assert on("tag", "local/iris/set:v0", "x", "y")["version"]["tags"] == ["x", "y"]
    assert on("describe", "local/iris/set:v0", "--description", "new")["version"]["description"] == "new"
    assert on("ttl", "local/iris/set:v0", "3d")["version"]["ttl_seconds"] == 3 * 86400
    refused = on.run("artifact", "rm", "local/iris/set:v0", "--host", on.host, code=2).stderr
    assert "--with-aliases" in refused
    assert ".." not in refused
    on("rm", "local/iris/set:v0", "--with-aliases")
    gone = on.run("artifact", "show", "local/iris/set:v0", "--host", on.host, code=4)
    assert "without such a version" in gone.stderr


def test_the_environment_names_the_server_and_a_home_that_is_named_wins(on: Commands, tmp_path: Path) -> None:
    by_variable = json.loads(on.run("--json", "artifact", "list").stdout)["artifacts"]
    assert [a["name"] for a in by_variable] == ["set"]
    named = on.run("--home", str(tmp_path / "mine"), "artifact", "list").stdout
    assert named.startswith("Nothing is kept in")


def test_runs_of_a_server_are_listed_and_shown(on: Commands) -> None:
    on.client(
        """
        run = wandb.init(entity="local", project="iris", id="r3", config={"lr": 0.5})
        for step in range(3):
            run.log({"loss": 1 / (step + 1)})
        run.finish()
        """
    )
    runs = json.loads(on.run("--json", "runs", "list", "--host", on.host).stdout)["runs"]
    assert {r["id"] for r in runs} >= {"r1", "r3"}
    shown = on.run("run", "show", "local/iris/r3", "--host", on.host).stdout
    assert "0.5" in shown
    assert "loss" in shown
    missing = on.run("run", "show", "nobody", "--host", on.host, code=4)
    assert "nobody" in missing.stderr


def test_a_server_that_is_away_is_said(on: Commands) -> None:
    away = on.run("artifact", "list", "--host", "http://127.0.0.1:9", code=5)
    assert "cannot be reached" in away.stderr


def test_registries_of_a_server_are_kept_from_the_command_line(on: Commands, server: Server) -> None:
    server.admin("org", "add", "acme", "--admin", "local")

    def registry(*words: str, code: int = 0) -> Any:
        return json.loads(on.run("--json", "registry", *words, "--host", on.host, code=code).stdout)

    made = registry(
        "create", "acme/wandb-registry-models", "--type", on("show", "local/iris/set")["version"]["type"]
    )
    assert (made["registry"]["name"], made["registry"]["entity"]) == ("models", "acme")
    assert [r["name"] for r in registry("list", "acme")["registries"]] == ["models"]
    assert [r["name"] for r in registry("list")["registries"]] == ["models"]
    linked = registry("link", "local/iris/set:v0", "models/Best", "--alias", "production")["member"]
    assert (linked["version"], linked["aliases"]) == ("v0", ["latest", "production"])
    registry("link", "local/iris/set:v1", "acme/models/Best")
    moved = registry("alias", "models/Best:v1", "production")["member"]
    assert "production" in moved["aliases"]
    shown = registry("show", "models/Best")["collections"]
    assert [(m["version"], m["source"]["version"]) for m in shown[0]["members"]] == [
        ("v0", "v0"),
        ("v1", "v1"),
    ]
    assert (
        registry("edit", "models", "--description", "What is good")["registry"]["description"]
        == "What is good"
    )
    registry("unlink", "models/Best:v0")
    assert [m["version"] for m in registry("show", "models")["collections"][0]["members"]] == ["v1"]
    assert "no registry 'other'" in registry("show", "other", code=4)["error"]["message"]
    registry("delete", "models")
    assert registry("list")["registries"] == []
