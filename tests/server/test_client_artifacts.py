"""Artifacts through the native client: the SDK reads what it wrote and the other way, the requests are those that
the SDK sends, and what is cut off half-way shows nothing and goes on.
"""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from native_client import Client, end
from real_server import Sdk, Server
from recording_proxy import Recorded, RecordingProxy

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
artifact.add(wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]), "table")
run.log_artifact(artifact, aliases=["best"], tags=["good"]).wait()
run.finish()
"""
READ = """
run = wandb.init(entity="local", project="iris", id="r2")
artifact = run.use_artifact("data:best")
import os
folder = artifact.download("into")
result = {
    "digest": artifact.digest, "version": artifact.version, "aliases": sorted(artifact.aliases),
    "metadata": artifact.metadata, "description": artifact.description, "tags": list(artifact.tags),
    "size": artifact.size, "a": open("into/dir/a.txt").read(), "b": len(open("into/dir/below/b.txt").read()),
    "empty": os.path.getsize("into/empty"), "table": artifact.get("table").data,
    "entries": {p: (e.digest, e.ref) for p, e in artifact.manifest.entries.items()},
}
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


def test_the_sdk_reads_what_the_client_wrote_and_the_other_way(sdk: Sdk, ours: Client) -> None:
    ours(MAKE + LOG)
    by_sdk = sdk("import wandb\n" + READ.replace("checksum=False", ""))
    by_us = ours(READ)
    assert by_sdk == by_us
    assert by_us["tags"] == ["good"]
    assert by_us["metadata"] == {"rows": 3}
    assert by_us["b"] == 10000
    # Logged by the SDK, the same content is the same version.
    sdk("import wandb\n" + MAKE + LOG)
    assert ours(READ)["version"] == "v0"
    assert ours("result = wandb.Api().artifact('local/iris/data:best').digest") == by_sdk["digest"]


def test_versions_begin_where_others_end_also_across_clients(sdk: Sdk, ours: Client) -> None:
    sdk("import wandb\n" + MAKE + LOG)
    ours("""
        draft = wandb.Api().artifact("local/iris/data:latest").new_draft()
        draft.remove("dir/a.txt")
        with draft.new_file("new.txt") as file:
            file.write("new")
        with wandb.init(entity="local", project="iris", id="r3") as run:
            run.log_artifact(draft)
    """)
    read = sdk("""
        import wandb, os
        artifact = wandb.Api().artifact("local/iris/data:latest")
        artifact.download("into")
        result = [artifact.version, open("into/new.txt").read(), len(open("into/dir/below/b.txt").read()),
                  os.path.exists("into/dir/a.txt"), artifact.logged_by().id]
    """)
    assert read == ["v1", "new", 10000, False, "r3"]


WRITES = ("CreateArtifact", "CreateArtifactManifest", "CreateArtifactFiles", "CommitArtifact", "UseArtifact")
# Made up anew by each, or the SDK's alone.
UNEQUAL = {
    "clientID",
    "sequenceClientID",
    "storageRegion",
    "artifactID",
    "baseArtifactID",
    "artifactManifestID",
}


def plain(given: Any) -> Any:
    """Without what says nothing, or is another each time."""
    if isinstance(given, dict):
        kept = {k: plain(v) for k, v in given.items() if k not in UNEQUAL}
        return {k: v for k, v in kept.items() if v not in (None, "", [])}
    return [plain(v) for v in given] if isinstance(given, list) else given


def writes(requests: list[Recorded]) -> list[tuple[str, Any]]:
    found = []
    for request in requests:
        if request.operation not in WRITES:
            continue
        variables = plain(request.variables)
        variables = variables.get("input", variables)
        if request.operation == "CreateArtifact":
            aliases = [a["alias"] for a in variables.pop("aliases")]
            variables["aliases"] = sorted(a for a in aliases if a != "latest")
            variables["metadata"] = json.loads(variables["metadata"])
            variables.pop("historyStep", None)
        if request.operation == "CreateArtifactFiles":
            variables["artifactFiles"].sort(key=lambda f: f["name"])
        if request.operation == "CreateArtifactManifest":
            variables.pop("digest", None)  # of a document whose fields are in another order
        if request.operation == "UseArtifact":
            variables.pop("usedAs", None)
        found.append((request.operation, variables))
    return found


def manifests(requests: list[Recorded]) -> list[Any]:
    found = []
    for request in requests:
        if request.method == "PUT" and "wandb_manifest" in request.path:
            document = json.loads(request.body)
            for entry in document["contents"].values():
                for own in ("local_path", "skip_cache", "birthArtifactID"):
                    entry.pop(own, None)
            found.append(document)
    return found


def puts(requests: list[Recorded]) -> list[tuple[str, bytes]]:
    found = [r for r in requests if r.method == "PUT" and "wandb_artifacts" in r.path]
    return sorted((r.headers["content-md5"], r.body) for r in found)


def test_the_client_asks_what_the_sdk_asks(
    proxy: tuple[RecordingProxy, Server], tmp_path: Path, sdk_installed: None
) -> None:
    recorder, server = proxy
    server.url = recorder.url
    folder = tmp_path / "sdk"
    folder.mkdir()
    asked: list[list[Recorded]] = []
    for client in (Sdk(server, folder), Client(tmp_path / "ours", recorder.url, server.key)):
        recorder.clear()
        before = "import wandb\n" if isinstance(client, Sdk) else ""
        named = LOG.replace('"data"', f'"of-{len(asked)}"'), READ.replace("data:", f"of-{len(asked)}:")
        client(before + MAKE + named[0].replace("r1", f"r1-{len(asked)}"))
        client(before + named[1].replace("r2", f"r2-{len(asked)}"))
        asked.append(list(recorder.requests))
    theirs, own = asked

    def unnamed(what: Any) -> Any:
        return json.loads(
            json.dumps(what).replace("of-1", "of-0").replace("r1-1", "r1-0").replace("r2-1", "r2-0")
        )

    assert unnamed(writes(own)) == unnamed(writes(theirs))
    assert manifests(own) == manifests(theirs)
    # What was put before, under the same project, is not put again.
    assert {md5 for md5, _ in puts(own)} <= {md5 for md5, _ in puts(theirs)}
    reading = ("ArtifactMembershipByName", "FetchArtifactManifest", "GetArtifactMembershipFileUrls")
    for operation in reading:
        sent = [plain(r.variables) for r in theirs if r.operation == operation]
        ours = [plain(r.variables) for r in own if r.operation == operation]
        assert ours, operation
        assert sent, operation
        assert {k for v in ours for k in v} <= {k for v in sent for k in v}, operation
    # Keys go to the base URL alone; upload and download addresses authorize themselves.
    assert not [r for r in own if "/storage/" in r.path and "authorization" in r.headers]


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


LARGE = """
import os, random, time
content = random.Random(1).randbytes(33 << 20)
open("large.bin", "wb").write(content)
artifact = wandb.Artifact("large", "dataset")
artifact.add_file("large.bin")
run = wandb.init(entity="local", project="iris", id="r1")
digest = run.log_artifact(artifact).digest
run.finish()
folder = wandb.Api().artifact("local/iris/large:v0").download("down")
read = open(folder + "/large.bin", "rb").read()
result = {"digest": digest, "same": read == content}
"""


def test_a_large_file_goes_to_our_server_while_it_is_hashed(
    proxy: tuple[RecordingProxy, Server], tmp_path: Path
) -> None:
    recorder, server = proxy
    one = Client(tmp_path / "ours", recorder.url, server.key)(LARGE)
    assert one["same"]
    puts = [r.path for r in recorder.puts()]
    assert puts.count("/contents/local/iris") == 1
    assert not [path for path in puts if "wandb_artifacts" in path], puts
    # The same version as of the embedded store, which hashes first.
    assert Client(tmp_path / "embedded", "", "")(LARGE) == one


AGAIN = """
# A file that has just been written may be written again without its times telling.
while time.time() - os.stat("large.bin").st_ctime < 2.5:
    time.sleep(0.05)
for name in ("one", "other"):
    artifact = wandb.Artifact(name, "dataset")
    artifact.add_file("large.bin")
    run = wandb.init(entity="local", project="iris", id=name)
    logged = run.log_artifact(artifact)
    run.finish()
result = logged.digest == digest
"""


def test_a_large_file_that_has_not_changed_is_not_sent_again(
    proxy: tuple[RecordingProxy, Server], tmp_path: Path
) -> None:
    recorder, server = proxy
    assert Client(tmp_path / "ours", recorder.url, server.key)(LARGE + AGAIN) is True
    # "large" and "one" were sent, for the file was new; "other" was not.
    assert [r.path for r in recorder.puts()].count("/contents/local/iris") == 2
    assert not [r.path for r in recorder.puts() if "wandb_artifacts" in r.path]


def test_a_large_file_cut_off_half_way_is_sent_again(
    proxy: tuple[RecordingProxy, Server], tmp_path: Path
) -> None:
    recorder, server = proxy
    cuts = [20 << 20]
    recorder.cut = lambda method, path, request, done: (
        cuts.pop() if request and path.startswith("/contents/") and cuts else None
    )
    assert Client(tmp_path / "ours", recorder.url, server.key)(LARGE)["same"]
    assert not cuts
    # The one that was cut is not among those that came.
    assert [r.path for r in recorder.puts()].count("/contents/local/iris") == 1


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


REFER = """
import os
run = wandb.init(project="refs", entity="local")
base = wandb.Artifact("base", "dataset")
with base.new_file("d/x.txt") as file:
    file.write("hello")
base.add(wandb.Table(columns=["a"], data=[[1], [2]]), "rows")
run.log_artifact(base).wait()
used = run.use_artifact("base:latest")
derived = wandb.Artifact("derived", "dataset")
derived.add_reference(used.get_entry("d/x.txt"), "y.txt")
derived.add_reference(used.get_entry("rows.table.json"), "again.table.json")
run.log_artifact(derived).wait()
once_more = wandb.Artifact("third", "dataset")
once_more.add_reference(run.use_artifact("derived:latest").get_entry("y.txt"), "z.txt")
run.log_artifact(once_more).wait()
run.finish()
"""
READ_REFERENCES = """
api = wandb.Api()
third, derived = api.artifact("local/refs/third:latest"), api.artifact("local/refs/derived:latest")
folder = third.download("into")
result = [open(f"{folder}/z.txt").read(), open(derived.get_entry("y.txt").download("one")).read()]
result.append(derived.get("again").data)
refs = {p: e.ref for a in (derived, third) for p, e in a.manifest.entries.items()}
result.append(refs["y.txt"] == refs["z.txt"] and refs["y.txt"].startswith("wandb-artifact://"))
result.append([a.digest for a in (derived, third)])
"""


def test_files_of_other_artifacts_are_referenced_and_read_like_the_sdks(ours: Client, sdk: Sdk) -> None:
    ours(REFER)
    sdk("import wandb\n" + REFER.replace("refs", "others"))
    mine = ours(READ_REFERENCES)
    assert mine[:4] == ["hello", "hello", [[1], [2]], True]
    assert sdk("import wandb\n" + READ_REFERENCES) == mine
    assert ours(READ_REFERENCES.replace("refs/", "others/")) == mine


def test_a_reference_to_an_artifact_that_is_gone_says_so(ours: Client, server: Server) -> None:
    ours(REFER)
    result = ours(
        """
        api = wandb.Api()
        third = api.artifact("local/refs/third:latest")
        api.artifact("local/refs/base:latest").delete(delete_aliases=True)
        result = []
        try:
            third.get_entry("z.txt").download("one")
        except ValueError as error:
            result.append("leads nowhere" in str(error))
        """
    )
    assert result == [True]
