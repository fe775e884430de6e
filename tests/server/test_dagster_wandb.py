"""The real Dagster with the real dagster-wandb keeps its assets on our server, as its guide shows."""

from __future__ import annotations

from real_server import Sdk

# A program per test; each result is read back with the SDK's public API.
BEFORE = """
import os, pathlib
import wandb
from dagster import *
from dagster_wandb import WandbArtifactsIOManagerError, wandb_artifacts_io_manager, wandb_resource

here = pathlib.Path.cwd()
(here / "dagster").mkdir()
instance = DagsterInstance.local_temp(str(here / "dagster"))
host = os.environ["WANDB_BASE_URL"]
resources = {
    "wandb_config": make_values_resource(entity=str, project=str),
    "wandb_resource": wandb_resource.configured({"api_key": {"env": "WANDB_API_KEY"}, "host": host}),
    "wandb_artifacts_manager": wandb_artifacts_io_manager.configured(
        {"cache_duration_in_minutes": 60, "base_dir": str(here / "base")}
    ),
}
config = {"resources": {"wandb_config": {"config": {"entity": "local", "project": "p"}}}}

def run(*assets, **more):
    return materialize(assets, resources=resources, run_config=config, instance=instance, **more)

def kept(**configuration):
    return {"io_manager_key": "wandb_artifacts_manager", "metadata": {"wandb_artifact_configuration": configuration}}

def taken(key, **configuration):
    return AssetIn(
        key=key,
        input_manager_key="wandb_artifacts_manager",
        metadata={"wandb_artifact_configuration": configuration},
    )
"""


def test_a_value_is_a_version_and_arrives_where_it_is_named(dagster_wandb: Sdk) -> None:
    found = dagster_wandb(
        BEFORE
        + """
@asset(name="my_artifact", **kept(type="dataset", aliases=["first"]))
def create_dataset():
    return [1, 2, 3]

@asset(ins={"artifact": taken("my_artifact")}, io_manager_key="mem")
def reader(context, artifact):
    return sum(artifact)

resources["mem"] = mem_io_manager
done = run(create_dataset, reader)
artifact = wandb.Api().artifact("local/p/my_artifact:first")
logged = artifact.logged_by()
result = {
    "sum": done.output_for_node("reader"),
    "keys": sorted(done.asset_materializations_for_node("my_artifact")[0].metadata),
    "type": artifact.type, "aliases": sorted(artifact.aliases), "own": "dagster-run-" + done.run_id[:8],
    "files": [file.name for file in artifact.files()],
    "from": artifact.metadata["source_integration"],
    "one run": logged.id == done.run_id, "name": logged.name == f"dagster-run-{done.run_id[:8]}",
    "tags": logged.tags, "used": [a.name for a in logged.used_artifacts()],
}
"""
    )
    assert found["sum"] == 6
    assert found["type"] == "dataset"
    assert found["aliases"] == sorted([found["own"], "first", "latest"])
    assert found["files"] == ["output.pickle"]
    assert (found["from"], found["one run"], found["name"]) == ("dagster_wandb", True, True)
    assert found["tags"] == ["dagster_wandb"]
    assert {"wandb_artifact_id", "wandb_artifact_url", "wandb_run_path", "dagster_run_id"} <= set(
        found["keys"]
    )


def test_an_artifact_with_table_folder_file_and_reference(dagster_wandb: Sdk) -> None:
    found = dagster_wandb(
        BEFORE
        + """
(here / "folder").mkdir()
(here / "folder" / "x.txt").write_text("hey")

@asset(name="advanced", **kept(
    description="many things", aliases=["a1"],
    add_dirs=[{"name": "dir", "local_path": str(here / "folder")}],
    add_files=[{"name": "f", "local_path": str(here / "folder" / "x.txt")}],
    add_references=[{"uri": host + "/ready", "name": "ext"}],
))
def advanced():
    artifact = wandb.Artifact("advanced", "dataset")
    artifact.add(wandb.Table(columns=["a", "b"], data=[[1, 2]]), "my_table")
    return artifact

@asset(ins={"table": taken("advanced", get="my_table")}, io_manager_key="mem")
def column(context, table):
    return table.get_column("a")

@asset(ins={"path": taken("advanced", get_path="f")}, io_manager_key="mem")
def text(context, path):
    return pathlib.Path(path).read_text()

resources["mem"] = mem_io_manager
done = run(advanced, column, text)
artifact = wandb.Api().artifact("local/p/advanced:a1")
result = {
    "column": done.output_for_node("column"), "text": done.output_for_node("text"),
    "files": sorted(artifact.manifest.entries), "ref": artifact.manifest.entries["ext"].ref == host + "/ready",
    "description": artifact.description,
}
"""
    )
    assert (found["column"], found["text"], found["ref"]) == ([1], "hey", True)
    assert found["files"] == ["dir/x.txt", "ext", "f", "my_table.table.json"]
    assert found["description"] == "many things"


def test_a_partition_is_an_artifact_of_its_own(dagster_wandb: Sdk) -> None:
    found = dagster_wandb(
        BEFORE
        + """
days = DailyPartitionsDefinition(start_date="2023-01-01", end_date="2023-01-04")

@asset(name="daily", partitions_def=days, **kept(type="dataset"))
def daily(context):
    return context.partition_key

for key in ("2023-01-01", "2023-01-02", "2023-01-03"):
    run(daily, partition_key=key)

@asset(
    ins={"some": taken("daily", partitions={"2023-01-01": {"version": "v0"}, "2023-01-02": {"alias": "latest"}})},
    io_manager_key="mem",
)
def reader(context, some):
    return some

source = SourceAsset(AssetKey("daily"), partitions_def=days, io_manager_key="wandb_artifacts_manager")
resources["mem"] = mem_io_manager
done = run(reader, source)
result = {
    "some": done.output_for_node("reader"),
    "names": sorted(c.name for c in wandb.Api().artifact_type("dataset", "local/p").collections()),
}
"""
    )
    assert found["names"] == ["daily.2023-01-01", "daily.2023-01-02", "daily.2023-01-03"]
    assert found["some"] == {day: day for day in ("2023-01-01", "2023-01-02", "2023-01-03")}
