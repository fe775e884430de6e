"""Every GraphQL document the SDK's Python has, checked against the schema."""

from __future__ import annotations

from real_server import Sdk

# What is no part of the server yet: docs/wandb-server.md.
NOT_YET = {"Trigger", "Automation", "Integration", "Webhook", "Slack", "Launch", "RunQueue", "Sweep", "Agent"}

COLLECT = """
import importlib
result = {}
for module in ("wandb.apis._generated.operations", "wandb.sdk.artifacts._generated.operations"):
    operations = importlib.import_module(module)
    for name in operations.__all__:
        result[name] = getattr(operations, name)
"""


def test_the_schema_has_what_the_sdk_asks_for(sdk: Sdk) -> None:
    wrong = {}
    for name, document in sdk(COLLECT).items():
        if any(word.lower() in document.partition("{")[0].lower() for word in NOT_YET):
            continue
        answer = sdk.server.graphql(document).json()
        said = [error["message"] for error in answer.get("errors", [])]
        bad = [m for m in said if m.startswith(("Cannot query", "Unknown", "Syntax", "Fragment", "Field"))]
        if bad:
            wrong[name] = bad
    assert wrong == {}
