"""What the server answers to requests of our own: doors, limits, idempotence, restarts."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from real_server import BIN, Server

UPSERT = """mutation($input: UpsertBucketInput!) {
  upsertBucket(input: $input) { inserted bucket { id name displayName state historyLineCount } } }"""


def begin(server: Server, run: str, key: str | None = None, entity: str = "local") -> Any:
    given = {"name": run, "modelName": "p", "entityName": entity, "host": "h"}
    return server.data(UPSERT, key, input=given)["upsertBucket"]


def stream(server: Server, run: str, body: Any, **kw: Any) -> Any:
    return server.request(f"/files/local/p/{run}/file_stream", json.dumps(body).encode(), **kw)


def history(server: Server, run: str) -> list[Any]:
    query = """query($run: String!) { project(name: "p", entityName: "local") {
      run(name: $run) { state historyLineCount history(minStep: 0, maxStep: 1000000) } } }"""
    rows = server.data(query, run=run)["project"]["run"]["history"]
    return [json.loads(row) for row in rows]


def test_nothing_answers_without_a_key_but_the_doors(server: Server) -> None:
    for path in ("/ready", "/health", "/login", "/authorize"):
        assert server.request(path, key="").status == 200
    for path in ("/", "/local/p", "/local/p/runs/r"):
        assert server.request(path, key="").status == 401
    assert server.request("/graphql", b'{"query":"{viewer{id}}"}', key="").status == 401
    assert server.request("/files/local/p/r/file_stream", b"{}", key="").status == 401
    assert server.request("/storage/run_files/1/x", key="").status == 403
    assert server.request("/artifactsV2/default/local/p/c/b/00/x", key="").status == 401


def test_a_revoked_key_is_refused_at_once(server: Server) -> None:
    key = server.admin("user", "add", "ada")["key"]
    assert server.data("{ viewer { username } }", key)["viewer"]["username"] == "ada"
    number = server.admin("key", "list", "ada")["keys"][0]["id"]
    server.admin("key", "revoke", str(number))
    assert server.graphql("{ viewer { username } }", key).status == 401


def test_invalid_documents_are_a_400_worded_as_the_sdk_matches(server: Server) -> None:
    answer = server.graphql("{ serverInfo { nothing } }")
    assert answer.status == 400
    assert answer.json()["errors"][0]["message"].startswith(
        'Cannot query field "nothing" on type "ServerInfo".'
    )
    assert server.request("/graphql", b"not json").status == 400
    assert server.request("/graphql", b"[]").status == 400
    assert server.graphql("{" * 10_000).status == 400


def test_not_found_is_null_and_no_error(server: Server) -> None:
    assert server.data('{ project(name: "none") { id } }') == {"project": None}
    assert server.data('{ artifact(id: "QXJ0aWZhY3Q6OTk=") { id } }') == {"artifact": None}
    begin(server, "r")
    query = (
        '{ project(name: "p") { run(name: "x") { id } artifactCollectionMembership(name: "a:b") { id } } }'
    )
    assert server.data(query)["project"] == {"run": None, "artifactCollectionMembership": None}


def test_lines_that_are_sent_again_are_there_once(server: Server) -> None:
    begin(server, "r")
    lines = [json.dumps({"_step": i, "x": i}) for i in range(5)]
    body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": lines}}}
    for _ in range(3):
        assert stream(server, "r", body).status == 200
    body = {"files": {"wandb-history.jsonl": {"offset": 3, "content": ['{"_step":3,"x":30}']}}}
    assert stream(server, "r", body).status == 200
    assert [row["x"] for row in history(server, "r")] == [0, 1, 2, 30, 4]


def test_bare_nan_and_infinity_come_back(server: Server) -> None:
    begin(server, "r")
    body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": ['{"_step":0,"x":NaN,"y":-Infinity}']}}}
    assert stream(server, "r", body).status == 200
    row = history(server, "r")[0]
    assert row["x"] != row["x"]
    assert row["y"] == float("-inf")


def test_an_answer_is_json_to_the_letter(server: Server) -> None:
    begin(server, "r")
    line = '{"_step":0,"x":NaN,"y":-Infinity,"z":Infinity,"t":"NaN \\" Infinity"}'
    assert (
        stream(server, "r", {"files": {"wandb-history.jsonl": {"offset": 0, "content": [line]}}}).status
        == 200
    )
    query = """query($specs: [JSONString!]!) { project(name: "p", entityName: "local") { run(name: "r") {
        historyKeys sampledHistory(specs: $specs) } } }"""
    answer = server.graphql(query, specs=['{"keys": ["x", "y", "z", "t"], "samples": 10}']).body
    run = json.loads(answer, parse_constant=pytest.fail)["data"]["project"]["run"]
    row = run["sampledHistory"][0][0]
    assert [row[key] for key in "xyzt"] == ["NaN", "-Infinity", "Infinity", 'NaN " Infinity']
    assert set(run["historyKeys"]["keys"]) >= set("xyzt")


def test_bodies_may_be_gzip_and_bombs_are_refused(server: Server) -> None:
    begin(server, "r")
    packed = gzip.compress(
        json.dumps({"files": {"output.log": {"offset": 0, "content": ["hello"]}}}).encode()
    )
    url = "/files/local/p/r/file_stream"
    assert server.request(url, packed, headers={"Content-Encoding": "gzip"}).status == 200
    bomb = gzip.compress(b" " * 200_000_000)
    assert server.request(url, bomb, headers={"Content-Encoding": "gzip"}).status == 413
    assert server.request(url, b"nonsense", headers={"Content-Encoding": "gzip"}).status == 400


def test_a_stream_to_a_run_that_is_not_there_is_a_404(server: Server) -> None:
    begin(server, "r")
    assert stream(server, "other", {}).status == 404


def test_the_end_of_a_run_is_told_by_its_exit_code(server: Server) -> None:
    for run, code, state in (("good", 0, "finished"), ("bad", 3, "failed")):
        begin(server, run)
        assert stream(server, run, {"complete": True, "exitcode": code}).status == 200
        query = 'query($run: String!) { project(name: "p") { run(name: $run) { state } } }'
        assert server.data(query, run=run)["project"]["run"]["state"] == state


def test_an_edit_of_a_finished_run_leaves_it_finished(server: Server) -> None:
    run = begin(server, "r")["bucket"]
    stream(server, "r", {"complete": True, "exitcode": 0})
    edited = server.data(UPSERT, input={"id": run["id"], "tags": "late", "summaryMetrics": '{"a":1}'})
    assert edited["upsertBucket"]["bucket"]["state"] == "finished"
    assert edited["upsertBucket"]["inserted"] is False


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../b", "a//b", "nul\u0000", "a/./b", "back\\slash", ""]
)
def test_names_of_files_stay_inside(server: Server, name: str) -> None:
    begin(server, "r")
    answer = server.graphql(
        """mutation($n: [String!]!) { createRunFiles(input: {entityName: "local", projectName: "p",
           runName: "r", files: $n}) { files { name uploadUrl } } }""",
        n=[name],
    )
    assert answer.status == 400, answer.body


def test_upload_urls_are_good_for_their_file_only(server: Server) -> None:
    begin(server, "r")
    made = server.data(
        """mutation { createRunFiles(input: {entityName: "local", projectName: "p", runName: "r",
           files: ["a.txt"]}) { files { uploadUrl } } }"""
    )
    url = made["createRunFiles"]["files"][0]["uploadUrl"]
    assert server.request(url, b"hello", "PUT", key="").status == 200
    assert server.request(url.replace("a.txt", "b.txt"), b"x", "PUT", key="").status == 403
    assert server.request(url, key="").status == 403
    forged = url.split("&s=")[0] + "&s=" + "0" * 40
    assert server.request(forged, b"x", "PUT", key="").status == 403
    read = server.data(
        '{ project(name: "p") { run(name: "r") { files(names: ["a.txt"]) { edges { node { directUrl md5 } } } } } }'
    )["project"]["run"]["files"]["edges"][0]["node"]
    assert server.request(read["directUrl"], key="").body == b"hello"
    part = server.request(read["directUrl"], key="", headers={"Range": "bytes=1-3"})
    assert (part.status, part.body) == (206, b"ell")


def test_limits_are_answered_and_the_server_lives_on(server: Server) -> None:
    begin(server, "r")
    assert server.request("/files/local/p/r/file_stream", b"x" * (40 << 20)).status in {400, 413}
    address = urllib.parse.urlsplit(server.url)
    for raw in (
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00\xff" * 100,
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection((address.hostname, address.port or 0), timeout=10) as raw_socket:
            try:
                raw_socket.sendall(raw)
                raw_socket.recv(1000)
            except ConnectionError:
                pass
    assert server.request("/ready", key="").status == 200


def test_a_killed_server_lost_nothing_that_was_acknowledged(server: Server) -> None:
    begin(server, "r")
    for i in range(20):
        body = {
            "files": {"wandb-history.jsonl": {"offset": i, "content": [json.dumps({"_step": i, "x": i})]}}
        }
        assert stream(server, "r", body).status == 200
    server.stop(signal.SIGKILL)
    server.start()
    assert [row["x"] for row in history(server, "r")] == list(range(20))


def test_sigterm_ends_cleanly_and_the_key_stays_good(server: Server) -> None:
    key = server.key
    assert server.stop() == 0
    server.start()
    assert server.key == key
    assert server.data("{ viewer { username } }")["viewer"]["username"] == "local"


def test_metrics_and_the_access_log_tell_what_was_asked(server: Server) -> None:
    server.data("query Who { viewer { username } }")
    counted = 'treadle_requests_total{route="/graphql",status="200"} 1'
    # A request is counted when its answer has been sent.
    until = time.monotonic() + 30
    while counted not in server.request("/metrics", key="").body.decode():
        assert time.monotonic() < until
    lines = (server.home / "logs/access.jsonl").read_text().splitlines()
    line = json.loads(lines[0])
    assert (line["path"], line["status"], line["who"]) == ("/graphql", 200, "local Who")


def test_pages_show_the_record_and_nothing_runs_in_them(server: Server) -> None:
    begin(server, "r")
    stream(server, "r", {"files": {"output.log": {"offset": 0, "content": ["<script>alert(1)</script>"]}}})
    page = server.request("/local/p/runs/r")
    assert page.status == 200
    assert b"<script>" not in page.body
    assert b"&lt;script&gt;" in page.body
    assert server.request("/local/p").status == 200
    assert server.request("/local/none").status == 404


def test_programs_of_a_home_share_one_server_on_demand(tmp_path: Path) -> None:
    command = [str(BIN / "treadle"), "--home", str(tmp_path / "home"), "server", "--port", "0", "--on-demand"]
    first = subprocess.Popen([*command, "--idle-exit", "60"], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None
        said = json.loads(first.stdout.readline())
        first.stdout.close()
        again = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert json.loads(again.stdout) == said
        server = Server(tmp_path / "home")
        server.url = said["url"]
        answer = server.data("{ viewer { username } }", said["key"])
        assert answer["viewer"]["username"] == "local"
    finally:
        first.terminate()
        assert first.wait(timeout=30) == 0
    assert not (tmp_path / "home/server.json").exists()


def test_beginning_an_artifact_twice_under_one_client_id_goes_on_with_it(server: Server) -> None:
    create = """mutation($metadata: JSONString, $client: ID!) { createArtifact(input: {entityName: "local",
      projectName: "p", runName: "", artifactTypeName: "job", artifactCollectionNames: ["j"], digest: "d",
      clientID: $client, metadata: $metadata, aliases: []}) { artifact { id state } } }"""
    first = server.data(create, client="one", metadata='{"_partial": true}')["createArtifact"]["artifact"]
    assert first["state"] == "PENDING"
    again = server.data(create, client="one", metadata=None)["createArtifact"]["artifact"]
    assert again["id"] == first["id"]
    other = server.data(create, client="two", metadata=None)["createArtifact"]["artifact"]
    assert other["id"] != first["id"]


def test_addresses_of_files_name_the_server_as_the_asker_does(server: Server) -> None:
    """A server on all interfaces does not know which of its names others know."""
    begin = """mutation { upsertBucket(input: {name: "r", modelName: "p", host: "h"}) { inserted } }"""
    server.data(begin)
    create = """mutation { createRunFiles(input: {projectName: "p", runName: "r", files: ["f"]}) {
      files { uploadUrl } } }"""
    body = json.dumps({"query": create}).encode()

    def upload_url(host: str) -> str:
        answer = server.request("/graphql", body, headers={"Host": host}).json()
        return str(answer["data"]["createRunFiles"]["files"][0]["uploadUrl"])

    assert upload_url("ml.example.org:8443").startswith("http://ml.example.org:8443/storage/")
    assert upload_url('evil"><x').startswith(server.url + "/storage/")
    port = urllib.parse.urlsplit(server.url).port
    assert port is not None
    server.stop()
    server.start("--base-url", "https://ml.example.org/treadle", port=port)
    server.url = f"http://127.0.0.1:{port}"
    assert upload_url("127.0.0.1").startswith("https://ml.example.org/treadle/storage/")
