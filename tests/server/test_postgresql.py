"""A server whose record is in a PostgreSQL that goes away and comes back."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import BIN, ROOT, SDK_PYTHON, Sdk, Server, own_schema

sys.path.append(str(ROOT / "cmake"))
from with_postgresql import Postgres, postgres

UPSERT = """mutation($name: String, $project: String, $config: JSONString) {
  upsertBucket(input: {name: $name, modelName: $project, config: $config}) { bucket { name } inserted }
}"""
NAMES = "query($project: String!) { project(name: $project) { runs { edges { node { name } } } } }"


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as running:
        if running is None:
            pytest.skip("PostgreSQL is not installed")
        yield running


@pytest.fixture
def server(database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("TREADLE_TEST_DATABASE", raising=False)  # these have a database of their own
    home = tmp_path / "home"
    running = Server(home, own_schema(database.url, home))
    running.start()
    yield running
    if running.process.poll() is None:
        running.stop()


def upsert(server: Server, name: str) -> int:
    return server.graphql(UPSERT, name=name, project="p", config="{}").status


def names(server: Server) -> set[str]:
    edges = server.data(NAMES, project="p")["project"]["runs"]["edges"]
    return {edge["node"]["name"] for edge in edges}


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_while_the_database_is_gone_requests_are_to_be_tried_again(
    server: Server, database: Postgres, mode: str
) -> None:
    assert upsert(server, "before") == 200
    database.stop(mode)
    try:
        assert upsert(server, "meanwhile") == 503
        answer = server.graphql(NAMES, project="p")
        assert answer.status == 503
        assert "postgres:" not in answer.body.decode()
    finally:
        database.start()
    assert upsert(server, "after") == 200
    assert names(server) == {"before", "after"}


def test_what_was_answered_survives_the_end_of_both(server: Server, database: Postgres) -> None:
    kept = set()
    for i in range(20):
        if upsert(server, f"run-{i}") == 200:
            kept.add(f"run-{i}")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    database.stop("immediate")
    database.start()
    server.database = ""  # the home remembers it
    server.start()
    assert names(server) == kept
    assert server.admin("user", "list")


PROGRAM = """
import time
import wandb
with wandb.init(project="p", id="r") as run:
    for step in range(300):
        run.log({"x": step})
        if step % 100 == 50:
            artifact = wandb.Artifact("data", "dataset")
            with artifact.new_file("text") as file:
                file.write(str(step))
            run.log_artifact(artifact)
        time.sleep(0.02)
"""


def test_what_the_sdk_logs_while_the_database_comes_and_goes_is_there_once(
    server: Server, database: Postgres, tmp_path: Path, sdk_installed: None
) -> None:
    sdk = Sdk(server, tmp_path / "work")
    sdk.folder.mkdir()
    program = subprocess.Popen([SDK_PYTHON, "-c", PROGRAM], cwd=sdk.folder, env=sdk.env())
    instants = random.Random(7)
    for mode in ("fast", "immediate", "immediate"):
        time.sleep(instants.uniform(0.5, 2.5))
        database.stop(mode)
        time.sleep(instants.uniform(0.1, 1.5))
        database.start()
    assert program.wait(timeout=240) == 0
    found = sdk(
        """
        import wandb
        api = wandb.Api()
        run = api.run("local/p/r")
        result = {
            "xs": [row["x"] for row in run.scan_history(keys=["x"])],
            "state": run.state,
            "texts": sorted((a.version, open(a.get_entry("text").download()).read())
                            for a in api.artifacts("dataset", "local/p/data")),
        }
        """
    )
    assert found["xs"] == list(range(300))
    assert found["state"] == "finished"
    assert found["texts"] == [["v0", "50"], ["v1", "150"], ["v2", "250"]]


def test_a_database_is_not_taken_for_that_of_another_home(server: Server, tmp_path: Path) -> None:
    other = [str(BIN / "treadle"), "--home", str(tmp_path / "other"), "--database", server.database]
    done = subprocess.run([*other, "user", "list"], capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stdout
    assert str(server.home) in done.stderr
    assert not (tmp_path / "other" / "database").exists()
    assert (server.home / "database").stat().st_mode & 0o077 == 0
