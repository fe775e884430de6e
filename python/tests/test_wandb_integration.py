"""What the W&B integration offers beside its IO manager: helpers, checks, contexts made by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

import treadle as dg
from treadle import wandb
from treadle.wandb import WandbArtifactsIOManagerError
from treadle.wandb._errors import raise_on_empty_configuration, raise_on_unknown_keys
from treadle.wandb._io_manager import UNIT_TEST_RUN_ID
from treadle.wandb._launch import raise_on_invalid_config
from treadle.wandb._pickling import pickle_artifact_content, unpickle_artifact_content


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.local_temp(str(tmp_path / "home"))


@pytest.fixture
def manager(instance: dg.DagsterInstance) -> Any:
    """As a test of a project makes it: without a run."""
    init = dg.build_init_resource_context(
        resources={
            "wandb_config": {"entity": "e", "project": "p"},
            "wandb_resource": wandb.wandb_resource.configured({"api_key": "k"}),
        },
        instance=instance,
    )
    return wandb.wandb_artifacts_io_manager(init)


def output(name: str | None = "named", **more: Any) -> Any:
    configuration = {"type": "dataset", **({"name": name} if name else {}), **more.pop("configuration", {})}
    return dg.build_output_context(
        definition_metadata={"wandb_artifact_configuration": configuration}, **more
    )


def input_of(**configuration: Any) -> Any:
    return dg.build_input_context(definition_metadata={"wandb_artifact_configuration": configuration})


def version(instance: dg.DagsterInstance, name: str) -> wandb.Artifact:
    return wandb.Api({"entity": "e", "project": "p"}, instance=instance).artifact(name)


def test_contexts_made_by_hand_write_and_read(instance: dg.DagsterInstance, manager: Any) -> None:
    context = output()
    manager.handle_output(context, [1, 2, 3])
    assert manager.load_input(input_of(name="named")) == [1, 2, 3]
    found = version(instance, "named")
    assert found.aliases == ["dagster-run-0ab2e48b", "latest"]
    assert {k for k in found.metadata if not k.endswith("_at")} == {
        "source_integration",
        "source_integration_version",
        "source_dagster_run_id",
        "source_python_version",
        "source_serialization_module",
        "source_pickle_protocol_used",
    }
    said = {name: value.value for name, value in context.get_logged_metadata().items()}
    assert said == {
        "dagster_run_id": UNIT_TEST_RUN_ID,
        "wandb_artifact_id": found.id,
        "wandb_artifact_type": "dataset",
        "wandb_artifact_version": "v0",
        "wandb_artifact_size": found.size,
        "wandb_artifact_url": "treadle://embedded/e/p/artifacts/dataset/named/v0",
        "wandb_entity": "e",
        "wandb_project": "p",
        "wandb_run_id": UNIT_TEST_RUN_ID,
        "wandb_run_name": "dagster-run-0ab2e48b",
        "wandb_run_path": f"e/p/{UNIT_TEST_RUN_ID}",
        "wandb_run_url": f"treadle://embedded/e/p/runs/{UNIT_TEST_RUN_ID}",
    }


def test_a_partition_key_is_behind_the_name(instance: dg.DagsterInstance, manager: Any) -> None:
    manager.handle_output(output(partition_key="2026-01-01"), 5)
    context = dg.build_input_context(
        definition_metadata={"wandb_artifact_configuration": {"name": "named"}}, partition_key="2026-01-01"
    )
    assert manager.load_input(context) == 5
    whole = wandb.Artifact("other", "dataset")
    context = output(None, asset_key=dg.AssetKey(["an_asset"]), partition_key="x")
    context._definition_metadata = {}
    manager.handle_output(context, whole)
    assert version(instance, "an_asset.x").file_count == 0


@pytest.mark.parametrize(
    ("context", "value", "said"),
    [
        (output(None), 1, "The 'name' property is missing in the 'wandb_artifact_configuration' settings."),
        (output(asset_key=dg.AssetKey("a")), 1, "Please remove the 'name' property."),
        (output(), wandb.Artifact("a", "t"), "You've provided a 'name' property"),
        (output(None), wandb.Artifact("a", "t"), "You've provided a 'type' property"),
        (
            output(configuration={"serialization_module": {"name": "marshal"}}),
            1,
            "Oops! It looks like the value you provided, 'marshal', isn't recognized as a valid",
        ),
        (
            output(configuration={"serialization_module": {"name": "marshal"}}),
            wandb.Table(columns=["a"]),
            "Oops! It looks like the value you provided, 'marshal', isn't recognized as a valid",
        ),
        (output(configuration={"version": "v0"}), 1, "'['version']' you are trying to use are not supported"),
    ],
)
def test_what_cannot_be_written_is_refused(manager: Any, context: Any, value: Any, said: str) -> None:
    with pytest.raises(WandbArtifactsIOManagerError) as raised:
        manager.handle_output(context, value)
    assert said in str(raised.value)


def test_what_the_function_returned_cannot_be_pickled(manager: Any) -> None:
    with pytest.raises(WandbArtifactsIOManagerError) as raised:
        manager.handle_output(output(), iter(i for i in [1]))
    assert str(raised.value) == (
        "An error occurred in the pickle serialization process. Please, verify that the passed arguments are"
        " correct and your data is compatible with pickle. Otherwise consider using another module. Supported"
        " serialization: ['dill', 'cloudpickle', 'joblib', 'pickle']."
    )
    assert isinstance(raised.value.__cause__, TypeError)


def test_the_pickling_helpers_go_through_an_artifact(instance: dg.DagsterInstance, manager: Any) -> None:
    draft = wandb.Artifact("helped", "dataset", metadata={"own": 1})
    pickle_artifact_content(dg.build_output_context(), "pickle", {"protocol": 4}, draft, {"a": 1})
    assert draft.metadata == {
        "own": 1,
        "source_serialization_module": "pickle",
        "source_pickle_protocol_used": 4,
    }
    manager.handle_output(dg.build_output_context(asset_key=dg.AssetKey("helped")), draft)
    found = version(instance, "helped")
    assert unpickle_artifact_content(found.download()) == {"a": 1}


def test_a_pickle_that_nobody_vouches_for_is_opened_only_when_the_policy_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pickle

    assert unpickle_artifact_content(str(tmp_path)) is None
    (tmp_path / "output.pickle").write_bytes(pickle.dumps([1]))
    with pytest.raises(WandbArtifactsIOManagerError, match="nothing vouches for the pickle"):
        unpickle_artifact_content(str(tmp_path))
    monkeypatch.setenv("TREADLE_PICKLES", "any")
    assert unpickle_artifact_content(str(tmp_path)) == [1]


def test_homes_with_one_key_open_each_others_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    monkeypatch.setenv("TREADLE_KEY_FILE", str(tmp_path / "key"))

    @dg.asset
    def kept() -> object:
        return {1, 2}

    one = dg.DagsterInstance.local_temp(str(tmp_path / "one"))
    dg.materialize([kept], instance=one)
    treadle = [sys.executable, "-m", "treadle", "artifact", "copy", "kept"]
    two = str(tmp_path / "two")
    subprocess.run(
        [*treadle, "--home", str(tmp_path / "one"), "--to-home", two], check=True, capture_output=True
    )

    @dg.asset
    def reader(kept: object) -> object:
        return kept

    there = dg.DagsterInstance.from_home(two)
    result = dg.materialize([dg.SourceAsset("kept"), reader], instance=there)
    assert result.asset_value("reader") == {1, 2}


def test_checks_of_configurations() -> None:
    raise_on_unknown_keys(["get"], {"get": 1}, True)
    raise_on_unknown_keys(["get"], None, True)
    with pytest.raises(WandbArtifactsIOManagerError, match="when reading an Artifact"):
        raise_on_unknown_keys(["get"], {"gte": 1}, True)
    with pytest.raises(WandbArtifactsIOManagerError, match="when writing an Artifact"):
        raise_on_unknown_keys(["get"], {"gte": 1}, False)
    with pytest.raises(WandbArtifactsIOManagerError, match="is empty for the partition"):
        raise_on_empty_configuration("key", {})


@pytest.mark.parametrize("empty", ["entity", "project"])
def test_launch_wants_an_entity_and_a_project(empty: str) -> None:
    place = {"entity": "e", "project": "p", empty: ""}
    context = dg.build_op_context(resources={"wandb_config": place, "wandb_resource": MagicMock()})
    with pytest.raises(RuntimeError, match=rf"\(dagster_wandb\) An empty string .* the '{empty}'"):
        raise_on_invalid_config(context)
