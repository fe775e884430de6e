"""The server is killed at random instants under load: what was acknowledged is there afterwards, once."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from real_server import SDK_PYTHON, Sdk, Server

PROGRAM = """
import sys, time
import wandb
name = sys.argv[1]
with wandb.init(project="p", id=name) as run:
    for step in range(400):
        run.log({"x": step, "y": step * 0.5})
        print("line", step)
        if step % 100 == 50:
            artifact = wandb.Artifact(f"{name}-part{step}", "dataset")
            for index in range(20):
                with artifact.new_file(f"{index}.txt") as file:
                    file.write(f"{step} {index}" * 100)
            run.log_artifact(artifact)
            # A name that gets version after version, by both programs at once.
            grows = wandb.Artifact("grows", "dataset")
            with grows.new_file("text") as file:
                file.write(f"{name} {step}")
            run.log_artifact(grows, aliases=[f"{name}-{step}"])
            with open(f"{name}-{step}.txt", "w") as file:
                file.write(f"{step}" * 1000)
            run.save(f"{name}-{step}.txt", policy="now")
        time.sleep(0.02)
"""
STEPS = (50, 150, 250, 350)
UPSERT = """mutation { upsertBucket(input: {name: "raw", modelName: "p", entityName: "local", host: "h"}) {
  bucket { name } } }"""
UPLOAD = """mutation($name: String!) { createRunFiles(input: {entityName: "local", projectName: "p",
  runName: "raw", files: [$name]}) { files { uploadUrl } } }"""
FOUND = """{ project(name: "p", entityName: "local") { run(name: "raw") { historyLineCount
  history(minStep: 0, maxStep: 1000000) files(first: 10000) { edges { node { name directUrl } } } } } }"""


class Requests(threading.Thread):
    """Sends lines and files of a run one after the other, and knows which were acknowledged."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.lines = 0
        self.files: list[str] = []
        self.broken = 0  # requests that ended with the server
        self.strange: list[str] = []
        self.over = threading.Event()

    def ask(self, path: str, body: bytes, method: str = "POST", key: str | None = None) -> bytes | None:
        try:
            answer = self.server.request(path, body, method, key=key)
        except (OSError, http.client.HTTPException):
            self.broken += 1
            time.sleep(0.02)
            return None
        if answer.status != 200:
            self.strange.append(f"{answer.status} {answer.body.decode()}")
            return None
        return answer.body

    def run(self) -> None:
        while not self.over.is_set():
            # A line of which nobody knows whether it was taken is sent again, as the SDK does.
            line = json.dumps({"_step": self.lines, "x": self.lines})
            content = {"files": {"wandb-history.jsonl": {"offset": self.lines, "content": [line]}}}
            if self.ask("/files/local/p/raw/file_stream", json.dumps(content).encode()) is not None:
                self.lines += 1
            if self.lines % 5 == 0:
                name = f"file-{self.lines}"
                query = json.dumps({"query": UPLOAD, "variables": {"name": name}}).encode()
                made = self.ask("/graphql", query)
                if made is None:
                    continue
                url = json.loads(made)["data"]["createRunFiles"]["files"][0]["uploadUrl"]
                put = self.ask(url, name.encode() * 10_000, "PUT", key="")
                if put is not None and name not in self.files:
                    self.files.append(name)


@pytest.mark.parametrize("seed", [11, 12])
def test_what_was_acknowledged_before_a_kill_is_there_once(
    server: Server, tmp_path: Path, sdk_installed: None, seed: int
) -> None:
    sdk = Sdk(server, tmp_path / "work")
    sdk.folder.mkdir()
    port = server.url.rpartition(":")[2]
    server.data(UPSERT)
    names = ("one", "two")
    programs = [
        subprocess.Popen([SDK_PYTHON, "-c", PROGRAM, name], cwd=sdk.folder, env=sdk.env()) for name in names
    ]
    requests = Requests(server)
    requests.start()
    instants = random.Random(seed)
    for _ in range(5):
        time.sleep(instants.uniform(0.3, 2.5))
        server.stop(signal.SIGKILL)
        server.start("--port", port)
    codes = [program.wait(timeout=240) for program in programs]
    requests.over.set()
    requests.join()
    assert codes == [0, 0]
    assert requests.broken > 0
    assert requests.strange == []

    raw = server.data(FOUND)["project"]["run"]
    xs = [json.loads(row)["x"] for row in raw["history"]]
    assert xs[: requests.lines] == list(range(requests.lines))
    assert len(xs) == raw["historyLineCount"] <= requests.lines + 1
    urls = {edge["node"]["name"]: edge["node"]["directUrl"] for edge in raw["files"]["edges"]}
    assert set(requests.files) <= set(urls)
    for name in requests.files[:: max(1, len(requests.files) // 20)]:
        assert server.request(urls[name], key="").body == name.encode() * 10_000

    found: dict[str, Any] = sdk(
        """
        import wandb
        api = wandb.Api()
        result = {"grows": [(a.version, open(a.get_entry("text").download()).read())
                            for a in api.artifacts("dataset", "local/p/grows")]}
        for name in ("one", "two"):
            run = api.run(f"local/p/{name}")
            parts = [a for a in run.logged_artifacts() if "part" in a.name]
            own = [f for f in run.files() if f.name.startswith(name)]
            result[name] = {
                "xs": [row["x"] for row in run.scan_history(keys=["x"])],
                "state": run.state,
                "parts": sorted(a.name for a in parts),
                "texts": {a.name: open(a.get_entry("7.txt").download()).read() for a in parts},
                "files": {f.name: f.download(replace=True).read() for f in own},
                "console": run.file("output.log").download(replace=True).read().splitlines(),
            }
        """
    )
    for name in names:
        one = found[name]
        assert one["xs"] == list(range(400))
        assert one["state"] == "finished"
        assert one["parts"] == sorted(f"{name}-part{step}:v0" for step in STEPS)
        assert one["texts"] == {f"{name}-part{step}:v0": f"{step} 7" * 100 for step in STEPS}
        assert one["files"] == {f"{name}-{step}.txt": f"{step}" * 1000 for step in STEPS}
        assert [line for line in one["console"] if line.startswith("line")] == [
            f"line {step}" for step in range(400)
        ]
    versions = {version for version, _ in found["grows"]}
    assert versions == {f"v{number}" for number in range(8)}
    assert sorted(text for _, text in found["grows"]) == sorted(f"{n} {s}" for n in names for s in STEPS)
