"""Every operation that names a project, asked by every role: a matrix."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pytest
from real_server import Server

ROLES = ["stranger", "viewer", "member", "admin"]
RUN_ID = "UnVuOnYxOnI6cDp2aXNpb24="  # Run:v1:r:p:vision

READS = {
    "project": 'project(name: "p", entityName: "vision") { id }',
    "runs": 'project(name: "p", entityName: "vision") { runs { edges { node { config } } } }',
    "run": 'project(name: "p", entityName: "vision") { run(name: "r") { historyKeys } }',
    "entity": 'entity(name: "vision") { members { username } }',
    "types": 'project(name: "p", entityName: "vision") { artifactTypes { edges { node { name } } } }',
    "model": 'model(name: "p", entityName: "vision") { bucket(name: "r", missingOk: true) { config } }',
}
WRITES = {
    "upsert": 'upsertBucket(input: {name: "new", modelName: "p", entityName: "vision"}) { inserted }',
    "upsert by id": f'upsertBucket(input: {{id: "{RUN_ID}", notes: "x"}}) {{ bucket {{ id }} }}',
    "stop": f'stopRun(input: {{id: "{RUN_ID}"}}) {{ success }}',
    "delete run": f'deleteRun(input: {{id: "{RUN_ID}"}}) {{ success }}',
    "state": f'updateRunState(input: {{id: "{RUN_ID}", state: "failed"}}) {{ success }}',
    "files": 'createRunFiles(input: {entityName: "vision", projectName: "p", runName: "r", files: ["x"]}) '
    "{ runID }",
    "artifact": 'createArtifact(input: {entityName: "vision", projectName: "p", artifactTypeName: "t", '
    'artifactCollectionName: "c", digest: "x"}) { artifact { id } }',
    "project": 'upsertModel(input: {entityName: "vision", name: "other"}) { inserted }',
    "type": 'createArtifactType(input: {entityName: "vision", projectName: "p", name: "t2"}) '
    "{ artifactType { id } }",
    "rewind": 'rewindRun(input: {runName: "r", entityName: "vision", projectName: "p", metricName: "_step", '
    "metricValue: 0}) { rewoundRun { id } }",
}
DECISIONS = {
    "invite": 'createInvite(input: {entityName: "vision", username: "local"}) { invite { id } }',
    "service": 'createServiceAccount(input: {entityName: "vision", description: "bot"}) { user { id } }',
    "visibility": 'upsertModel(input: {entityName: "vision", name: "p", access: "USER_READ"}) { inserted }',
}


@dataclass
class Place:
    server: Server
    keys: dict[str, str]

    def ask(self, operation: str, role: str, kind: str) -> bool:
        """Whether it is answered with something."""
        answer = self.server.graphql(f"{kind} {{ {operation} }}", self.keys[role])
        document = answer.json()
        assert answer.status < 500, document
        data = document.get("data") or {}
        return "errors" not in document and all(value is not None for value in data.values())


@pytest.fixture
def place(server: Server) -> Place:
    keys = {}
    for role in ROLES:
        keys[role] = server.admin("user", "add", role)["key"]
    server.admin("team", "add", "vision", "--admin", "admin")
    server.admin("member", "add", "member", "--team", "vision", "--role", "member")
    server.admin("member", "add", "viewer", "--team", "vision", "--role", "viewer")
    server.data(
        'mutation { upsertBucket(input: {name: "r", modelName: "p", entityName: "vision", host: "h"}) '
        "{ inserted } }",
        keys["admin"],
    )
    server.request(
        "/files/vision/p/r/file_stream",
        b'{"files":{"wandb-history.jsonl":{"offset":0,"content":["{\\"_step\\":0}"]}}}',
    )
    return Place(server, keys)


@pytest.mark.parametrize(
    ("kind", "operations", "least"),
    [("query", READS, "viewer"), ("mutation", WRITES, "member"), ("mutation", DECISIONS, "admin")],
    ids=["reads", "writes", "decisions"],
)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_it_may(
    place: Place, kind: str, operations: dict[str, str], least: str, role: str
) -> None:
    allowed = ROLES.index(role) >= ROLES.index(least)
    wrong = [
        name
        for name, text in operations.items()
        if name != "delete run" and place.ask(text, role, kind) != allowed
    ]
    assert wrong == []
    if kind == "mutation" and least == "member":
        assert place.ask(WRITES["delete run"], role, kind) == allowed


@pytest.mark.parametrize("role", ROLES)
def test_streams_and_pages_ask_for_the_same_roles(place: Place, role: str) -> None:
    key = place.keys[role]
    stream = place.server.request("/files/vision/p/r/file_stream", b"{}", key=key).status
    assert (stream == 200) == (role in {"member", "admin"})
    page = place.server.request("/vision/p/runs/r", key=key).status
    assert (page == 200) == (role != "stranger")


def test_servers_are_run_by_admins_only(place: Place) -> None:
    for text in (
        'createUser(input: {email: "eve@example.org", admin: true}) { user { id } }',
        'createOrganization(input: {name: "evil"}) { organization { id } }',
        'deleteUser(input: {id: "VXNlcjox"}) { success }',
    ):
        assert not place.ask(text, "admin", "mutation"), text


def test_keys_of_others_are_neither_shown_nor_revoked(place: Place) -> None:
    shown = place.server.data(
        'query { users(query: "admin") { edges { node { apiKeys { edges { node { id } } } } } } }',
        place.keys["member"],
    )
    assert shown["users"]["edges"][0]["node"]["apiKeys"]["edges"] == []
    for number in range(1, 6):
        key_id = base64.b64encode(f"ApiKey:{number}".encode()).decode()
        mine = place.server.data("{ viewer { apiKeys { edges { node { id } } } } }", place.keys["stranger"])
        if key_id in [edge["node"]["id"] for edge in mine["viewer"]["apiKeys"]["edges"]]:
            continue
        text = f'deleteApiKey(input: {{id: "{key_id}"}}) {{ success }}'
        assert not place.ask(text, "stranger", "mutation")


def test_changes_are_in_the_audit_log(place: Place) -> None:
    place.ask(WRITES["upsert"], "member", "mutation")
    rows = place.server.rows("select name, target from account_audit")
    assert ("member", "vision/p/new") in rows
