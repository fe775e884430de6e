"""Artifacts through the native client: what is cut off half-way shows nothing and goes on."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from native_client import Client, end
from real_server import Server
from recording_proxy import RecordingProxy

MAKE = """
import os
os.makedirs("d/below", exist_ok=True)
open("d/a.txt", "w").write("a")
open("d/below/b.txt", "w").write("bb" * 5000)
open("empty", "w").close()
"""
LOG = """
run = wandb.init(entity="local", project="iris", id="r1")
artifact = wandb.Artifact("data", "dataset", description="What it is", metadata={"rows": 3})
artifact.add_dir("d", name="dir")
artifact.add_file("empty")
artifact.add_reference("https://example.invalid/x.csv", name="x.csv", checksum=False)
artifact.add(wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]), "table")
run.log_artifact(artifact, aliases=["best"], tags=["good"]).wait()
run.finish()
"""


@pytest.fixture
def ours(server: Server, tmp_path: Path) -> Client:
    return Client(tmp_path / "ours", server.url, server.key)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[tuple[RecordingProxy, Server]]:
    server = Server(tmp_path / "home")
    with RecordingProxy() as running:
        running.start(server)
        yield running, server
        if server.process.poll() is None:
            server.stop()


SEVERAL = """
artifact = wandb.Artifact("data", "dataset")
for i in range(30):
    with artifact.new_file(f"{i}.bin", "wb") as file:
        file.write(bytes([i]) * 300_000)
run = wandb.init(entity="local", project="iris", id="r1")
result = run.log_artifact(artifact).digest
run.finish()
"""


def test_connections_cut_at_any_byte_show_nothing_and_the_transfer_goes_on(
    proxy: tuple[RecordingProxy, Server], tmp_path: Path
) -> None:
    recorder, server = proxy
    chance = random.Random(7)
    left = [40]

    def cut(method: str, path: str, is_request: bool, size: int) -> int | None:
        transfer = "/storage/" in path and size > 0
        if not transfer or left[0] == 0 or chance.random() > 0.5:
            return None
        left[0] -= 1
        return chance.randrange(size)

    recorder.cut = cut
    ours = Client(tmp_path / "ours", recorder.url, server.key)
    digest = ours(SEVERAL)
    upload_cuts, left[0] = 40 - left[0], 40
    read = ours("""
        artifact = wandb.Api().artifact("local/iris/data:latest")
        artifact.download("into")
        import os
        names = sorted(os.listdir("into"))
        result = [artifact.digest, len(names), all(
            open(f"into/{n}", "rb").read() == bytes([int(n[:-4])]) * 300_000 for n in names)]
    """)
    assert upload_cuts > 5
    assert left[0] < 35
    assert read == [digest, 30, True]


def test_a_server_killed_while_a_version_is_made_shows_all_of_it_or_nothing(
    server: Server, tmp_path: Path
) -> None:
    ours = Client(tmp_path / "ours", server.url, server.key)
    ours("wandb.init(entity='local', project='iris', id='r1').finish()")
    writer = ours.start(SEVERAL)
    time.sleep(random.Random(3).uniform(0.2, 0.8))
    server.stop(signal.SIGKILL)
    port = int(server.url.rpartition(":")[2])
    server.start(port=port)
    digest = end(writer)
    versions = server.data(
        '{ project(name: "iris", entityName: "local") { artifactType(name: "dataset") {'
        ' artifactCollection(name: "data") { artifacts { edges { version node { digest fileCount } } } } } } }'
    )["project"]["artifactType"]["artifactCollection"]["artifacts"]["edges"]
    assert [(e["version"], e["node"]) for e in versions] == [("v0", {"digest": digest, "fileCount": 30})]


def test_an_upload_that_ended_with_its_process_is_continued(
    proxy: tuple[RecordingProxy, Server], tmp_path: Path
) -> None:
    recorder, server = proxy
    ours = Client(tmp_path / "ours", recorder.url, server.key)
    seen = threading.Event()

    def watch(method: str, path: str, is_request: bool, size: int) -> int | None:
        if sum(1 for r in recorder.puts() if "wandb_artifacts" in r.path) > 10:
            seen.set()
        return None

    recorder.cut = watch
    writer = ours.start(SEVERAL)
    assert seen.wait(60)
    writer.kill()
    writer.communicate()
    exists = "result = wandb.Api().artifact_exists('local/iris/data:latest')"
    # It may have been quick; else nothing shows.
    if not ours(exists):
        done = {r.headers["content-md5"] for r in recorder.puts() if "wandb_artifacts" in r.path}
        recorder.clear()
        ours(SEVERAL)
        again = [r.headers["content-md5"] for r in recorder.puts() if "wandb_artifacts" in r.path]
        assert len(again) < 30
        assert len(set(again) & done) < len(done)
    assert ours(exists)


def test_what_is_wrong_is_told(server: Server, ours: Client, tmp_path: Path) -> None:
    wrong = Client(tmp_path / "wrong", server.url, "0" * 40)
    told = wrong("wandb.Api().artifact('local/iris/none')", code=1)
    assert "401" in told
    assert "0000000000" not in told
    assert "There is no artifact 'local/iris/none'" in ours("wandb.Api().artifact('local/iris/none')", code=1)
    away = Client(tmp_path / "away", "http://127.0.0.1:9", server.key)
    assert "127.0.0.1:9" in away("wandb.Api(timeout=2).artifact('local/iris/none')", code=1)


def test_a_file_that_changed_in_the_cache_is_fetched_anew(ours: Client) -> None:
    ours(MAKE + LOG)
    read = ours("""
        import os
        artifact = wandb.Api().artifact("local/iris/data:best")
        entry = artifact.get_entry("dir/a.txt") if hasattr(artifact, "get_entry") else artifact.get_path("dir/a.txt")
        path = entry.download()
        os.chmod(path, 0o644)
        open(path, "w").write("x")
        result = [open(path).read(), open(entry.download()).read()]
    """)
    assert read == ["x", "a"]
