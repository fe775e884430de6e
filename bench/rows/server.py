"""The server: starting, metrics, queries, files; beside MLflow's server and the SDK's offline mode."""

from __future__ import annotations

import atexit
import base64
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import OUT, Figure, fresh_folder, repeat, reported
from serving import Client, ServerProcess, mlflow_server, sdk_environment, treadle_server

from rows.artifacts import GIB, MLFLOW_PYTHON, folder_of_files, large_file
from rows.row import BIN, DAGSTER, TREADLE, WORKLOADS, Row, Side

RUNS = 10_000

UPSERT = """mutation($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { id } } }"""
LIST = """query($filters: JSONString, $order: String) { project(name: "bench", entityName: "bench") {
  runs(filters: $filters, order: $order, first: 50) { edges { node { name config summaryMetrics } } } } }"""
SAMPLED = """query($name: String!, $spec: JSONString!) { project(name: "bench", entityName: "bench") {
  run(name: $name) { sampledHistory(specs: [$spec]) } } }"""

CREATE_FILE = """mutation { createRunFiles(input: {entityName: "bench", projectName: "bench", runName: "r",
  files: ["large.bin"]}) { files { uploadUrl } } }"""
FILE_URL = """{ project(name: "bench", entityName: "bench") { run(name: "r") {
  files(first: 1) { edges { node { directUrl } } } } } }"""


def ready_seconds(start: Callable[[], ServerProcess]) -> float:
    with start() as server:
        return server.seconds_to_ready


def idle_megabytes(start: Callable[[], ServerProcess]) -> float:
    with start() as server:
        time.sleep(2)
        return server.megabytes()


def history_body(offset: int, rows: int, keys: int) -> bytes:
    lines = [
        json.dumps({"_step": step} | {f"layer{key}/loss": step / (key + 1) for key in range(keys)})
        for step in range(offset, offset + rows)
    ]
    files = {"wandb-history.jsonl": {"offset": offset, "content": lines}}
    return json.dumps({"files": files}).encode()


def begin(client: Client, run: str, **more: Any) -> None:
    given = {"name": run, "modelName": "bench", "entityName": "bench", "host": "here"}
    client.query(UPSERT, input=given | more)


def stream_values_per_second() -> float:
    """A million values, 100,000 a request; what is acknowledged is in the database."""
    bodies = [history_body(at, 1000, 100) for at in range(0, 10_000, 1000)]
    with treadle_server("stream") as server:
        client = Client(server)
        begin(client, "r")
        started = time.perf_counter()
        for body in bodies:
            client.send("POST", "/files/bench/bench/r/file_stream", body)
        return 1_000_000 / (time.perf_counter() - started)


def mlflow_values_per_second() -> float:
    with mlflow_server() as server:
        script = WORKLOADS / "mlflow_log_batch.py"
        answer = reported([MLFLOW_PYTHON, script, server.url], fresh_folder("mlflow-client"))
        return float(answer["values_per_second"])


def sdk_seconds(
    workload: str, server: ServerProcess | None, *words: str | Path, side: Side = DAGSTER
) -> float:
    extra = sdk_environment(server) if server else {}
    script = side.workload(workload)
    return float(reported([side.python, script, *words], fresh_folder("sdk"), extra)["seconds"])


def log_online(side: Side = DAGSTER) -> float:
    with treadle_server("sdk-server") as server:
        return sdk_seconds("wandb_log", server, side=side)


def artifact_share_percent() -> float:
    """What part of the SDK's wall time the server computes, while it logs 10,000 files of 4 KiB."""
    with treadle_server("share") as server:
        before = server.cpu_seconds()
        took = sdk_seconds("wandb_log_artifact", server, folder_of_files())
        return 100 * (server.cpu_seconds() - before) / took


def sdk_artifact_seconds() -> float:
    with treadle_server("sdk-files") as server:
        return sdk_seconds("wandb_log_artifact", server, folder_of_files())


def graphql_p99() -> float:
    with treadle_server("graphql") as server:
        client = Client(server)
        begin(client, "r")
        query = '{ project(name: "bench", entityName: "bench") { run(name: "r") { id name state } } }'
        request = OUT / "work" / "graphql-request"
        request.write_bytes(client.raw("/graphql", json.dumps({"query": query})))
        words: list[str | Path] = ["127.0.0.1", str(server.port), request, "5000", "4", "8"]
        return float(reported([BIN / "http_load", *words], fresh_folder("load"))["p99"])


def artifact_upload_url(client: Client, name: str, md5: str) -> tuple[str, dict[str, str]]:
    made = client.query(
        """mutation($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { id } } }""",
        input={
            "entityName": "bench",
            "projectName": "bench",
            "runName": "r",
            "artifactTypeName": "dataset",
            "artifactCollectionName": "large",
            "digest": md5,
            "clientID": "c" * 128,
            "sequenceClientID": "s" * 128,
            "enableDigestDeduplication": True,
        },
    )["createArtifact"]["artifact"]["id"]
    files = client.query(
        """mutation($files: [CreateArtifactFileSpecInput!]!) {
          createArtifactFiles(input: {artifactFiles: $files, storageLayout: V2}) {
            files { edges { node { uploadUrl uploadHeaders } } } } }""",
        files=[{"artifactID": made, "name": name, "md5": md5}],
    )["createArtifactFiles"]["files"]["edges"]
    node = files[0]["node"]
    return node["uploadUrl"], dict(header.split(":", 1) for header in node["uploadHeaders"])


def file_md5(path: Path) -> str:
    md5 = hashlib.md5()
    with path.open("rb") as data:
        while block := data.read(1 << 20):
            md5.update(block)
    return base64.b64encode(md5.digest()).decode()


def timed_put(client: Client, url: str, headers: dict[str, str]) -> float:
    started = time.perf_counter()
    with large_file().open("rb") as data:
        client.send("PUT", url, data, **headers, **{"Content-Length": str(GIB)})
    return time.perf_counter() - started


def upload_gigabytes_per_second() -> float:
    """An artifact's file by its signed URL, as the SDK puts it: refused if the MD5 is another."""
    digest = file_md5(large_file())
    with treadle_server("upload") as server:
        client = Client(server)
        begin(client, "r")
        return GIB / 1e9 / timed_put(client, *artifact_upload_url(client, "large.bin", digest))


def download_gigabytes_per_second() -> float:
    """A run's file, read by its signed URL."""
    with treadle_server("download") as server:
        client = Client(server)
        begin(client, "r")
        made = client.query(CREATE_FILE)["createRunFiles"]["files"][0]
        timed_put(client, made["uploadUrl"], {})
        found = client.query(FILE_URL)["project"]["run"]["files"]["edges"][0]["node"]
        path = found["directUrl"].removeprefix(server.url)
        size, started = 0, time.perf_counter()
        client.connection.request("GET", path, headers=client.headers)
        answer = client.connection.getresponse()
        while got := answer.read(1 << 20):
            size += len(got)
        took = time.perf_counter() - started
        assert size == GIB, f"{answer.status}: {size} bytes"
        return GIB / 1e9 / took


class ManyRuns:
    """A project of 10,000 runs, made once for the rows that read it."""

    server: ServerProcess | None = None

    def __call__(self) -> Client:
        if ManyRuns.server is None:
            ManyRuns.server = treadle_server("many-runs")
            atexit.register(ManyRuns.server.stop)
            client = Client(ManyRuns.server)
            for index in range(RUNS):
                config = {"lr": {"value": index / RUNS}, "layers": {"value": index % 7}}
                summary = {"loss": (index * 7919 % RUNS) / RUNS}
                begin(
                    client,
                    f"run{index}",
                    config=json.dumps(config),
                    summaryMetrics=json.dumps(summary),
                    tags=["even"] if index % 2 == 0 else [],
                )
            for index in range(20):
                for at in range(0, 5_000, 1000):
                    client.send(
                        "POST", f"/files/bench/bench/run{index}/file_stream", history_body(at, 1000, 10)
                    )
        return Client(ManyRuns.server)


def listing_milliseconds(**variables: Any) -> Callable[[], float]:
    def measure() -> float:
        client = ManyRuns()()
        started = time.perf_counter()
        runs = client.query(LIST, **variables)["project"]["runs"]["edges"]
        took = (time.perf_counter() - started) * 1000
        assert len(runs) == 50, f"{len(runs)} runs"
        return took

    return measure


def sampled_milliseconds() -> float:
    client = ManyRuns()()
    spec = json.dumps({"keys": ["_step", "layer1/loss"], "samples": 500})
    started = time.perf_counter()
    for index in range(20):
        sampled = client.query(SAMPLED, name=f"run{index}", spec=spec)["project"]["run"]["sampledHistory"]
        assert len(sampled[0]) >= 400, f"{len(sampled[0])} points"
    return (time.perf_counter() - started) * 1000


def log_ratio(times: int) -> Figure:
    offline = repeat(lambda: sdk_seconds("wandb_log", None), times).median
    return Figure(tuple(online / offline for online in repeat(log_online, times).values))


def client_artifact(what: str, path: Callable[[], Path]) -> float:
    """One artifact through the native client, logged and downloaded again: "up" or "down" in seconds."""
    with treadle_server("client") as server:
        script = TREADLE.workload("client_artifact")
        command = [TREADLE.python, script, path()]
        return float(reported(command, fresh_folder("client"), sdk_environment(server))[what])


def rows(quick: bool) -> list[Row]:
    chosen = json.dumps({"$and": [{"config.layers": 3}, {"tags": "even"}]})
    listings = {
        "runs-list": ("the newest 50", listing_milliseconds(order="-created_at")),
        "runs-filter": ("filtered by config and tag", listing_milliseconds(filters=chosen)),
        "runs-sort": ("ordered by a summary value", listing_milliseconds(order="+summary_metrics.loss")),
        "runs-sampled": ("500 points of each of 20", sampled_milliseconds),
    }
    return [
        Row(
            "server-ready",
            "server, from start to ready, new home",
            "s",
            0.2,
            lambda r: repeat(lambda: ready_seconds(lambda: treadle_server("ready")), r.ours),
            lambda r: repeat(lambda: ready_seconds(mlflow_server), r.slow, warm_up=0),
            "MLflow",
        ),
        Row(
            "server-memory",
            "server, memory when idle",
            "MB",
            30,
            lambda r: repeat(lambda: idle_megabytes(lambda: treadle_server("idle")), r.slow, warm_up=0),
            lambda r: repeat(lambda: idle_megabytes(mlflow_server), r.slow, warm_up=0),
            "MLflow",
        ),
        Row(
            "stream",
            "metric values taken in, durable",
            "values/s",
            1_000_000,
            lambda r: repeat(stream_values_per_second, r.ours),
            lambda r: repeat(mlflow_values_per_second, r.slow, warm_up=0),
            "MLflow",
            "file_stream, 100,000 values a request; MLflow: log_batch, 1,000 a request",
            at_least=True,
        ),
        Row(
            "sdk-log",
            "the SDK: 1,000 x log of 100 values, beside its own offline mode",
            "x offline",
            1.2,
            lambda r: log_ratio(r.peer),
        ),
        Row(
            "client-log",
            "our client: 1,000 x log of 100 values to a server, init to finish",
            "s",
            0.5,
            lambda r: repeat(lambda: log_online(TREADLE), r.ours),
            lambda r: repeat(log_online, r.slow, warm_up=0),
            "wandb SDK",
        ),
        Row(
            "graphql",
            "small GraphQL query at 5,000 /s, p99",
            "ms",
            1,
            lambda r: repeat(graphql_p99, r.peer),
        ),
        Row(
            "sdk-artifact",
            "the SDK logs 10,000 files of 4 KiB: the server's share of the time",
            "%",
            20,
            lambda r: repeat(artifact_share_percent, r.slow, warm_up=0),
        ),
        Row(
            "upload",
            "1 GiB put over loopback, digest checked",
            "GB/s",
            0.5,
            lambda r: repeat(upload_gigabytes_per_second, r.peer),
            at_least=True,
        ),
        Row(
            "download",
            "1 GiB got over loopback",
            "GB/s",
            0.5,
            lambda r: repeat(download_gigabytes_per_second, r.peer),
            at_least=True,
        ),
        Row(
            "client-files",
            "10,000 files of 4 KiB logged by the native client over loopback",
            "s",
            1.5,
            lambda r: repeat(lambda: client_artifact("up", folder_of_files), r.peer),
            lambda r: repeat(sdk_artifact_seconds, r.slow, warm_up=0),
            "the SDK",
        ),
        *(
            Row(
                f"client-{way}",
                f"1 GiB {title} by the native client over loopback, digests checked",
                "GB/s",
                0.5,
                lambda r, way=way: repeat(  # type: ignore[misc]
                    lambda: GIB / 1e9 / client_artifact(way, large_file), r.peer
                ),
                at_least=True,
            )
            for way, title in (("up", "logged"), ("down", "downloaded"))
        ),
        *(
            Row(
                name,
                f"10,000 runs in a project: {title}",
                "ms",
                50,
                lambda r, measure=measure: repeat(measure, r.ours),  # type: ignore[misc]
            )
            for name, (title, measure) in listings.items()
        ),
    ]
