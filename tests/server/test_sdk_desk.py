"""Automations and integrations of the real SDK; reports by the requests that wandb-workspaces sends."""

from __future__ import annotations

import pytest
from real_server import Sdk, Server

HOOK = """mutation($entity: String!, $name: String!) {
  createGenericWebhookIntegration(input: {entityName: $entity, name: $name, urlEndpoint: "https://example.com/x"}) {
    integration { __typename id ... on GenericWebhookIntegration { name urlEndpoint } } } }"""

UPSERT_VIEW = """mutation($id: ID, $project: String, $type: String, $name: String, $title: String, $spec: String) {
  upsertView(input: {id: $id, entityName: "vision", projectName: $project, type: $type, name: $name,
      displayName: $title, createdUsing: WANDB_SDK, spec: $spec}) {
    inserted view { id name displayName description spec project { name entityName } } } }"""

VIEWS = """query($type: String) { project(name: "train", entityName: "vision") {
  allViews(viewType: $type) { edges { node { id name displayName spec user { username } } } } } }"""


@pytest.fixture(autouse=True)
def organization(server: Server) -> None:
    server.admin("org", "add", "acme", "--admin", "local")
    server.admin("team", "add", "vision", "--org", "acme", "--admin", "local")


def test_automations_are_made_found_changed_and_deleted(sdk: Sdk, server: Server) -> None:
    server.data(HOOK, entity="vision", name="deploy")
    result = sdk(
        """
        import wandb
        from wandb.automations import ArtifactEvent, DoNothing, OnLinkArtifact, OnRunMetric, RunEvent, SendWebhook
        api = wandb.Api()
        api.create_project("train", "vision")
        project = api.project("train", "vision")
        hook = next(iter(api.webhook_integrations(entity="vision")))
        result = [hook.name, hook.url_endpoint]
        event = OnLinkArtifact(scope=project, filter=ArtifactEvent.alias.matches_regex("^prod"))
        made = api.create_automation(event >> SendWebhook.from_integration(hook, payload={"a": 1}), name="promote")
        found = api.automation(name="promote", entity="vision")
        result += [found == made, found.description, found.action.request_payload, found.scope.name]
        metric = OnRunMetric(scope=project, filter=RunEvent.metric("loss").mean(5).gt(0.5))
        api.create_automation(metric >> DoNothing(), name="watch")
        result.append(sorted(a.name for a in api.automations(entity="vision")))
        changed = api.update_automation(found, enabled=False, description="off")
        result += [changed.enabled, changed.description, changed.event.filter == found.event.filter]
        try:
            api.create_automation(event >> DoNothing(), name="promote")
        except wandb.errors.CommError as e:
            result.append("exists" in str(e))
        result.append(api.create_automation(event >> DoNothing(), name="promote", fetch_existing=True).id == made.id)
        result.append(api.delete_automation(made))
        result.append([a.name for a in api.automations(entity="vision")])
        """
    )
    assert result == [
        "deploy",
        "https://example.com/x",
        True,
        None,
        {"a": 1},
        "train",
        ["promote", "watch"],
        False,
        "off",
        True,
        True,
        True,
        True,
        ["watch"],
    ]


def test_an_automation_of_a_whole_entity_is_kept(sdk: Sdk) -> None:
    result = sdk(
        """
        import wandb
        from wandb.automations import DoNothing, OnLinkArtifact
        api = wandb.Api()
        event = OnLinkArtifact(scope=api.team("vision"))
        made = api.create_automation(event >> DoNothing(), name="everywhere")
        found = api.automation(name="everywhere", entity="vision")
        result = [found == made, found.scope.name]
        """
    )
    assert result == [True, "vision"]


def test_without_an_entity_every_automation_one_may_see_is_listed_once(sdk: Sdk, server: Server) -> None:
    key = server.admin("user", "add", "stranger")["key"]
    program = """
        import wandb
        api = wandb.Api()
        result = sorted(a.name for a in api.automations())
        """
    result = sdk(
        """
        import wandb
        from wandb.automations import DoNothing, OnLinkArtifact, OnRunMetric, RunEvent
        api = wandb.Api()
        for name in ("train", "other"):
            api.create_project(name, "vision")
        api.create_project("mine", "local")
        registry = api.create_registry("models", visibility="organization", organization="acme")
        with wandb.init(entity="vision", project="train") as run:
            artifact = wandb.Artifact("net", "model")
            run.log_artifact(artifact).wait()
            run.link_artifact(artifact, "acme/wandb-registry-models/best")
        metric = RunEvent.metric("loss").mean(5).gt(0.5)
        for name, project in (("of team", api.project("train", "vision")), ("of user", api.project("mine", "local"))):
            api.create_automation(OnRunMetric(scope=project, filter=metric) >> DoNothing(), name=name)
        collection = next(iter(registry.collections()))
        api.create_automation(OnLinkArtifact(scope=collection) >> DoNothing(), name="of registry")
        api.create_automation(OnLinkArtifact(scope=api.team("vision")) >> DoNothing(), name="of entity")
        result = [api.automation(name="of entity").scope.name, sorted(a.name for a in api.automations(per_page=1))]
        result.append(api._service_api.org_feature_flags("acme", "automation_entity_scope", "other"))
        """
    )
    assert result == [
        "vision",
        ["of entity", "of registry", "of team", "of user"],
        {"automation_entity_scope": True},
    ]
    assert Sdk(server, sdk.folder, key)(program) == []


CREATE = """mutation($scope: ID!, $type: TriggerScopeType!, $event: EventTriggeringConditionType!) {
  createFilterTrigger(input: {name: "n", enabled: true, scopeType: $type, scopeID: $scope,
    triggeringEventType: $event, eventFilter: "{}", triggeredActionType: NO_OP,
    triggeredActionConfig: {noOpActionInput: {noOp: true}}}) { trigger { id scope { __typename } } } }"""


def test_automations_belong_to_whoever_may_write_their_scope(server: Server) -> None:
    begin = 'mutation { upsertModel(input: {entityName: "vision", name: "train"}) { model { id } } }'
    scope = server.data(begin)["upsertModel"]["model"]["id"]
    keys = {name: server.admin("user", "add", name)["key"] for name in ("reader", "stranger")}
    server.admin("member", "add", "reader", "--team", "vision", "--role", "viewer")
    given = {"scope": scope, "type": "PROJECT", "event": "LINK_MODEL"}
    assert server.graphql(CREATE, keys["reader"], **given).status == 403
    assert server.graphql(CREATE, keys["stranger"], **given).status == 404
    made = server.data(CREATE, **given)["createFilterTrigger"]["trigger"]
    assert made["scope"] == {"__typename": "Project"}
    assert server.graphql(CREATE, **given).status == 409
    delete = "mutation($id: ID!) { deleteTrigger(input: {triggerID: $id}) { success } }"
    assert server.graphql(delete, keys["stranger"], id=made["id"]).status == 404
    assert server.graphql(delete, keys["reader"], id=made["id"]).status == 403
    assert server.data(delete, id=made["id"])["deleteTrigger"]["success"]
    assert server.graphql(delete, id=made["id"]).status == 404


def test_an_event_needs_a_scope_it_can_happen_in(server: Server) -> None:
    begin = 'mutation { upsertModel(input: {entityName: "vision", name: "train"}) { model { id } } }'
    project = server.data(begin)["upsertModel"]["model"]["id"]
    answer = server.graphql(CREATE, scope=project, type="PROJECT", event="CREATE_ARTIFACT")
    assert answer.status == 400
    assert "collection" in answer.json()["errors"][0]["message"]


def test_reports_are_kept_to_the_letter(server: Server) -> None:
    spec = '{"version": 5, "blocks": [{"type": "paragraph", "children": [{"text": "loss \\u2193"}]}]}'
    made = server.data(UPSERT_VIEW, project="train", type="runs", name="r1", title="Losses", spec=spec)[
        "upsertView"
    ]
    assert made["inserted"]
    assert made["view"]["project"] == {"name": "train", "entityName": "vision"}
    again = server.data(UPSERT_VIEW, id=made["view"]["id"], title="Less", spec=spec)["upsertView"]
    assert (again["inserted"], again["view"]["name"], again["view"]["displayName"]) == (False, "r1", "Less")
    listed = server.data(VIEWS, type="runs")["project"]["allViews"]["edges"]
    assert [e["node"]["spec"] for e in listed] == [spec]
    assert listed[0]["node"]["user"] == {"username": "local"}
    assert server.data(VIEWS, type="runs/draft")["project"]["allViews"]["edges"] == []
    stranger = server.admin("user", "add", "stranger")["key"]
    one = "query($id: ID!) { view(id: $id) { spec } }"
    assert server.data(one, stranger, id=made["view"]["id"])["view"] is None
    assert server.data(one, id=made["view"]["id"])["view"]["spec"] == spec
    delete = "mutation($id: ID!) { deleteView(input: {id: $id, deleteDrafts: true}) { success } }"
    assert server.graphql(delete, stranger, id=made["view"]["id"]).status == 404
    assert server.data(delete, id=made["view"]["id"])["deleteView"]["success"]
    assert server.data(one, id=made["view"]["id"])["view"] is None
