"""Content of artifacts on its way in and out, as W&B's protocol moves it: in parts, and by digest."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from real_server import Server

CREATE = (
    """mutation($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { id state } } }"""
)
MANIFEST = """mutation($input: CreateArtifactManifestInput!) {
  createArtifactManifest(input: $input) { artifactManifest { file { uploadUrl } } } }"""
FILES = """mutation($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) { files { edges { node {
  name storagePath uploadUrl uploadMultipartUrls { uploadID uploadUrlParts { partNumber uploadUrl } } } } } } }"""
COMPLETE = """mutation($input: CompleteMultipartUploadArtifactInput!) {
  completeMultipartUploadArtifact(input: $input) { digest } }"""
COMMIT = """mutation($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { state digest } } }"""
READ = """query($id: ID!) { artifact(id: $id) { files { edges { node { name directUrl } } } } }"""

CONTENT = b"".join(bytes([65 + i]) * 5000 for i in range(3)) + b"the end"
PARTS = [CONTENT[i : i + 5000] for i in range(0, len(CONTENT), 5000)]


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


@dataclass
class Draft:
    """An artifact being made, with the one file data.bin."""

    server: Server
    id: str
    layout: str = "V2"

    @classmethod
    def begin(cls, server: Server, name: str = "a", layout: str = "V2") -> Draft:
        given = {
            "entityName": "local",
            "projectName": "p",
            "artifactTypeName": "dataset",
            "artifactCollectionName": name,
            "digest": "",
        }
        made = server.data(CREATE, input=given)["createArtifact"]["artifact"]
        return cls(server, made["id"], layout)

    def announce(self, content: bytes, parts: list[bytes]) -> Any:
        spec: dict[str, Any] = {"artifactID": self.id, "name": "data.bin", "md5": md5(content)}
        if parts:
            spec["uploadPartsInput"] = [
                {"partNumber": i + 1, "hexMD5": hashlib.md5(part).hexdigest()} for i, part in enumerate(parts)
            ]
        given = {"artifactFiles": [spec], "storageLayout": self.layout}
        return self.server.data(FILES, input=given)["createArtifactFiles"]["files"]["edges"][0]["node"]

    def complete(self, file: Any, parts: list[bytes], action: str = "Complete") -> Any:
        given = {
            "completeMultipartAction": action,
            "completedParts": [
                {"partNumber": i + 1, "hexMD5": hashlib.md5(part).hexdigest()} for i, part in enumerate(parts)
            ],
            "artifactID": self.id,
            "storagePath": file["storagePath"],
            "uploadID": file["uploadMultipartUrls"]["uploadID"],
        }
        return self.server.graphql(COMPLETE, input=given).json()

    def commit(self, content: bytes) -> None:
        entry = {"digest": md5(content), "size": len(content)}
        manifest = {
            "version": 1,
            "storagePolicy": "wandb-storage-policy-v1",
            "storagePolicyConfig": {"storageLayout": self.layout},
            "contents": {"data.bin": entry},
        }
        given = {
            "artifactID": self.id,
            "name": "wandb_manifest.json",
            "digest": "",
            "entityName": "local",
            "projectName": "p",
        }
        made = self.server.data(MANIFEST, input=given)["createArtifactManifest"]["artifactManifest"]
        put = self.server.request(made["file"]["uploadUrl"], json.dumps(manifest).encode(), "PUT", key="")
        assert put.status == 200, put.body
        done = self.server.data(COMMIT, id=self.id)["commitArtifact"]["artifact"]
        assert done["state"] == "COMMITTED"

    def read(self) -> bytes:
        node = self.server.data(READ, id=self.id)["artifact"]["files"]["edges"][0]["node"]
        return self.server.request(node["directUrl"], key="").body


def put_parts(server: Server, file: Any, parts: list[bytes]) -> None:
    # In any order, as several threads put them.
    for part in reversed(file["uploadMultipartUrls"]["uploadUrlParts"]):
        content = parts[part["partNumber"] - 1]
        put = server.request(part["uploadUrl"], content, "PUT", key="")
        assert put.status == 200, put.body
        assert put.headers["ETag"] == hashlib.md5(content).hexdigest()


def test_a_file_put_in_parts_is_the_file(server: Server) -> None:
    draft = Draft.begin(server)
    file = draft.announce(CONTENT, PARTS)
    assert len(file["uploadMultipartUrls"]["uploadUrlParts"]) == len(PARTS)
    put_parts(server, file, PARTS)
    assert draft.complete(file, PARTS)["data"]["completeMultipartUploadArtifact"]["digest"] == md5(CONTENT)
    draft.commit(CONTENT)
    assert draft.read() == CONTENT
    assert list((server.home / "uploads").iterdir()) == []


def test_digests_of_parts_may_be_in_capitals_and_quotes(server: Server) -> None:
    draft = Draft.begin(server)
    parts = [{"partNumber": 1, "hexMD5": hashlib.md5(CONTENT).hexdigest().upper()}]
    spec = {"artifactID": draft.id, "name": "data.bin", "md5": md5(CONTENT), "uploadPartsInput": parts}
    answer = server.data(FILES, input={"artifactFiles": [spec]})["createArtifactFiles"]
    file = answer["files"]["edges"][0]["node"]
    put_parts(server, file, [CONTENT])
    given = {
        "completeMultipartAction": "Complete",
        "completedParts": [{"partNumber": 1, "hexMD5": f'"{parts[0]["hexMD5"]}"'}],
        "artifactID": draft.id,
        "storagePath": file["storagePath"],
        "uploadID": file["uploadMultipartUrls"]["uploadID"],
    }
    done = server.data(COMPLETE, input=given)["completeMultipartUploadArtifact"]
    assert done["digest"] == md5(CONTENT)


def test_completing_again_answers_the_same(server: Server) -> None:
    draft = Draft.begin(server)
    file = draft.announce(CONTENT, PARTS)
    put_parts(server, file, PARTS)
    assert draft.complete(file, PARTS) == draft.complete(file, PARTS)


def test_parts_put_before_the_server_was_killed_need_not_be_put_again(server: Server) -> None:
    draft = Draft.begin(server)
    first = draft.announce(CONTENT, PARTS)
    urls = first["uploadMultipartUrls"]["uploadUrlParts"]
    assert server.request(urls[0]["uploadUrl"], PARTS[0], "PUT", key="").status == 200
    server.process.kill()
    server.process.wait()
    server.start()
    draft.server = server
    again = draft.announce(CONTENT, PARTS)
    assert again["uploadMultipartUrls"]["uploadID"] == first["uploadMultipartUrls"]["uploadID"]
    for part in again["uploadMultipartUrls"]["uploadUrlParts"][1:]:
        content = PARTS[part["partNumber"] - 1]
        assert server.request(part["uploadUrl"], content, "PUT", key="").status == 200
    assert "errors" not in draft.complete(again, PARTS)


def test_a_part_that_is_not_what_was_announced_is_refused(server: Server) -> None:
    draft = Draft.begin(server)
    file = draft.announce(CONTENT, PARTS)
    url = file["uploadMultipartUrls"]["uploadUrlParts"][0]["uploadUrl"]
    put = server.request(url, b"something else", "PUT", key="")
    assert put.status == 400
    assert "Send it again" in put.body.decode()
    assert list((server.home / "uploads").iterdir()) == []


def test_what_lacks_parts_is_not_completed_and_says_which(server: Server) -> None:
    draft = Draft.begin(server)
    file = draft.announce(CONTENT, PARTS)
    url = file["uploadMultipartUrls"]["uploadUrlParts"][1]["uploadUrl"]
    assert server.request(url, PARTS[1], "PUT", key="").status == 200
    refused = draft.complete(file, PARTS)
    assert "never came: 1 3 4." in refused["errors"][0]["message"]
    other = draft.complete(file, PARTS[:2])
    assert "has other parts than these" in other["errors"][0]["message"]


def test_parts_that_together_are_other_content_make_no_file(server: Server) -> None:
    draft = Draft.begin(server)
    file = draft.announce(b"not this", PARTS)
    put_parts(server, file, PARTS)
    assert "as announced" in draft.complete(file, PARTS)["errors"][0]["message"]
    assert draft.announce(b"not this", [])["uploadUrl"]


def test_an_upload_given_up_leaves_nothing(server: Server) -> None:
    draft = Draft.begin(server)
    file = draft.announce(CONTENT, PARTS)
    put_parts(server, file, PARTS)
    answer = draft.complete(file, PARTS, "Abort")
    assert answer["data"]["completeMultipartUploadArtifact"] == {"digest": None}
    assert list((server.home / "uploads").iterdir()) == []
    assert "never came" in draft.complete(file, PARTS)["errors"][0]["message"]


def test_parts_that_are_misnumbered_are_refused_when_they_are_announced(server: Server) -> None:
    draft = Draft.begin(server)
    parts = [{"partNumber": 2, "hexMD5": hashlib.md5(CONTENT).hexdigest()}]
    spec = {"artifactID": draft.id, "name": "x", "md5": md5(CONTENT), "uploadPartsInput": parts}
    answer = server.graphql(FILES, input={"artifactFiles": [spec]}).json()
    assert "numbered from 1 on" in answer["errors"][0]["message"]


def test_content_is_found_by_its_digest_as_the_older_layout_asks(server: Server) -> None:
    draft = Draft.begin(server, layout="V1")
    file = draft.announce(CONTENT, [])
    assert server.request(file["uploadUrl"], CONTENT, "PUT", key="").status == 200
    draft.commit(CONTENT)
    path = f"/artifacts/local/{hashlib.md5(CONTENT).hexdigest()}"
    assert server.request(path).body == CONTENT
    part = server.request(path, headers={"Range": "bytes=4998-5001"})
    assert (part.status, part.body) == (206, b"AABB")
    assert server.request(path, key="").status == 401
    assert server.request(f"/artifacts/local/{'0' * 32}").status == 404
    assert server.request("/artifacts/local/nonsense").status == 404


def test_who_may_not_read_a_project_does_not_find_its_content_by_digest(server: Server) -> None:
    draft = Draft.begin(server, layout="V1")
    file = draft.announce(CONTENT, [])
    assert server.request(file["uploadUrl"], CONTENT, "PUT", key="").status == 200
    draft.commit(CONTENT)
    stranger = server.admin("user", "add", "eve")["key"]
    path = f"/artifacts/local/{hashlib.md5(CONTENT).hexdigest()}"
    assert server.request(path, key=stranger).status == 404


def test_content_put_ahead_need_not_be_put_again_within_its_project(server: Server) -> None:
    put = server.request("/contents/local/p", CONTENT, "PUT")
    assert put.status == 200, put.body
    assert json.loads(put.body) == {
        "md5": md5(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "size": len(CONTENT),
    }
    draft = Draft.begin(server)
    assert draft.announce(CONTENT, [])["uploadUrl"] is None
    draft.commit(CONTENT)
    assert draft.read() == CONTENT
    # Knowing a digest gives nobody what another project was given.
    elsewhere = {"entityName": "local", "projectName": "q", "artifactTypeName": "t", "digest": ""}
    made = server.data(CREATE, input=elsewhere | {"artifactCollectionName": "b"})["createArtifact"]
    assert Draft(server, made["artifact"]["id"]).announce(CONTENT, [])["uploadUrl"] is not None


def test_content_is_put_ahead_by_who_may_write_only(server: Server) -> None:
    assert server.request("/contents/local/p", CONTENT, "PUT", key="").status == 401
    stranger = server.admin("user", "add", "mallory")["key"]
    assert server.request("/contents/local/p", CONTENT, "PUT", key=stranger).status == 404
    assert server.request("/contents/local/p").status in (404, 405)
