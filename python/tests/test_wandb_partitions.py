"""Partitions and W&B artifacts: one artifact for each, written one by one or many in a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import treadle as dg
from treadle import wandb
from treadle.wandb import WandbArtifactsIOManagerError

KEY = "wandb_artifacts_manager"
COLOURS = dg.StaticPartitionsDefinition(["red", "green", "blue"])
CARS = dg.MultiPartitionsDefinition(
    {"kind": dg.StaticPartitionsDefinition(["car", "van"]), "colour": dg.StaticPartitionsDefinition(["blue"])}
)


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.local_temp(str(tmp_path / "home"))


RESOURCES: dict[str, Any] = {
    "wandb_config": dg.make_values_resource(entity=str, project=str).configured(
        {"entity": "e", "project": "p"}
    ),
    "wandb_resource": wandb.wandb_resource.configured({"api_key": "k"}),
    KEY: wandb.wandb_artifacts_io_manager,
}


def run(instance: dg.DagsterInstance, *assets: Any, **more: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(list(assets), resources=RESOURCES, instance=instance, **more)


def over(instance: dg.DagsterInstance, asset: Any, first: str, last: str) -> dg.ExecuteInProcessResult:
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    return run(instance, asset, tags=tags)


def version(instance: dg.DagsterInstance, name: str) -> wandb.Artifact:
    return wandb.Api({"entity": "e", "project": "p"}, instance=instance).artifact(name)


@dg.asset(
    partitions_def=COLOURS, io_manager_key=KEY, metadata={"wandb_artifact_configuration": {"type": "dataset"}}
)
def paint(context: dg.AssetExecutionContext) -> Any:
    return context.partition_key.upper()


@dg.asset(
    name="paint", partitions_def=COLOURS, io_manager_key=KEY, backfill_policy=dg.BackfillPolicy.single_run()
)
def paints(context: dg.AssetExecutionContext) -> Any:
    return {key: key.upper() for key in context.partition_keys}


def reader(**configuration: Any) -> Any:
    metadata = {"wandb_artifact_configuration": configuration} if configuration else {}

    @dg.asset(name="reader", ins={"paint": dg.AssetIn(metadata=metadata, input_manager_key=KEY)})
    def read(paint: Any) -> Any:
        return paint

    return read


def read(instance: dg.DagsterInstance, asset: Any, **configuration: Any) -> Any:
    """What an asset without partitions gets of this one."""
    return run(instance, asset, reader(**configuration), selection=["reader"]).asset_value("reader")


def test_each_partition_is_an_artifact_named_with_its_key(instance: dg.DagsterInstance) -> None:
    result = run(instance, paint, partition_key="red")
    assert version(instance, "paint.red").type == "dataset"
    said = result.asset_materializations_for_node("paint")[0].metadata
    assert said["wandb_artifact_url"].value == "treadle://embedded/e/p/artifacts/dataset/paint.red/v0"


def test_dimensions_are_joined_by_dots_in_the_order_of_their_names(instance: dg.DagsterInstance) -> None:
    @dg.asset(partitions_def=CARS, io_manager_key=KEY)
    def vehicle(context: dg.AssetExecutionContext) -> Any:
        return str(context.partition_key)

    run(instance, vehicle, partition_key=dg.MultiPartitionKey({"kind": "car", "colour": "blue"}))
    assert version(instance, "vehicle.blue.car").file_count == 1


def test_names_as_the_peer_spells_them_are_read(instance: dg.DagsterInstance) -> None:
    @dg.asset(partitions_def=CARS, io_manager_key=KEY)
    def vehicle() -> Any:
        return None

    @dg.asset(ins={"vehicle": dg.AssetIn(input_manager_key=KEY)}, partitions_def=CARS)
    def read(vehicle: Any) -> Any:
        return vehicle

    @dg.op(out=dg.Out(metadata={"wandb_artifact_configuration": {"name": "vehicle.blue-car"}}))
    def by_the_peer() -> str:
        return "as it was"

    @dg.job(resource_defs={**RESOURCES, "io_manager": RESOURCES[KEY]})
    def job() -> None:
        by_the_peer()

    assert job.execute_in_process(instance=instance).success
    key = dg.MultiPartitionKey({"kind": "car", "colour": "blue"})
    result = run(instance, vehicle, read, selection=["read"], partition_key=key)
    assert result.asset_value("read") == "as it was"


def test_one_run_makes_an_artifact_of_each_of_its_partitions(instance: dg.DagsterInstance) -> None:
    result = over(instance, paints, "red", "blue")
    assert result.success
    names = [f"paint.{key}" for key in ("red", "green", "blue")]
    assert {version(instance, n).source_run_id for n in names} == {result.run_id}
    assert read(instance, paints) == {"red": "RED", "green": "GREEN", "blue": "BLUE"}
    said = result.asset_materializations_for_node("paint")[0].metadata
    artifacts: Any = said["wandb_artifacts"].value
    assert sorted(artifacts) == ["blue", "green", "red"]
    assert artifacts["red"]["wandb_artifact_version"] == "v0"


@pytest.mark.parametrize("value", [[1, 2], {"red": 1}, {"red": 1, "green": 2, "yellow": 3}])
def test_the_value_of_several_partitions_has_each_of_them(instance: dg.DagsterInstance, value: Any) -> None:
    policy = dg.BackfillPolicy.single_run()

    @dg.asset(name="paint", partitions_def=COLOURS, io_manager_key=KEY, backfill_policy=policy)
    def wrong() -> Any:
        return value

    with pytest.raises(WandbArtifactsIOManagerError, match="return a dictionary with a value for each key"):
        over(instance, wrong, "red", "green")
    assert wandb.Api({"entity": "e", "project": "p"}, instance=instance).artifact_exists("paint.red") is False


def test_a_partition_that_is_none_makes_no_artifact(instance: dg.DagsterInstance) -> None:
    policy = dg.BackfillPolicy.single_run()

    @dg.asset(name="paint", partitions_def=COLOURS, io_manager_key=KEY, backfill_policy=policy)
    def some() -> Any:
        return {"red": 1, "green": None}

    over(instance, some, "red", "green")
    api = wandb.Api({"entity": "e", "project": "p"}, instance=instance)
    assert (api.artifact_exists("paint.red"), api.artifact_exists("paint.green")) == (True, False)


def test_an_asset_without_partitions_keeps_its_name_in_a_run_over_one(instance: dg.DagsterInstance) -> None:
    @dg.asset(io_manager_key=KEY)
    def plain() -> int:
        return 1

    @dg.asset(partitions_def=COLOURS, io_manager_key=KEY, ins={"plain": dg.AssetIn(input_manager_key=KEY)})
    def mixed(plain: int) -> int:
        return plain + 1

    assert run(instance, plain, mixed, partition_key="red").asset_value("mixed") == 2
    assert version(instance, "plain").version == "v0"
    assert version(instance, "mixed.red").version == "v0"


def test_an_op_of_a_run_over_a_partition_has_its_key_in_the_name(instance: dg.DagsterInstance) -> None:
    @dg.op(out=dg.Out(metadata={"wandb_artifact_configuration": {"name": "named"}}))
    def write() -> int:
        return 1

    @dg.op(ins={"given": dg.In(metadata={"wandb_artifact_configuration": {"name": "named"}})})
    def use(given: int) -> None:
        assert given == 1

    @dg.job(partitions_def=COLOURS, resource_defs={**RESOURCES, "io_manager": RESOURCES[KEY]})
    def job() -> None:
        use(write())

    assert job.execute_in_process(instance=instance, partition_key="red").success
    assert version(instance, "named.red").version == "v0"


def all_but(instance: dg.DagsterInstance, **changed: Any) -> None:
    """Versions of three partitions, each with a table and a file."""

    @dg.asset(name="paint", partitions_def=COLOURS, io_manager_key=KEY)
    def tables(context: dg.AssetExecutionContext) -> Any:
        key = context.partition_key
        made = wandb.Artifact("paint", "dataset")
        for name in ("default_table_name", "custom_table_name"):
            made.add(wandb.Table(columns=["a"], data=[[f"{name} of {key}"]]), name)
        with made.new_file("note.txt") as file:
            file.write(changed.get(key, f"note of {key}"))
        return made

    for key in COLOURS.get_partition_keys():
        run(instance, tables, partition_key=key)


def test_each_partition_is_read_as_its_configuration_says(instance: dg.DagsterInstance) -> None:
    all_but(instance)
    all_but(instance, green="changed")
    found = read(
        instance,
        paint,
        partitions={
            "*": {"get": "default_table_name"},
            "red": {"get": "custom_table_name"},
            "green": {"get_path": "note.txt", "version": "v0"},
        },
    )
    assert found["blue"].get_column("a") == ["default_table_name of blue"]
    assert found["red"].get_column("a") == ["custom_table_name of red"]
    assert Path(found["green"]).read_text() == "note of green"
    latest = read(instance, paint, partitions={"green": {"get_path": "note.txt", "alias": "latest"}})
    assert Path(latest["green"]).read_text() == "changed"
    assert latest["red"].get("custom_table_name").get_column("a") == ["custom_table_name of red"]


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"get": "x"}, "during a partitioned execution. Please use the 'partitions' property"),
        ({"get_path": "x"}, "To set a default value for all partitions, use '*'."),
        ({"partitions": {"red": {}}}, "is empty for the partition identified by the key 'red'"),
        ({"partitions": {"*": {"nope": 1}}}, r"'\['nope'\]' you are trying to use are not supported for the"),
        (
            {"partitions": {"*": {"version": "v0", "alias": "x"}}},
            "both 'version' and 'alias' for the partition",
        ),
        ({"partitions": {"red": {"get": "x", "get_path": "y"}}}, "both 'get' and 'get_path' in the"),
        ({"partitions": {"red": {"alias": "no-such"}}}, "might not exist"),
    ],
)
def test_wrong_combinations_are_refused(
    instance: dg.DagsterInstance, configuration: dict[str, Any], said: str
) -> None:
    over(instance, paints, "red", "blue")
    with pytest.raises(WandbArtifactsIOManagerError, match=said):
        read(instance, paints, **configuration)
