"""Versions as plain files and in git, from Python."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import treadle as dg
import treadle.io as dgio


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.local_temp(str(tmp_path / "home"))


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name, value in (("user.name", "n"), ("user.email", "e@example.org")):
        git(folder, "config", name, value)
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def asset_of(value: Any, **more: Any) -> Any:
    @dg.asset(name="model", **more)
    def model() -> Any:
        return value

    return model


@dg.asset
def reader(model: Any) -> Any:
    return model


def run(instance: dg.DagsterInstance, manager: Any, *assets: Any, **more: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(list(assets), resources={"io_manager": manager}, instance=instance, **more)


@pytest.mark.parametrize("value", [{"a": [1, 2]}, "text", b"bytes", {1, 2}, 3.5])
def test_each_version_is_a_path(instance: dg.DagsterInstance, tmp_path: Path, value: Any) -> None:
    files = dgio.VersionedFiles(folder=str(tmp_path / "models"))
    result = run(instance, files, asset_of("before"))
    result = run(instance, files, asset_of(value), reader)
    assert result.asset_value("reader") == value
    place = tmp_path / "models" / "model"
    assert sorted(p.name for p in place.iterdir()) == ["INDEX.md", "latest", "v0", "v1"]
    made = json.loads((place / "v1" / "version.json").read_text())
    assert (made["asset"], made["run_id"]) == ("model", result.run_id)
    said = result.asset_materializations_for_node("model")[0].metadata
    assert said["version"].value == "v1"
    assert Path(str(said["path"].value)).exists()


def test_each_partition_has_versions_of_its_own(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    keys = dg.StaticPartitionsDefinition(["a", "b"])
    files = dgio.VersionedFiles(folder=str(tmp_path / "models"))

    @dg.asset(partitions_def=keys)
    def model(context: dg.AssetExecutionContext) -> str:
        return context.partition_key * 2

    for key in keys.get_partition_keys():
        run(instance, files, model, partition_key=key)
    assert (tmp_path / "models/model/a/v0").is_dir()
    assert (tmp_path / "models/model/b/v0").is_dir()
    result = run(instance, files, model, reader, selection=["reader"])
    assert result.asset_value("reader") == {"a": "aa", "b": "bb"}


def test_a_file_that_was_changed_is_refused(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    files = dgio.VersionedFiles(folder=str(tmp_path / "models"))
    run(instance, files, asset_of("as it was"))
    [kept] = [p for p in (tmp_path / "models/model/v0").iterdir() if p.name.startswith("output")]
    kept.write_text("changed")
    with pytest.raises(dg.DagsterError, match="somebody changed it"):
        run(instance, files, dg.SourceAsset("model"), reader)


def test_each_version_is_a_commit_and_a_tag(instance: dg.DagsterInstance, repository: Path) -> None:
    manager = dgio.GitVersions(repository=str(repository))
    run(instance, manager, asset_of([1]))
    result = run(instance, manager, asset_of([2]), reader)
    assert result.asset_value("reader") == [2]
    assert git(repository, "tag", "--list", "models/model/*").split() == [
        "models/model/v0",
        "models/model/v1",
    ]
    said = result.asset_materializations_for_node("model")[0].metadata
    assert said["git_tag"].value == "models/model/v1"
    assert said["git_commit"].value == git(repository, "rev-parse", "models/model/v1")
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "branch", "--show-current") == "main"


def test_called_by_hand_they_say_what_they_are_for(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    files = dgio.VersionedFiles(folder=str(tmp_path))
    manager = files.create_io_manager(dg.build_init_resource_context(instance=instance))
    with pytest.raises(dg.DagsterInvariantViolationError, match="VersionedFiles keeps what a run makes"):
        manager.handle_output(dg.build_output_context(), 1)
