"""Registries of the real SDK."""

from __future__ import annotations

import pytest
from real_server import Sdk, Server


@pytest.fixture(autouse=True)
def organization(server: Server) -> None:
    server.admin("org", "add", "acme", "--admin", "local")
    server.admin("team", "add", "vision", "--org", "acme", "--admin", "local")


def test_a_model_is_linked_found_and_unlinked(sdk: Sdk) -> None:
    result = sdk(
        """
        import wandb
        api = wandb.Api()
        registry = api.create_registry("model", visibility="organization", organization="acme", artifact_types=["model"])
        result = [registry.name, registry.visibility, list(registry.artifact_types)]
        run = wandb.init(entity="vision", project="train")
        art = wandb.Artifact("net", type="model")
        with art.new_file("w.txt") as f:
            f.write("w")
        logged = run.log_artifact(art).wait()
        linked = run.link_artifact(logged, "wandb-registry-model/Churn", aliases=["production"])
        run.finish()
        api = wandb.Api()
        back = api.artifact("acme/wandb-registry-model/Churn:production")
        result += [back.version, back.source_version, back.is_link, sorted(back.aliases)]
        result.append([c.name for c in api.registries("acme").collections()])
        result.append([v.name for v in api.registries("acme").versions(filter={"alias": "production"})])
        result.append(open(back.download("r") + "/w.txt").read())
        back.unlink()
        result.append(api.artifact_exists("acme/wandb-registry-model/Churn:production"))
        registry.description = "models"; registry.save()
        result.append(api.registry("model", organization="acme").description)
        registry.delete()
        """
    )
    assert result == [
        "model",
        "organization",
        ["model"],
        "v0",
        "v0",
        True,
        ["latest", "production"],
        ["Churn"],
        ["Churn:v0"],
        "w",
        False,
        "models",
    ]
