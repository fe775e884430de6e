"""Every query and mutation of the schema, asked by every role. One without a row here fails."""

from __future__ import annotations

import re
from typing import Any

import pytest
from real_server import ROOT, Server

# Of the team `vision`, but for the first, who is in nothing, and the last, who runs the server.
ROLES = ["stranger", "viewer", "member", "admin", "operator"]

P = 'entityName: "vision", projectName: "p"'
COLLECTION = f'{P}, artifactCollectionName: "data"'
ALIAS = '{entityName: "vision", projectName: "p", artifactCollectionName: "data", alias: "best"}'
PART = '{partNumber: 1, hexMD5: "5d41402abc4b2a76b9719d911017c592"}'
TRIGGER = (
    'scopeType: PROJECT, scopeID: "<project>", triggeringEventType: LINK_MODEL, eventFilter: "{}", '
    "triggeredActionType: NO_OP, triggeredActionConfig: {noOpActionInput: {noOp: true}}"
)

# Operation: least role, and how it is asked; <x> is the id of x.
QUERIES = {
    "serverInfo": ("stranger", "serverInfo { features { name } }"),
    "viewer": ("stranger", "viewer { id }"),
    "user": ("stranger", 'user(userName: "admin") { id }'),
    "users": ("stranger", 'users(query: "admin") { edges { node { id } } }'),
    "entity": ("viewer", 'entity(name: "vision") { id projects { edges { node { name } } } }'),
    "organization": ("viewer", 'organization(name: "acme") { id }'),
    "project": ("viewer", 'project(name: "p", entityName: "vision") { runs { edges { node { config } } } }'),
    "model": ("viewer", 'model(name: "p", entityName: "vision") { bucket(name: "r") { config } }'),
    "models": ("viewer", 'models(entityName: "vision") { edges { node { name } } }'),
    "projects": ("viewer", 'projects(entityName: "vision") { edges { node { name } } }'),
    "artifact": ("viewer", 'artifact(id: "<version>") { digest }'),
    "artifactCollection": ("viewer", 'artifactCollection(id: "<sequence>") { name }'),
    "clientIDMapping": ("viewer", 'clientIDMapping(clientID: "known") { serverID }'),
    "view": ("viewer", 'view(id: "<view>") { spec }'),
}
# In this order, so that what one makes or needs is there, and what takes away comes last.
MUTATIONS = {
    "upsertBucket": (
        "member",
        'upsertBucket(input: {name: "new", modelName: "p", entityName: "vision"}) { inserted }',
    ),
    "stopRun": ("member", 'stopRun(input: {id: "<run>"}) { success }'),
    "updateRunState": ("member", 'updateRunState(input: {id: "<run>", state: "failed"}) { success }'),
    "rewindRun": (
        "member",
        f'rewindRun(input: {{runName: "r", {P}, metricName: "_step", metricValue: 0}}) {{ rewoundRun {{ id }} }}',
    ),
    "notifyScriptableRunAlert": (
        "member",
        f'notifyScriptableRunAlert(input: {{{P}, runName: "r", title: "t", text: "x"}}) {{ success }}',
    ),
    "createRunFiles": ("member", f'createRunFiles(input: {{{P}, runName: "r", files: ["x"]}}) {{ runID }}'),
    "markRunFilesUploaded": (
        "member",
        f'markRunFilesUploaded(input: {{{P}, runName: "r", files: ["f"]}}) {{ success }}',
    ),
    "createArtifactType": (
        "member",
        f'createArtifactType(input: {{{P}, name: "t2"}}) {{ artifactType {{ id }} }}',
    ),
    "createArtifact": (
        "member",
        f'createArtifact(input: {{{P}, artifactTypeName: "t", artifactCollectionName: "c", digest: "x"}}) '
        "{ artifact { id } }",
    ),
    "createArtifactManifest": (
        "member",
        f'createArtifactManifest(input: {{artifactID: "<draft>", name: "m", digest: "x", {P}}}) '
        "{ artifactManifest { id } }",
    ),
    "updateArtifactManifest": (
        "member",
        'updateArtifactManifest(input: {artifactManifestID: "<manifest>", digest: "y"}) '
        "{ artifactManifest { id } }",
    ),
    "createArtifactFiles": (
        "member",
        'createArtifactFiles(input: {artifactFiles: [{artifactID: "<draft>", name: "f", '
        'md5: "XUFAKrxLKna5cZ2REBfFkg=="}]}) { files { edges { node { uploadUrl } } } }',
    ),
    "completeMultipartUploadArtifact": (
        "member",
        f"completeMultipartUploadArtifact(input: {{completeMultipartAction: Abort, completedParts: [{PART}], "
        'artifactID: "<draft>", storagePath: "<path>", uploadID: "<upload>"}) { __typename }',
    ),
    "commitArtifact": ("member", 'commitArtifact(input: {artifactID: "<empty draft>"}) { artifact { id } }'),
    "useArtifact": (
        "member",
        f'useArtifact(input: {{artifactID: "<version>", {P}, runName: "r"}}) {{ artifact {{ id }} }}',
    ),
    "updateArtifact": (
        "member",
        'updateArtifact(input: {artifactID: "<version>", description: "d"}) { artifact { id } }',
    ),
    "addAliases": (
        "member",
        f'addAliases(input: {{artifactID: "<version>", aliases: [{ALIAS}]}}) {{ success }}',
    ),
    "deleteAliases": (
        "member",
        f'deleteAliases(input: {{artifactID: "<version>", aliases: [{ALIAS}]}}) {{ success }}',
    ),
    "createArtifactPortfolio": (
        "member",
        f'createArtifactPortfolio(input: {{{P}, artifactTypeName: "dataset", name: "more"}}) '
        "{ artifactCollection { id } }",
    ),
    "linkArtifact": (
        "member",
        f'linkArtifact(input: {{artifactID: "<version>", artifactPortfolioName: "picked", {P}}}) '
        "{ versionIndex }",
    ),
    "unlinkArtifact": (
        "member",
        'unlinkArtifact(input: {artifactID: "<version>", artifactPortfolioID: "<portfolio>"}) { success }',
    ),
    "updateArtifactSequence": (
        "member",
        'updateArtifactSequence(input: {artifactSequenceID: "<sequence>", description: "d"}) '
        "{ artifactCollection { id } }",
    ),
    "updateArtifactPortfolio": (
        "member",
        'updateArtifactPortfolio(input: {artifactPortfolioID: "<portfolio>", description: "d"}) '
        "{ artifactCollection { id } }",
    ),
    "moveArtifactSequence": (
        "member",
        'moveArtifactSequence(input: {artifactSequenceID: "<sequence>", destinationArtifactTypeName: "t2"}) '
        "{ artifactCollection { id } }",
    ),
    "createArtifactCollectionTagAssignments": (
        "member",
        f'createArtifactCollectionTagAssignments(input: {{{COLLECTION}, tags: [{{tagName: "x"}}]}}) '
        "{ tags { id } }",
    ),
    "deleteArtifactCollectionTagAssignments": (
        "member",
        f'deleteArtifactCollectionTagAssignments(input: {{{COLLECTION}, tags: [{{tagName: "x"}}]}}) '
        "{ success }",
    ),
    "upsertView": (
        "member",
        f'upsertView(input: {{{P}, type: "runs", name: "n", spec: "{{}}"}}) {{ view {{ id }} }}',
    ),
    "createCustomChart": (
        "member",
        'createCustomChart(input: {entity: "vision", name: "c", displayName: "C", type: "vega2", '
        'access: "private", spec: "{}"}) { chart { id } }',
    ),
    "upsertSweep": (
        "member",
        f'upsertSweep(input: {{{P}, config: "method: random\\nparameters:\\n  a:\\n    values: [1]"}}) '
        "{ sweep { name } }",
    ),
    "createAgent": (
        "member",
        f'createAgent(input: {{{P}, host: "h", sweep: "<sweep name>"}}) {{ agent {{ id }} }}',
    ),
    "agentHeartbeat": ("member", 'agentHeartbeat(input: {id: "<agent>"}) { commands }'),
    "createFilterTrigger": (
        "member",
        f'createFilterTrigger(input: {{name: "n", enabled: true, {TRIGGER}}}) {{ trigger {{ id }} }}',
    ),
    "updateFilterTrigger": (
        "member",
        'updateFilterTrigger(input: {id: "<trigger>", description: "d"}) { trigger { id } }',
    ),
    "createGenericWebhookIntegration": (
        "member",
        'createGenericWebhookIntegration(input: {entityName: "vision", name: "n", '
        'urlEndpoint: "https://example.org"}) { integration { __typename } }',
    ),
    "upsertModel": ("member", 'upsertModel(input: {entityName: "vision", name: "other"}) { inserted }'),
    "renameProject": (
        "admin",
        'renameProject(input: {entityName: "acme", oldProjectName: "wandb-registry-models", '
        'newProjectName: "wandb-registry-renamed"}) { inserted }',
    ),
    "createInvite": (
        "admin",
        'createInvite(input: {entityName: "vision", username: "guest"}) { invite { id } }',
    ),
    "deleteInvite": (
        "admin",
        'deleteInvite(input: {entityName: "vision", id: "<guest>"}) { success }',
    ),
    "createServiceAccount": (
        "admin",
        'createServiceAccount(input: {entityName: "vision", description: "bot"}) { user { id } }',
    ),
    "createTeam": (
        "admin",
        'createTeam(input: {teamName: "more", organizationId: "<organization>"}) { entity { id } }',
    ),
    "createProjectMembers": (
        "admin",
        'createProjectMembers(input: {projectId: "<registry>", userIds: ["<guest>"]}) { success }',
    ),
    "updateProjectMember": (
        "admin",
        'updateProjectMember(input: {projectId: "<registry>", userId: "<guest>", userProjectRole: "viewer"}) '
        "{ success }",
    ),
    "updateProjectTeamMember": (
        "admin",
        'updateProjectTeamMember(input: {projectId: "<registry>", teamId: "<team>", '
        'teamProjectRole: "viewer"}) { success }',
    ),
    "deleteProjectMembers": (
        "admin",
        'deleteProjectMembers(input: {projectId: "<registry>", userIds: ["<guest>"]}) { success }',
    ),
    "deleteTrigger": ("member", 'deleteTrigger(input: {triggerID: "<trigger>"}) { success }'),
    "deleteView": ("member", 'deleteView(input: {id: "<view>"}) { success }'),
    "deleteFiles": ("member", 'deleteFiles(input: {files: ["<file>"]}) { success }'),
    "deleteArtifact": (
        "member",
        'deleteArtifact(input: {artifactID: "<version>", deleteAliases: true}) { artifact { id } }',
    ),
    "deleteArtifactPortfolio": (
        "member",
        'deleteArtifactPortfolio(input: {artifactPortfolioID: "<portfolio>"}) { artifactCollection { id } }',
    ),
    "deleteArtifactSequence": (
        "member",
        'deleteArtifactSequence(input: {artifactSequenceID: "<sequence>"}) { artifactCollection { id } }',
    ),
    "deleteRun": ("member", 'deleteRun(input: {id: "<run>"}) { success }'),
    "deleteModel": ("admin", 'deleteModel(input: {id: "<registry>"}) { success }'),
    "createUser": ("operator", 'createUser(input: {email: "eve@example.org"}) { user { id } }'),
    "createOrganization": ("operator", 'createOrganization(input: {name: "evil"}) { organization { id } }'),
    "deleteUser": ("operator", 'deleteUser(input: {id: "<guest>"}) { success }'),
    "updateUser": ("stranger", 'updateUser(input: {defaultEntity: "<self>"}) { user { id } }'),
    "generateApiKey": ("stranger", 'generateApiKey(input: {description: "d"}) { apiKey { name } }'),
    "deleteApiKey": ("operator", 'deleteApiKey(input: {id: "<key>"}) { success }'),
}
# What these change is the asker's own.
OWN = {"updateUser", "generateApiKey"}


def operations(kind: str) -> set[str]:
    """What the schema's text has: `type Query { name(...): ... }` in all its pieces."""
    found: set[str] = set()
    for file in (ROOT / "src/serve/types").glob("*.cc"):
        for body in re.findall(rf"type {kind} \{{(.*?)\}}", file.read_text(), re.DOTALL):
            found |= set(re.findall(r"(\w+)(?:\(|: *[A-Z])", re.sub(r"\([^)]*\)", "(", body)))
    return found


class Place:
    """A team with one of everything, and somebody of every role."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.keys = {role: server.admin("user", "add", role)["key"] for role in ROLES[:-1]}
        self.keys["operator"] = server.key
        server.admin("user", "add", "guest")
        server.admin("org", "add", "acme", "--admin", "admin")
        server.admin("team", "add", "vision", "--org", "acme", "--admin", "admin")
        for role in ("viewer", "member"):
            server.admin("member", "add", role, "--team", "vision", "--role", role)
        self.ids: dict[str, str] = {}
        self.fill()

    def made(self, mutation: str, *path: str) -> Any:
        value = self.server.data(f"mutation {{ {self.filled(mutation, 'admin')} }}", self.keys["admin"])
        value = next(iter(value.values()))
        for name in path:
            value = value[name]
        return value

    def found(self, query: str, *path: str) -> Any:
        value = self.server.data(f"{{ {query} }}", self.keys["admin"])
        for name in path:
            value = value[int(name)] if name.isdigit() else value[name]
        return value

    def fill(self) -> None:
        ids = self.ids
        ids["run"] = self.made(
            'upsertBucket(input: {name: "r", modelName: "p", entityName: "vision", host: "h"}) { bucket { id } }',
            "bucket",
            "id",
        )
        lines = b'{"files":{"wandb-history.jsonl":{"offset":0,"content":["{\\"_step\\":0}"]}}}'
        assert self.server.request("/files/vision/p/r/file_stream", lines).status == 200
        ids["project"] = self.found('project(name: "p", entityName: "vision") { id }', "project", "id")
        draft = (
            f'createArtifact(input: {{{P}, artifactTypeName: "dataset", artifactCollectionName: "%s", '
            'digest: "%s", clientID: "%s"}) { artifact { id } }'
        )
        commit = 'commitArtifact(input: {artifactID: "<%s>"}) { artifact { id } }'
        ids["version"] = self.made(draft % ("data", "", "known"), "artifact", "id")
        self.made(commit % "version")
        ids["draft"] = self.made(draft % ("data", "", "second"), "artifact", "id")
        ids["empty draft"] = self.made(draft % ("later", "", "third"), "artifact", "id")
        large = self.made(
            'createArtifactFiles(input: {artifactFiles: [{artifactID: "<draft>", name: "large", '
            f'md5: "XUFAKrxLKna5cZ2REBfFkg==", uploadPartsInput: [{PART}]}}]}}) '
            "{ files { edges { node { storagePath uploadMultipartUrls { uploadID } } } } }",
            "files",
            "edges",
        )[0]["node"]
        ids["path"], ids["upload"] = large["storagePath"], large["uploadMultipartUrls"]["uploadID"]
        ids["manifest"] = self.made(
            f'createArtifactManifest(input: {{artifactID: "<draft>", name: "m", digest: "x", {P}}}) '
            "{ artifactManifest { id } }",
            "artifactManifest",
            "id",
        )
        collection = 'project(name: "p", entityName: "vision") { artifactCollection(name: "%s") { id } }'
        ids["sequence"] = self.found(collection % "data", "project", "artifactCollection", "id")
        self.made(MUTATIONS["linkArtifact"][1])
        ids["portfolio"] = self.found(collection % "picked", "project", "artifactCollection", "id")
        put = self.made(
            f'createRunFiles(input: {{{P}, runName: "r", files: ["f"]}}) {{ files {{ uploadUrl }} }}', "files"
        )
        assert self.server.request(put[0]["uploadUrl"], b"x", method="PUT", key="").status == 200
        files = (
            'project(name: "p", entityName: "vision") { run(name: "r") { files { edges { node { id } } } } }'
        )
        ids["file"] = self.found(files, "project", "run", "files", "edges", "0", "node", "id")
        ids["view"] = self.made(MUTATIONS["upsertView"][1], "view", "id")
        ids["sweep name"] = self.made(MUTATIONS["upsertSweep"][1], "sweep", "name")
        ids["agent"] = self.made(MUTATIONS["createAgent"][1], "agent", "id")
        ids["trigger"] = self.made(
            f'createFilterTrigger(input: {{name: "first", enabled: true, {TRIGGER}}}) {{ trigger {{ id }} }}',
            "trigger",
            "id",
        )
        ids["organization"] = self.found('organization(name: "acme") { id }', "organization", "id")
        ids["team"] = self.found('entity(name: "vision") { id }', "entity", "id")
        ids["guest"] = self.found('user(userName: "guest") { id }', "user", "id")
        ids["key"] = self.server.data("{ viewer { apiKeys { edges { node { id } } } } }")["viewer"][
            "apiKeys"
        ]["edges"][0]["node"]["id"]
        ids["registry"] = self.made(
            'upsertModel(input: {entityName: "acme", name: "wandb-registry-models", access: "RESTRICTED", '
            "allowAllArtifactTypesInRegistry: true}) { project { id } }",
            "project",
            "id",
        )

    def filled(self, text: str, role: str) -> str:
        own = {"self": "local" if role == "operator" else role}
        return re.sub(r"<([a-z ]+)>", lambda found: {**self.ids, **own}[found[1]], text)

    def ask(self, kind: str, text: str, role: str) -> tuple[bool, Any]:
        """Whether it is answered with something, and the answer."""
        answer = self.server.graphql(f"{kind} {{ {self.filled(text, role)} }}", self.keys[role])
        document = answer.json()
        assert answer.status < 500, document
        data = document.get("data") or {}
        empty = all(value is None or value == {"edges": []} for value in data.values())
        return "errors" not in document and not empty, document

    def record(self) -> dict[str, list[tuple[str, ...]]]:
        """All that is kept, but for what keeps count of who asked."""
        tables = self.server.rows(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
            if not self.server.database
            else "select table_name from information_schema.tables where table_schema = current_schema()"
        )
        return {
            table: sorted(self.server.rows(f"select * from {table}"))
            for (table,) in tables
            if table not in {"account_key", "account_failure", "blob_state"}
        }


@pytest.fixture
def place(server: Server) -> Place:
    return Place(server)


@pytest.mark.parametrize(("kind", "table"), [("Query", QUERIES), ("Mutation", MUTATIONS)])
def test_every_operation_of_the_schema_has_a_row(kind: str, table: dict[str, Any]) -> None:
    assert operations(kind) == set(table)


@pytest.mark.parametrize("role", ROLES)
def test_queries_answer_whom_they_may(place: Place, role: str) -> None:
    wrong = {}
    for name, (least, text) in QUERIES.items():
        answered, document = place.ask("query", text, role)
        if answered != (ROLES.index(role) >= ROLES.index(least)):
            wrong[name] = document
    assert wrong == {}


@pytest.mark.parametrize("role", ROLES[:-1])
def test_what_a_role_may_not_is_refused_and_leaves_nothing(place: Place, role: str) -> None:
    before = place.record()
    wrong = {}
    for name, (least, text) in MUTATIONS.items():
        if ROLES.index(role) < ROLES.index(least):
            answered, document = place.ask("mutation", text, role)
            if answered:
                wrong[name] = document
    assert wrong == {}
    after = place.record()
    assert {table for table in before if before[table] != after[table]} == set()


@pytest.mark.parametrize("strict", [False, True], ids=["who-may-most", "who-just-may"])
def test_what_a_role_may_is_done(place: Place, strict: bool) -> None:
    """Each by the least role that may, and all of them by whoever runs the server."""
    wrong = {}
    for name, (least, text) in MUTATIONS.items():
        answered, document = place.ask("mutation", text, least if strict else "operator")
        if not answered:
            wrong[name] = document
    assert wrong == {}
