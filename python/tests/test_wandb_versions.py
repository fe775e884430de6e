"""Versions after they were logged, versions of many writers, collections and registries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from treadle import DagsterInstance, TreadleError, wandb


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    with wandb.init(project="p", instance=DagsterInstance.local_temp(str(tmp_path / "home"))) as begun:
        yield begun


@pytest.fixture
def api(run: Any) -> wandb.Api:
    return wandb.Api({"project": "p"}, instance=run._host.instance)


def draft(name: str = "data", content: str = "a", **more: Any) -> wandb.Artifact:
    artifact = wandb.Artifact(name, more.pop("type", "dataset"), **more)
    with artifact.new_file("a.txt") as file:
        file.write(content)
    return artifact


def test_a_version_is_edited(run: Any, api: wandb.Api) -> None:
    run.log_artifact(draft(metadata={"rows": 1}), aliases=["first"], tags=["raw"])
    artifact = api.artifact("data:first")
    assert (artifact.tags, artifact.ttl, artifact.ttl_is_inherited) == (["raw"], None, True)
    artifact.description = "words"
    artifact.metadata["rows"] = 2
    artifact.tags = ["clean"]
    artifact.aliases.append("best")
    artifact.aliases.remove("first")
    artifact.ttl = timedelta(days=30)
    assert api.artifact("data").description is None, "nothing is written before save()"
    artifact.save()
    found = api.artifact("data:best")
    assert (found.description, found.metadata, found.tags) == ("words", {"rows": 2}, ["clean"])
    assert found.aliases == ["best", "latest"]
    assert (found.ttl, found.ttl_is_inherited) == (timedelta(days=30), False)
    assert found.digest == artifact.digest
    found.ttl = wandb.ArtifactTTL.INHERIT
    found.save()
    assert api.artifact("data").ttl_is_inherited
    with pytest.raises(ValueError, match="has to be positive"):
        found.ttl = timedelta(0)


def test_a_draft_takes_tags_and_a_time_to_live_along(run: Any, api: wandb.Api) -> None:
    artifact = draft()
    artifact.tags = ["one"]
    artifact.ttl = timedelta(hours=1)
    run.log_artifact(artifact, tags=["two"])
    found = api.artifact("data")
    assert (found.tags, found.ttl) == (["one", "two"], timedelta(hours=1))
    assert found.logged_by().id == run.id  # type: ignore[union-attr]


def test_a_version_is_deleted_with_its_aliases_only_when_told_so(run: Any, api: wandb.Api) -> None:
    run.log_artifact(draft(), aliases=["keep"])
    with pytest.raises(TreadleError, match="keep"):
        api.artifact("data").delete()
    api.artifact("data").delete(delete_aliases=True)
    assert not api.artifact_exists("data")


def test_a_draft_of_a_version_is_not_copied(run: Any, api: wandb.Api) -> None:
    run.log_artifact(draft(content="x" * 100))
    more = api.artifact("data").new_draft()
    same = more.new_file("a.txt")
    same.write("other")
    with pytest.raises(wandb.WandbArtifactsIOManagerError, match="Cannot add the same path twice"):
        same.close()
    with more.new_file("b/c.txt") as file:
        file.write("c")
    assert [e[0] for e in more._entries.values()] == ["b/c.txt"]
    second = run.log_artifact(more)
    assert [e.path for e in second.files()] == ["a.txt", "b/c.txt"]
    third = second.new_draft()
    third.remove("b/c.txt")
    with pytest.raises(FileNotFoundError):
        third.remove("b/c.txt")
    assert [e.path for e in run.log_artifact(third).files()] == ["a.txt"]
    assert run.log_artifact(api.artifact("data").new_draft()).version == "v2", "nothing was changed"


def test_many_writers_make_one_version(run: Any, api: wandb.Api) -> None:
    for part in range(3):
        artifact = wandb.Artifact("shards", "dataset")
        with artifact.new_file(f"part-{part}") as file:
            file.write(str(part))
        run.upsert_artifact(artifact, distributed_id="job-7")
    assert not api.artifact_exists("shards")
    last = wandb.Artifact("shards", "dataset")
    last.add_reference("s3://bucket/key", "there", checksum=False)
    done = run.finish_artifact(last, distributed_id="job-7", aliases=["whole"])
    assert [e.path for e in api.artifact("shards:v0").files()] == ["part-0", "part-1", "part-2", "there"]
    assert (done.version, done.source_qualified_name) == ("v0", "local/p/shards:v0")
    with pytest.raises(TypeError, match="distributed_id"):
        run.upsert_artifact(draft("other"))


def test_a_registry_links_versions(run: Any, api: wandb.Api) -> None:
    registry = api.create_registry("model", description="ours", artifact_types=["model"])
    assert (registry.full_name, registry.visibility) == ("wandb-registry-model", "organization")
    made = [run.log_artifact(draft("churn", str(n), type="model", metadata={"acc": n})) for n in (0, 1)]
    made[0].link("wandb-registry-model/Churn")
    linked = run.link_artifact(made[1], "wandb-registry-model/Churn", aliases=["production"])
    assert (linked.name, linked.is_link, linked.source_name) == ("Churn:v1", True, "churn:v1")
    found = api.artifact("wandb-registry-model/Churn:production")
    assert found.qualified_name == "local/wandb-registry-model/Churn:v1"
    assert sorted(found.aliases) == ["latest", "production"]
    assert Path(found.file()).read_text() == "1"
    assert [a.qualified_name for a in made[1].linked_artifacts] == [found.qualified_name]
    assert run.use_artifact("wandb-registry-model/Churn:v0").source_name == "churn:v0"
    [collection] = registry.collections()
    assert (collection.name, collection.type, collection.is_sequence()) == ("Churn", "model", False)
    assert collection.aliases == ["latest", "production"]
    assert [v.name for v in registry.versions({"alias": "production"})] == ["Churn:v1"]
    assert [v.name for v in registry.versions({"metadata.acc": {"$lt": 1}})] == ["Churn:v0"]
    assert registry.collections({"name": {"$regex": "^X"}}) == []
    assert [h["action"] for h in collection.history()] == ["link", "link", "alias"]
    with pytest.raises(TreadleError, match="takes"):
        run.log_artifact(draft("words")).link("wandb-registry-model/Words")


def test_aliases_of_a_registry_are_its_own(run: Any, api: wandb.Api) -> None:
    api.create_registry("model")
    linked = run.log_artifact(draft(), aliases=["here"]).link("wandb-registry-model/Data")
    linked.aliases.append("there")
    linked.save()
    assert "there" not in api.artifact("data").aliases
    assert "here" not in api.artifact("wandb-registry-model/Data").aliases
    collection = api.artifact_collection("dataset", "wandb-registry-model/Data")
    collection.protect("there")
    linked.aliases.remove("there")
    with pytest.raises(TreadleError, match="protected"):
        linked.save()
    collection.unprotect("there")
    linked.save()
    with pytest.raises(ValueError, match="unlink"):
        linked.delete()
    linked.unlink()
    assert api.artifact("data").linked_artifacts == []
    with pytest.raises(ValueError, match="nothing to unlink"):
        api.artifact("data").unlink()


def test_registries_are_made_changed_and_found(run: Any, api: wandb.Api) -> None:
    api.create_registry("model", artifact_types=["model"])
    api.create_registry("data", "restricted", description="")
    assert [r.name for r in api.registries()] == ["data", "model"]
    assert [r.name for r in api.registries(filter={"name": {"$contains": "mod"}})] == ["model"]
    with pytest.raises(TreadleError, match="model"):
        api.create_registry("model")
    with pytest.raises(ValueError, match="There are: data, model"):
        api.registry("nope")
    registry = api.registry("model")
    registry.artifact_types.append("checkpoint")
    registry.description, registry.visibility, registry.name = "words", "restricted", "models"
    registry.save()
    again = api.registry("models")
    assert (again.description, again.visibility) == ("words", "restricted")
    assert again.artifact_types == ["checkpoint", "model"]
    again.artifact_types.remove("model")
    with pytest.raises(ValueError, match="Cannot remove artifact types"):
        again.save()
    again.delete()
    assert [r.name for r in api.registries()] == ["data"]


def test_collections_are_found_and_changed(run: Any, api: wandb.Api) -> None:
    for name in ("a", "b"):
        run.log_artifact(draft(name))
    assert [c.name for c in api.artifact_collections("p", "dataset")] == ["a", "b"]
    collection = api.artifact_collection("dataset", "a")
    collection.description, collection.tags, collection.name = "words", ["kept"], "renamed"
    collection.save()
    found = api.artifact_collection("dataset", "renamed")
    assert (found.description, found.tags, found.is_sequence()) == ("words", ["kept"], True)
    assert api.artifact("renamed").version == "v0"
    found.change_type("raw")
    assert [t.name for t in api.artifact_types("p")] == ["dataset", "raw"]
    assert [c.name for c in api.artifact_type("dataset", "p").collections()] == ["b"]
    assert [v.name for v in api.artifact_versions("raw", "renamed")] == ["renamed:v0"]
    found.delete()
    assert not api.artifact_collection_exists("renamed", "raw")
    with pytest.raises(ValueError, match="Could not find artifact collection"):
        api.artifact_collection("dataset", "renamed")
