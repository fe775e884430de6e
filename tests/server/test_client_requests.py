"""For the same actions on a run, the native client asks what the SDK asks: operations in the same order, at the same
addresses, with the same essential fields.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from native_client import Client
from real_server import Sdk, Server
from recording_proxy import Recorded, RecordingProxy

PROGRAM = """
run = wandb.init(entity="local", project="iris", id="r1", name="first", notes="why", group="g", job_type="train",
                 tags=["b", "a"], config={"lr": 0.1, "deep": {"x": [1, 2]}}, resume=RESUME)
run.define_metric("acc", summary="max")
print("to the console")
for i in range(5):
    run.log({"loss": i, "deep": {"x": i * 2}, "acc": i % 3})
run.log({"bad": float("nan"), "page": wandb.Html("<b>x</b>")})
run.summary["best"] = 3
run.config["later"] = True
run.finish()
"""


@dataclass
class Asked:
    """What a program asked of the server about its run."""

    requests: list[Recorded]

    @property
    def operations(self) -> list[str]:
        """In order of first use; queries about the server and its user left out."""
        about_the_server = {
            "Viewer",
            "ServerInfo",
            "ServerFeaturesQuery",
            "OrganizationCoreWeaveOrganizationID",
        }
        found: list[str] = []
        for request in self.requests:
            name = "file_stream" if request.path.endswith("/file_stream") else request.operation
            if name and name not in found and name not in about_the_server:
                found.append(name)
        return found

    def variables(self, operation: str) -> list[dict[str, Any]]:
        """Those that say something."""
        return [
            {k: v for k, v in request.variables.items() if v is not None and v != ""}
            for request in self.requests
            if request.operation == operation
        ]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        streams = [r for r in self.requests if r.path.endswith("/file_stream")]
        packed = [gzip.decompress(r.body) if "content-encoding" in r.headers else r.body for r in streams]
        return [json.loads(body) for body in packed]

    def lines(self, name: str) -> dict[int, str]:
        """What the lines of a stream were at last, by number."""
        found: dict[int, str] = {}
        for body in self.bodies:
            file = body.get("files", {}).get(name, {"content": []})
            found.update({file["offset"] + i: line for i, line in enumerate(file["content"])})
        return found

    @property
    def files(self) -> set[str]:
        return {name for given in self.variables("CreateRunFiles") for name in given["files"]}


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[tuple[RecordingProxy, Server]]:
    server = Server(tmp_path / "home")
    with RecordingProxy() as running:
        running.start(server)
        yield running, server
        server.stop()


@pytest.fixture(params=["None", "'allow'"])
def both(
    request: pytest.FixtureRequest,
    proxy: tuple[RecordingProxy, Server],
    tmp_path: Path,
    sdk_installed: None,
) -> tuple[Asked, Asked]:
    """(what the SDK asked, what we asked) for the program, in a project of its own each."""
    recorder, server = proxy
    program = PROGRAM.replace("RESUME", request.param)
    folder = tmp_path / "sdk"
    folder.mkdir()
    server.url = recorder.url
    Sdk(server, folder)("import wandb\n" + program)
    theirs = Asked(list(recorder.requests))
    run = server.data('{ project(name: "iris", entityName: "local") { run(name: "r1") { id } } }')
    deleting = 'mutation { deleteRun(input: {id: "%s"}) { clientMutationId } }'
    server.data(deleting % run["project"]["run"]["id"])
    recorder.clear()
    Client(tmp_path / "ours", recorder.url, server.key)("\n" + program)
    return theirs, Asked(list(recorder.requests))


def plain(config: str) -> dict[str, Any]:
    return {k: v for k, v in json.loads(config).items() if k != "_wandb"}


def row(line: str) -> dict[str, Any]:
    found = json.loads(line)
    assert isinstance(found["_timestamp"], float)
    assert isinstance(found["_runtime"], (int, float))
    assert isinstance(found["_step"], int)
    found.pop("page", None)
    return {k: repr(v) for k, v in found.items() if k not in ("_timestamp", "_runtime")}


def test_a_run_asks_what_the_sdk_asks(both: tuple[Asked, Asked]) -> None:
    theirs, ours = both
    begin = [name for name in theirs.operations if name != "CreateRunFiles"]
    assert [name for name in ours.operations if name != "CreateRunFiles"] == begin

    # How it begins.
    assert ours.variables("RunResumeStatus") == theirs.variables("RunResumeStatus")
    first, asked = theirs.variables("UpsertBucket")[0], ours.variables("UpsertBucket")[0]
    for name in ("entity", "project", "name", "displayName", "groupName", "jobType", "notes", "tags", "host"):
        assert asked[name] == first[name], name
    assert plain(asked["config"]) == plain(first["config"])
    described = json.loads(asked["config"])["_wandb"]["value"]["t"]
    assert {"4", "5", "12", "13"} <= described.keys()

    # What it changes later: the whole config, values wrapped.
    def last(asked: Asked) -> dict[str, Any]:
        return plain([v["config"] for v in asked.variables("UpsertBucket") if "config" in v][-1])

    assert last(ours) == last(theirs)

    # What it reports.
    assert {r.path for r in ours.requests if r.path.endswith("stream")} == {
        r.path for r in theirs.requests if r.path.endswith("stream")
    }
    history = "wandb-history.jsonl"
    assert {n: row(x) for n, x in ours.lines(history).items()} == {
        n: row(x) for n, x in theirs.lines(history).items()
    }
    said = [line.partition(" ") for line in ours.lines("output.log").values()]
    assert [text for _, _, text in said if text == "to the console"]
    assert all(time[4] == "-" and time[10] == "T" for time, _, _ in said)

    def summary(asked: Asked) -> dict[str, Any]:
        found = json.loads(list(asked.lines("wandb-summary.json").values())[-1])
        return {k: repr(v) for k, v in found.items() if not k.startswith("_") and k != "page"}

    assert summary(ours) == summary(theirs)
    assert ours.bodies[-1]["complete"] is True
    assert ours.bodies[-1]["exitcode"] == theirs.bodies[-1]["exitcode"] == 0

    # Its files.
    media = {name for name in theirs.files if name.startswith("media/")}
    assert {name for name in ours.files if name.startswith("media/")} == media
    assert {
        "wandb-metadata.json",
        "wandb-summary.json",
        "config.yaml",
        "output.log",
    } <= ours.files & theirs.files
    uploaded = {name for body in ours.bodies for name in body.get("uploaded", [])}
    assert uploaded == ours.files
    for put in (r for r in ours.requests if r.method == "PUT"):
        assert "authorization" not in put.headers
    for asks in (r for r in ours.requests if r.method == "POST"):
        assert asks.headers["authorization"].startswith("Basic ")
