"""What no client sends unless it is broken or hostile is its own mistake: 4xx or an error, and the server goes on."""

from __future__ import annotations

import json
import socket
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from real_server import Server

UPSERT = "mutation($i: UpsertBucketInput!) { upsertBucket(input: $i) { bucket { id name } } }"
RUNS = (
    'query($f: JSONString, $o: String) { project(name: "p") { runs(filters: $f, order: $o) { totalCount } } }'
)
CREATE = "mutation($i: CreateArtifactInput!) { createArtifact(input: $i) { artifact { id } } }"
FILES = """mutation($f: CreateArtifactFileSpecInput!) { createArtifactFiles(input: {artifactFiles: [$f],
  storageLayout: V2}) { files { edges { node { uploadUrl } } } } }"""
ARTIFACT = {
    "entityName": "local",
    "projectName": "p",
    "artifactTypeName": "t",
    "artifactCollectionName": "c",
    "digest": "0" * 32,
    "digestAlgorithm": "MANIFEST_MD5",
}
FRAGMENTS = " ".join(f"fragment F{i} on User {{ ...F{i + 1} ...F{i + 1} }}" for i in range(29))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    running = Server(tmp_path_factory.mktemp("hostile") / "home")
    running.start()
    running.data(UPSERT, i={"name": "r", "modelName": "p", "host": "h"})
    yield running
    assert running.request("/ready", key="").status == 200
    assert running.data("{ viewer { username } }")["viewer"]["username"] == "local"
    assert running.stop() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"5",
        b'{"query":null}',
        bytes(range(256)) * 10,
        b'{"query":"{viewer{id}}","variables":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        json.dumps({"query": "{" + "viewer{teams{edges{node{" * 2000 + "id" + "}}}}" * 2000 + "}"}).encode(),
        json.dumps({"query": "{" + " ".join(f"a{i}:viewer{{id}}" for i in range(20_000)) + "}"}).encode(),
        json.dumps({"query": "{viewer{...A}} fragment A on User{...B} fragment B on User{...A}"}).encode(),
        json.dumps({"query": f"{{viewer{{...F0}}}} {FRAGMENTS} fragment F29 on User {{ id }}"}).encode(),
        json.dumps({"query": "query A{viewer{id}}", "operationName": "B"}).encode(),
    ],
)
def test_bodies_that_are_no_query_are_a_400(server: Server, body: bytes) -> None:
    assert server.request("/graphql", body).status == 400


@pytest.mark.parametrize(
    "given",
    [
        {"name": "x" * 5000},
        {"name": "../../x"},
        {"name": "a\0b"},
        {"name": "\u202e\u0001x"},
        {"name": "r", "modelName": "a/b"},
        {"name": "r", "modelName": "p" * 300},
        {"name": "r", "config": "{"},
        {"name": "r", "config": "[]"},
        {"name": "r", "config": '{"a":' + "[" * 5000 + "]" * 5000 + "}"},
        {"name": "r", "summaryMetrics": "nope"},
        {"name": "r", "state": "bogus"},
        {"id": "@@@"},
        {"id": "UnVuOnYxOmE6Yg=="},
    ],
)
def test_runs_that_cannot_be_are_a_400(server: Server, given: dict[str, str]) -> None:
    answer = server.graphql(UPSERT, i={"host": "h", "modelName": "p", **given})
    assert answer.status == 400, answer.body


def history(**file: Any) -> dict[str, Any]:
    return {"files": {"wandb-history.jsonl": {"offset": 0, "content": ["{}"], **file}}}


@pytest.mark.parametrize(
    "body",
    [
        "x",
        {"files": []},
        history(offset=-1),
        history(offset=10**18),
        history(offset=1.5),
        history(content="x"),
        history(content=[5]),
        history(content=["{"]),
        history(content=["[1]"]),
        history(content=['{"a":' + '{"b":' * 3000 + "1" + "}" * 3001]),
        {"files": {"output.log": {"offset": 10**9, "content": ["x"]}}},
        {"files": {"wandb-summary.json": {"offset": 0, "content": ["nope"]}}},
    ],
)
def test_streams_that_cannot_be_are_a_400(server: Server, body: Any) -> None:
    answer = server.request("/files/local/p/r/file_stream", json.dumps(body).encode())
    assert answer.status == 400, answer.body


@pytest.mark.parametrize(
    "line",
    [
        '{"_step": 1e400, "x": 123456789012345678901234567890}',
        '{"_step": -5}',
        '{"_step": "a"}',
        '{"a\\u0000b": "c\\u0000d"}',
        '{"\\ud800": "\\udfff"}',
        json.dumps({f"k{i}": i for i in range(20_000)}),
    ],
)
def test_odd_rows_are_kept_or_refused_and_read_again(server: Server, line: str) -> None:
    server.data(UPSERT, i={"name": "odd", "modelName": "p", "host": "h"})
    body = json.dumps(history(content=[line])).encode()
    assert server.request("/files/local/p/odd/file_stream", body).status in {200, 400}
    query = """{ project(name: "p") { run(name: "odd") { historyKeys
      history(minStep: -1000, maxStep: 9223372036854775807) sampledHistory(specs: ["{}"]) } } }"""
    assert len(server.data(query)["project"]["run"]["history"]) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "5",
        '{"a": {"$foo": 1}}',
        '{"name": {"$regex": "("}}',
        '{"name": {"$in": {}}}',
        '{"$and": [' * 500 + "{}" + "]}" * 500,
    ],
)
def test_filters_that_mean_nothing_are_errors(server: Server, text: str) -> None:
    answer = server.graphql(RUNS, f=text)
    assert answer.status in {200, 400}
    assert answer.json()["errors"]


def test_filters_that_take_long_are_answered(server: Server) -> None:
    for text in (
        '{"name": {"$regex": "(a+)+$"}}',
        json.dumps({"$or": [{"name": str(i)} for i in range(9000)]}),
    ):
        server.data(RUNS, f=text)
    for order in ("+", "--x", "+config.", "x" * 10_000, "\0"):
        assert server.graphql(RUNS, o=order).json()["errors"]


@pytest.mark.parametrize(
    "given",
    [
        {"artifactCollectionName": "a/b"},
        {"artifactCollectionName": "a\0"},
        {"artifactCollectionName": "a" * 1000},
        {"artifactTypeName": ""},
        {"metadata": "{"},
        {"aliases": [{"artifactCollectionName": "c", "alias": "a/b:c"}]},
        {"ttlDurationSeconds": -7},
    ],
)
def test_artifacts_that_cannot_be_are_a_400(server: Server, given: dict[str, Any]) -> None:
    assert server.graphql(CREATE, i={**ARTIFACT, **given}).status == 400


@pytest.mark.parametrize(
    "given",
    [
        {"name": "../../etc/passwd"},
        {"name": "/etc/passwd"},
        {"name": "a\0b"},
        {"md5": "x"},
        {"uploadPartsInput": [{"partNumber": 0, "hexMD5": "zz"}]},
    ],
)
def test_files_that_cannot_be_are_a_400(server: Server, given: dict[str, Any]) -> None:
    artifact = server.data(CREATE, i=ARTIFACT)["createArtifact"]["artifact"]["id"]
    good = {"artifactID": artifact, "name": "f", "md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
    assert server.graphql(FILES, f={**good, **given}).status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/storage/../../etc/passwd",
        "/storage/%2e%2e/x",
        "/local/p/runs/%00",
        "/%ff%fe",
        "//",
        "/local/%2e%2e/runs/x",
    ],
)
def test_paths_lead_nowhere_else(server: Server, path: str) -> None:
    answer = server.request(path)
    assert answer.status in {400, 403, 404}
    assert b"root:" not in answer.body


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /graphql HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100_000 + b"\r\n",
    ],
)
def test_requests_that_are_no_http_are_refused(server: Server, raw: bytes) -> None:
    address = urllib.parse.urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port or 0), timeout=20) as connection:
        try:
            connection.sendall(raw)
            said = connection.recv(100)
        except ConnectionError:
            return
    assert said.startswith(b"HTTP/1.1 4")


def test_nothing_is_smuggled_behind_a_body_of_unknown_length(server: Server) -> None:
    address = urllib.parse.urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port or 0), timeout=20) as connection:
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n"
        connection.sendall(head + b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
        said = b""
        try:
            while piece := connection.recv(10_000):
                said += piece
        except ConnectionError:
            pass
    assert said.startswith(b"HTTP/1.1 400")
    assert said.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("name", ["", "x" * 2_000_000])
def test_names_that_nobody_reads_are_a_400(server: Server, name: str) -> None:
    for field in (
        """createGenericWebhookIntegration(input: {entityName: "local", name: $n, urlEndpoint: "http://x"})
            { integration { id } }""",
        """createCustomChart(input: {entity: "local", name: $n, displayName: "d", type: "vega2", access: "PRIVATE",
            spec: "{}"}) { chart { id } }""",
    ):
        assert server.graphql(f"mutation($n: String!) {{ {field} }}", n=name).status == 400


@pytest.mark.parametrize("name", ["%ff", "a" * 300, "..%2fx", "a%0ab"])
def test_content_comes_to_projects_that_can_be(server: Server, name: str) -> None:
    answer = server.request(f"/contents/local/{name}", b"{}", method="PUT")
    assert 400 <= answer.status < 500


def test_large_requests_are_forgotten(server: Server) -> None:
    def megabytes() -> int:
        lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("RssAnon"))) // 1024

    before = megabytes()
    large = {"name": "r", "modelName": "p", "displayName": "x" * 8_000_000}
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: server.graphql(UPSERT, i=large), range(64)))
    # What the document, its parts and the answers took is most of 16 x 8 MB.
    assert megabytes() < before + 100


def test_a_body_that_never_comes_holds_nobody_up(server: Server) -> None:
    address = urllib.parse.urlsplit(server.url)
    slow = [socket.create_connection((address.hostname, address.port or 0), timeout=20) for _ in range(100)]
    try:
        for connection in slow:
            connection.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{")
        assert server.data("{ viewer { username } }")["viewer"]["username"] == "local"
    finally:
        for connection in slow:
            connection.close()
