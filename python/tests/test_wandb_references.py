"""References: what identifies content that lies elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from treadle import wandb
from treadle.wandb import WandbArtifactsIOManagerError
from treadle.wandb._errors import ArtifactNotLoggedError

_LIST = """<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Name>bucket</Name><Prefix>data/</Prefix><KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>
<Contents><Key>data/a.csv</Key><ETag>"aa"</ETag><Size>1</Size></Contents>
<Contents><Key>data/deep/b.csv</Key><ETag>"bb"</ETag><Size>2</Size></Contents></ListBucketResult>"""


class _Web(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path == "/no-head" and not body:
            self.send_error(405)
        elif path == "/forbidden":
            self.send_error(403)
        elif path in ("/bucket", "/bucket/"):
            self._say(_LIST, {}, body)
        elif path in ("/tagged", "/no-head"):
            self._say("12345", {"ETag": '"tag"'}, body)
        elif path == "/plain":
            self._say("12345", {}, body)
        elif path == "/bucket/one.csv":
            self._say("12345", {"ETag": '"one"', "x-amz-version-id": "7"}, body)
        else:
            self.send_error(404)

    def _say(self, text: str, headers: dict[str, str], body: bool) -> None:
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    server = HTTPServer(("127.0.0.1", 0), _Web)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def entries(uri: str, **more: Any) -> list[Any]:
    artifact = wandb.Artifact("a", "dataset")
    artifact.add_reference(uri, **more)
    return list(artifact._entries.values())


def test_a_web_page_is_known_by_its_etag(web: str) -> None:
    uri = f"{web}/tagged"
    assert entries(uri) == [("tagged", "reference", uri, "tag", 5, '{"etag": "\\"tag\\""}')]
    assert entries(f"{web}/no-head", name="x")[0][3] == "tag"
    assert entries(f"{web}/plain") == [("plain", "reference", f"{web}/plain", f"{web}/plain", 5, "")]


@pytest.mark.parametrize("how", ["checksum", "offline", "forbidden", "nobody"])
def test_what_cannot_be_asked_is_known_by_its_uri(
    web: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = {"forbidden": f"{web}/forbidden", "nobody": "http://127.0.0.1:1/tagged"}.get(how, f"{web}/tagged")
    if how == "offline":
        monkeypatch.setenv("WANDB_MODE", "offline")
    given: dict[str, Any] = {"checksum": False} if how == "checksum" else {}
    assert [e[2:] for e in entries(uri, **given)] == [(uri, uri, -1, "")]


def test_what_is_not_there_is_told(web: str) -> None:
    with pytest.raises(WandbArtifactsIOManagerError, match="leads nowhere: the server answered 404"):
        entries(f"{web}/nothing")


def test_objects_of_a_store_are_known_by_their_etags(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3")
    for name, value in (
        ("AWS_S3_ENDPOINT_URL", web),
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    [one] = entries("s3://bucket/one.csv")
    assert one[:5] == ("one.csv", "reference", "s3://bucket/one.csv", "one", 5)
    assert one[5] == '{"etag": "\\"one\\"", "versionID": "7"}'
    found = entries("s3://bucket/data", name="in")
    assert [(e[0], e[2], e[3]) for e in found] == [
        ("in/a.csv", "s3://bucket/data/a.csv", "aa"),
        ("in/deep/b.csv", "s3://bucket/data/deep/b.csv", "bb"),
    ]
    with pytest.raises(WandbArtifactsIOManagerError, match="raise 'max_objects'"):
        entries("s3://bucket/data", max_objects=1)


def test_folders_are_entered(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("a", "deep/b"):
        (tmp_path / name).write_text(name)
    found = entries(tmp_path.as_uri(), name="in")
    assert [(e[0], e[4]) for e in found] == [("in/a", 1), ("in/deep/b", 6)]
    unread = entries(tmp_path.as_uri(), name="in", checksum=False)
    assert [(e[0], e[4]) for e in unread] == [("in/a", 1), ("in/deep/b", 6)]
    assert unread[0][3] != found[0][3]
    with pytest.raises(WandbArtifactsIOManagerError, match="more than 1 files: raise 'max_objects'"):
        entries(tmp_path.as_uri(), max_objects=1)


@pytest.fixture
def logged(web: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A version with references to two web pages, one without ETag, a local file and what nobody can ask."""
    monkeypatch.setenv("TREADLE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "local.txt").write_text("local")
    with wandb.init(project="p") as run:
        artifact = wandb.Artifact("refs", "dataset")
        artifact.add_reference(f"{web}/tagged", name="deep/page")
        artifact.add_reference(f"{web}/plain")
        artifact.add_reference((tmp_path / "local.txt").as_uri())
        artifact.add_reference("abfs://bucket/key", name="key")
        run.log_artifact(artifact).wait()
        yield run.use_artifact("refs:latest")


def test_what_a_reference_leads_to_is_fetched(logged: Any, tmp_path: Path) -> None:
    read = {
        name: Path(logged.get_path(name).download("out")).read_text() for name in ("deep/page", "local.txt")
    }
    assert read == {"deep/page": "12345", "local.txt": "local"}
    assert (tmp_path / "out" / "deep" / "page").is_file()
    with pytest.warns(UserWarning, match="'key' of refs:v0 is a reference to abfs://bucket/key"):
        folder = logged.download()
    assert sorted(p.name for p in Path(folder).rglob("*") if p.is_file()) == ["local.txt", "page", "plain"]
    with pytest.raises(WandbArtifactsIOManagerError, match="nothing here reads abfs://"):
        logged.get_path("key").download()


def test_what_has_changed_since_is_refused_and_leaves_nothing(
    logged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Web, "_say", _with_another_tag(_Web._say))
    (tmp_path / "local.txt").write_text("LOCAL")
    for name in ("deep/page", "local.txt"):
        with pytest.raises(ValueError, match="Digest mismatch for url"):
            logged.get_path(name).download("out")
    with pytest.raises(ValueError, match="Digest mismatch"):
        logged.download("out")
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    with pytest.warns(UserWarning, match="abfs"):
        logged.download("some", allow_missing_references=True)
    assert [p.name for p in (tmp_path / "some").rglob("*") if p.is_file()] == ["plain"]


def _with_another_tag(say: Any) -> Any:
    def changed(self: _Web, text: str, headers: dict[str, str], body: bool) -> None:
        say(self, text, dict.fromkeys(headers, '"new"'), body)

    return changed


def test_a_file_of_another_artifact_is_referenced_and_read() -> None:
    with wandb.init(project="refs") as run:
        base = wandb.Artifact("base", "dataset")
        with base.new_file("d/x.txt") as file:
            file.write("hello")
        with pytest.raises(ArtifactNotLoggedError, match="once the artifact is logged"):
            _ = base.id
        run.log_artifact(base)
        entry = run.use_artifact("base:latest").get_entry("d/x.txt")
        derived = wandb.Artifact("derived", "dataset")
        derived.add_reference(entry)
        derived.add_reference(entry.ref_url(), "y.txt")
        run.log_artifact(derived)
    found = wandb.Api().artifact("refs/derived:latest")
    assert {e.path: (e.ref, e.digest) for e in found.files()} == {
        path: (entry.ref_url(), entry.digest) for path in ("x.txt", "y.txt")
    }
    assert (Path(found.download()) / "y.txt").read_text() == "hello"
