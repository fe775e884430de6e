"""The disk is full while the real SDK logs: it is asked to try again, does, and nothing is half there."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import SDK_PYTHON, Sdk, Server
from small_disk import Disk, small_disk

PROGRAM = """
import os, time
import wandb
with wandb.init(project="p", id="r") as run:
    open("begun", "w").close()
    step = 0
    while not os.path.exists("go on") or step < 200:
        run.log({"x": step, "text": "words " * 20})
        step += 1
        time.sleep(0.02)
    artifact = wandb.Artifact("data", "dataset")
    for index in range(10):
        with artifact.new_file(f"{index}.bin", "wb") as file:
            file.write(bytes([index]) * 300_000)
    run.log_artifact(artifact)
    open("steps", "w").write(str(step))
"""
UPSERT = """mutation($name: String!) { upsertBucket(input: {name: $name, modelName: "p", host: "h",
  config: "{}"}) { bucket { name } } }"""
UPLOAD = """mutation($name: String!) { createRunFiles(input: {entityName: "local", projectName: "p",
  runName: "raw", files: [$name]}) { files { uploadUrl } } }"""
FILES = (
    '{ project(name: "p") { run(name: "raw") { files { edges { node { name sizeBytes directUrl } } } } } }'
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", megabytes=24) as disk:
        yield disk


@pytest.fixture
def server(disk: Disk) -> Iterator[Server]:
    running = Server(disk.folder / "home")
    running.start()
    yield running
    if running.process.poll() is None:
        running.stop()


def until_full(server: Server, disk: Disk) -> None:
    """Until a change of a run is refused, or (the record is elsewhere) a file."""
    for number in range(200):
        disk.fill()
        made = server.graphql(UPLOAD, name="probe")
        if made.status == 503:
            return
        url = made.json()["data"]["createRunFiles"]["files"][0]["uploadUrl"]
        answer = server.request(url, f"{number}".encode() * 50_000, "PUT", key="")
        if answer.status != 200:
            assert answer.status == 503, answer.body
            return
    raise AssertionError("the disk never got full")


def refusals(server: Server) -> int:
    counts = server.request("/metrics", key="").body.decode().splitlines()
    return sum(int(line.split()[-1]) for line in counts if 'status="503"' in line)


def test_what_the_sdk_logs_on_a_full_disk_is_there_when_there_is_space_again(
    server: Server, disk: Disk, tmp_path: Path, sdk_installed: None
) -> None:
    sdk = Sdk(server, tmp_path / "work")
    sdk.folder.mkdir()
    assert server.graphql(UPSERT, name="raw").status == 200
    program = subprocess.Popen([SDK_PYTHON, "-c", PROGRAM], cwd=sdk.folder, env=sdk.env())
    while not (sdk.folder / "begun").exists():
        assert program.poll() is None
        time.sleep(0.05)
    until_full(server, disk)
    (sdk.folder / "go on").touch()
    while not (sdk.folder / "steps").exists():  # the artifact is on its way, and cannot arrive
        assert program.poll() is None
        time.sleep(0.05)
    disk.fill()
    assert server.request("/ready", key="").status in {200, 503}
    before = refusals(server)
    while refusals(server) == before:  # the SDK tries, and is told to try again
        assert program.poll() is None
        time.sleep(0.05)
    disk.empty()
    assert program.wait(timeout=240) == 0
    steps = int((sdk.folder / "steps").read_text())
    found = sdk(
        """
        import wandb
        api = wandb.Api()
        run = api.run("local/p/r")
        folder = api.artifact("local/p/data:v0").download()
        result = {
            "xs": [row["x"] for row in run.scan_history(keys=["x"])],
            "state": run.state,
            "versions": [a.name for a in run.logged_artifacts()],
            "sizes": [len(open(f"{folder}/{i}.bin", "rb").read()) for i in range(10)],
        }
        """
    )
    assert found["xs"] == list(range(steps))
    assert found["state"] == "finished"
    assert found["versions"] == ["data:v0"]
    assert found["sizes"] == [300_000] * 10


def test_a_refused_upload_leaves_nothing_and_its_url_stays_good(server: Server, disk: Disk) -> None:
    assert server.graphql(UPSERT, name="raw").status == 200
    urls = {}
    for name in ("small", "large"):
        made = server.data(UPLOAD, name=name)["createRunFiles"]["files"]
        urls[name] = made[0]["uploadUrl"]
    contents = {"small": b"s" * 3_000, "large": b"l" * 3_000_000}
    assert server.request(urls["large"], b"before", "PUT", key="").status == 200
    until_full(server, disk)
    for name, content in contents.items():
        answer = server.request(urls[name], content, "PUT", key="")
        assert answer.status in ({200, 503} if name == "small" else {503}), answer.body
    listed = {e["node"]["name"]: e["node"] for e in server.data(FILES)["project"]["run"]["files"]["edges"]}
    assert listed["large"]["sizeBytes"] == len(b"before")
    assert server.request(listed["large"]["directUrl"], key="").body == b"before"
    disk.empty()
    for name, content in contents.items():
        assert server.request(urls[name], content, "PUT", key="").status == 200
    listed = {e["node"]["name"]: e["node"] for e in server.data(FILES)["project"]["run"]["files"]["edges"]}
    for name, content in contents.items():
        assert server.request(listed[name]["directUrl"], key="").body == content


def test_a_full_disk_takes_no_line_it_acknowledges_not(server: Server, disk: Disk) -> None:
    assert server.graphql(UPSERT, name="raw").status == 200

    def send(offset: int) -> int:
        lines = [json.dumps({"_step": offset + i, "x": os.urandom(500).hex()}) for i in range(50)]
        body = {"files": {"wandb-history.jsonl": {"offset": offset, "content": lines}}}
        return server.request("/files/local/p/raw/file_stream", json.dumps(body).encode()).status

    offset = 0
    disk.fill()
    refused = 0
    for _ in range(400):
        status = send(offset)
        assert status in {200, 503}
        if status == 503:
            refused += 1
            break
        offset += 50
    if not refused:
        pytest.skip("the record is not on this disk")
    count = '{ project(name: "p") { run(name: "raw") { historyLineCount } } }'
    assert server.data(count)["project"]["run"]["historyLineCount"] == offset
    disk.empty()
    assert send(offset) == 200
    assert server.data(count)["project"]["run"]["historyLineCount"] == offset + 50
