"""Knowing the digest of content gives nobody the content: every place a file can be named in, by whom."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from real_server import Answer, Server

SECRET = b"what only the owner may read"
MD5 = base64.b64encode(hashlib.md5(SECRET).digest()).decode()

CREATE = """mutation($entity: String!, $project: String!, $name: String!) { createArtifact(input: {
  entityName: $entity, projectName: $project, artifactTypeName: "data", artifactCollectionNames: [$name],
  digest: "", aliases: []}) { artifact { id } } }"""
ANNOUNCE = """mutation($files: [CreateArtifactFileSpecInput!]!) { createArtifactFiles(input: {artifactFiles: $files}) {
  files { edges { node { uploadUrl } } } } }"""
MANIFEST = """mutation($id: ID!, $type: ArtifactManifestType) { createArtifactManifest(input: {artifactID: $id,
  name: "wandb_manifest.json", digest: "", type: $type, entityName: "", projectName: "", runName: ""}) {
  artifactManifest { file { uploadUrl } } } }"""
COMMIT = "mutation($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { id } } }"


def begin(server: Server, key: str, entity: str, project: str, name: str) -> str:
    made = server.data(CREATE, key, entity=entity, project=project, name=name)
    return str(made["createArtifact"]["artifact"]["id"])


def announce(server: Server, key: str, artifact: str) -> Any:
    """Where to put the file; None = the server says that it has it."""
    files = [{"artifactID": artifact, "name": "f", "md5": MD5}]
    edges = server.data(ANNOUNCE, key, files=files)["createArtifactFiles"]["files"]["edges"]
    return edges[0]["node"]["uploadUrl"]


def put_manifest(server: Server, key: str, artifact: str, kind: str = "FULL") -> Answer:
    made = server.data(MANIFEST, key, id=artifact, type=kind)["createArtifactManifest"]["artifactManifest"]
    document = {
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": {"f": {"digest": MD5, "size": len(SECRET)}},
    }
    return server.request(made["file"]["uploadUrl"], json.dumps(document).encode(), method="PUT", key="")


@pytest.fixture
def keys(server: Server) -> dict[str, str]:
    """`ada` has the secret in ada/vault; `bob` works with her there only; `eve` has nothing to do with it."""
    keys = {name: server.admin("user", "add", name)["key"] for name in ("ada", "bob", "eve")}
    artifact = begin(server, keys["ada"], "ada", "vault", "secret")
    url = announce(server, keys["ada"], artifact)
    assert server.request(url, SECRET, method="PUT", key="").status == 200
    assert put_manifest(server, keys["ada"], artifact).status == 200
    assert server.data(COMMIT, keys["ada"], id=artifact)
    return keys


@pytest.mark.parametrize(
    ("who", "entity", "project", "known"),
    [
        ("ada", "ada", "vault", True),
        ("ada", "ada", "other", False),
        ("bob", "bob", "vault", False),
        ("eve", "eve", "vault", False),
        ("eve", "eve", "loot", False),
    ],
)
def test_content_is_known_only_in_the_project_it_was_given_to(
    server: Server, keys: dict[str, str], who: str, entity: str, project: str, known: bool
) -> None:
    announced = begin(server, keys[who], entity, project, "announced")
    assert (announce(server, keys[who], announced) is None) == known
    for kind in ("FULL", "INCREMENTAL", "PATCH"):
        named = begin(server, keys[who], entity, project, f"named-{kind}")
        assert put_manifest(server, keys[who], named, kind).status == (200 if known else 404)
    assert (server.graphql(COMMIT, keys[who], id=announced).status == 200) == known


def test_a_draft_of_another_project_takes_nothing_from_strangers(
    server: Server, keys: dict[str, str]
) -> None:
    draft = begin(server, keys["ada"], "ada", "vault", "more")
    files = [{"artifactID": draft, "name": "f", "md5": MD5}]
    assert server.graphql(ANNOUNCE, keys["eve"], files=files).status == 404
    assert server.graphql(COMMIT, keys["eve"], id=draft).status == 404


def test_who_sends_the_content_has_it(server: Server, keys: dict[str, str]) -> None:
    artifact = begin(server, keys["eve"], "eve", "loot", "guessed")
    url = announce(server, keys["eve"], artifact)
    assert server.request(url, b"something else", method="PUT", key="").status >= 400
    assert server.request(url, SECRET, method="PUT", key="").status == 200
    assert put_manifest(server, keys["eve"], artifact).status == 200
    assert server.data(COMMIT, keys["eve"], id=artifact)
