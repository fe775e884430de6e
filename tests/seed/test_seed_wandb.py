"""Every code block of the W&B integration's guide runs verbatim. The blocks are in wandb/*.txt, as they stand
there; each is run as a program of its own under `treadle.as_dagster`, with what surrounds it in the guide
before it, and a check after it: on the embedded store, with sockets closed to all of them, and with `host`
pointed at a server.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "server"))
from real_server import Server

BLOCKS = Path(__file__).with_name("wandb")

BEFORE = """
import os, random, socket
import wandb
from dagster import *
from dagster_wandb import (
    WandbArtifactConfiguration, WandbArtifactsIOManagerError, wandb_artifacts_io_manager,
    wandb_resource,
)

opened = []

def _refuse(*args):
    opened.append(args)
    raise ConnectionRefusedError("sockets are closed")

socket.socket.connect = _refuse
host = os.environ.get("SEED_HOST", "")
manager = wandb_artifacts_io_manager.configured({"cache_duration_in_minutes": 60})
resources = {
    "wandb_config": make_values_resource(entity=str, project=str),
    "wandb_resource": wandb_resource.configured(
        {"api_key": {"env": "WANDB_API_KEY"}, **({"host": host} if host else {})}
    ),
    "wandb_artifacts_manager": manager,
}
config = {"resources": {"wandb_config": {"config": {"entity": "my_entity", "project": "my_project"}}}}
instance = DagsterInstance.local_temp("home")

def run(*assets, **more):
    return materialize(assets, resources={**resources, **more}, run_config=config, instance=instance)

def said(result):
    return [e.user_message for e in instance.all_logs(result.run_id)]

def made(name):
    from treadle.wandb import Api
    place = {"entity": "my_entity", "project": "my_project", **({"base_url": host} if host else {})}
    return Api(place, instance=instance).artifact(name)
"""

# What surrounds each block, and what must be true after it.
RUNS = {
    "simple": (
        "",
        """
assert run(create_dataset).asset_value("my_artifact") == [1, 2, 3]
artifact = made("my_artifact")
assert (artifact.type, artifact.version) == ("dataset", "v0")
assert [e.path for e in artifact.files()] == ["output.pickle"]
assert "latest" in artifact.aliases
""",
    ),
    "simple_again": (
        "",
        """
run(create_dataset)
reader = SourceAsset("my_artifact", io_manager_key="wandb_artifacts_manager")
@asset
def total(my_artifact):
    return sum(my_artifact)
assert run(reader, total).asset_value("total") == 6
""",
    ),
    "advanced": (
        """
import os
os.makedirs("path/to/directory/below")
for name in ("directory/a.txt", "directory/below/b.txt", "data.json", "temp"):
    open("path/to/" + name, "w").write("path/to/" + name)
""",
        """
result = run(create_advanced_artifact)
artifact = made("my_advanced_artifact:my_first_alias")
assert artifact.description == "My *Markdown* description"
of_run = f"dagster-run-{result.run_id[:8]}"
assert {"my_first_alias", "my_second_alias", "latest", of_run} == set(artifact.aliases)
paths = {e.path: e for e in artifact.files()}
assert {"My directory/a.txt", "My directory/below/b.txt", "validation_dataset", "output.pickle"} < set(paths)
assert paths["External HTTP reference to an image"].ref == "https://picsum.photos/200/300"
assert paths["External S3 reference"].ref == "s3://my-bucket/datasets/mnist"
import hashlib
assert hashlib.md5(b"path/to/temp").hexdigest()[:20] in paths and len(paths) == 7
assert artifact.metadata["source_integration"] == "dagster_wandb"
said_of_it = result.asset_materializations_for_node("my_advanced_artifact")[0].metadata
assert set(said_of_it) == {
    "dagster_run_id", "wandb_artifact_id", "wandb_artifact_type", "wandb_artifact_version",
    "wandb_artifact_size", "wandb_artifact_url", "wandb_entity", "wandb_project", "wandb_run_id",
    "wandb_run_name", "wandb_run_path", "wandb_run_url",
}
assert said_of_it["wandb_run_id"].value == result.run_id
assert said_of_it["wandb_entity"].value == "my_entity"
""",
    ),
    "get_table": (
        """
@asset(io_manager_key="wandb_artifacts_manager")
def my_artifact_with_table():
    artifact = wandb.Artifact("my_artifact_with_table", "dataset")
    artifact.add(wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]), "my_table")
    return artifact
""",
        """
assert "[1, 2]" in said(run(my_artifact_with_table, get_table))
""",
    ),
    "get_path": (
        """
@asset(io_manager_key="wandb_artifacts_manager")
def my_artifact_with_file():
    artifact = wandb.Artifact("my_artifact_with_file", "dataset")
    for name in ("name_of_file", "other"):
        with artifact.new_file(name) as file:
            file.write("the content of " + name)
    return artifact
""",
        """
import os
[path] = [m for m in said(run(my_artifact_with_file, get_path)) if m.endswith("/name_of_file")]
assert open(path).read() == "the content of name_of_file"
assert os.listdir(os.path.dirname(path)) == ["name_of_file"]
""",
    ),
    "get_artifact": (
        """
@asset(io_manager_key="wandb_artifacts_manager")
def my_artifact():
    artifact = wandb.Artifact("my_artifact", "dataset")
    with artifact.new_file("a.txt") as file:
        file.write("a")
    return artifact
""",
        """
assert "my_artifact:v0" in said(run(my_artifact, get_artifact))
""",
    ),
    "joblib": (
        "",
        """
result = run(create_model_serialized_with_joblib, use_model_serialized_with_joblib)
assert "3" in said(result)
assert result.asset_value("inference_result_from_joblib_serialized_model") == 3
model = made("my_joblib_serialized_model")
assert [e.path for e in model.files()] == ["output.joblib"]
assert model.metadata["source_serialization_module"] == "joblib"
""",
    ),
    "onnx": (
        "",
        """
result = run(create_onnx_model, use_onnx_model)
assert len(result.asset_value("experiment_results")) == 38
assert made("my_onnx_model").type == "model" and made("my_test_set").type == "test_set"
""",
    ),
    "job": (
        """
@op(out=Out(metadata={"wandb_artifact_configuration": {"name": "mine", "type": "dataset"}}))
def my_op():
    return [1, 2, 3]
""",
        """
assert simple_job_example.execute_in_process(run_config=config, instance=instance).success
assert made("mine").type == "dataset"
""",
    ),
    "op": (
        "",
        """
@job(resource_defs={**resources, "io_manager": manager})
def all_of_it():
    create_dataset()
all_of_it.execute_in_process(run_config=config, instance=instance)
assert made("my_artifact").type == "dataset"
""",
    ),
    "run_id": (
        """
@op(out=Out(metadata={"wandb_artifact_configuration": {"name": "mine", "type": "dataset"}}))
def my_op():
    return 1
""",
        """
def resumed():
    my_op()
""",
    ),
    "op_reads": (
        """
@asset(io_manager_key="wandb_artifacts_manager")
def my_artifact():
    return [1, 2, 3]
run(my_artifact)
""",
        """
@job(resource_defs={**resources, "io_manager": manager})
def all_of_it():
    read_artifact()
assert "[1, 2, 3]" in said(all_of_it.execute_in_process(run_config=config, instance=instance))
""",
    ),
    "run_launch_agent": (
        "",
        """
done = run_launch_agent_example.execute_in_process(
    run_config={**config, "ops": {"run_launch_agent": {"config": {"queues": ["mine"], "max_jobs": -1}}}},
    raise_on_error=False, instance=instance,
)
[failed] = [e for e in done.all_events if e.event_type_value == "STEP_FAILURE"]
assert "queues and agents are not in Treadle yet" in failed.event_specific_data.error.message
""",
    ),
    "run_launch_job": (
        "",
        """
done = run_launch_job_example.execute_in_process(
    run_config={
        **config, "ops": {"my_launched_job": {"config": {"queue": "mine", "uri": "https://a.org/b"}}},
    },
    raise_on_error=False, instance=instance,
)
[failed] = [e for e in done.all_events if e.event_type_value == "STEP_FAILURE"]
assert "queues and agents are not in Treadle yet" in failed.event_specific_data.error.message
""",
    ),
    "partitions": (
        "",
        """
materialize([create_my_daily_partitioned_asset], partition_key="2023-01-02", run_config=config,
            resources={**resources, "io_manager": manager}, instance=instance)
assert made("my_daily_partitioned_asset.2023-01-02").type == "dataset"
""",
    ),
    "read_all_partitions": (
        """
@asset(partitions_def=StaticPartitionsDefinition(["a", "b"]))
def my_daily_partitioned_asset(context):
    return context.partition_key * 2
""",
        """
given = {"resources": {**resources, "io_manager": manager}, "run_config": config, "instance": instance}
for key in ("a", "b"):
    materialize([my_daily_partitioned_asset], partition_key=key, **given)
assets = [my_daily_partitioned_asset, read_all_partitions]
result = materialize(assets, selection=["read_all_partitions"], **given)
assert "partition=b, content=bb" in said(result)
""",
    ),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """It has the entity that the blocks name."""
    running = Server(tmp_path / "served")
    running.start()
    running.admin("org", "add", "acme", "--admin", "local")
    running.admin("team", "add", "my_entity", "--org", "acme", "--admin", "local")
    yield running
    running.stop()


NEEDED = {"joblib": ("joblib",), "onnx": ("skl2onnx", "onnxruntime", "sklearn")}


def block_of(name: str) -> str:
    return (BLOCKS / f"{name}.txt").read_text()


def run_block(
    folder: Path, name: str, before: str, after: str, **more: str
) -> subprocess.CompletedProcess[str]:
    program = folder / "block.py"
    block = block_of(name)
    # Only a reference to somewhere else may ask there for its checksum, and does without.
    closed = "" if "add_references" in block else "\nassert not opened, opened\n"
    program.write_text(f"{BEFORE}{before}\n{block}\n{after}{closed}")
    environment = {**os.environ, "WANDB_API_KEY": "a" * 40, **more}
    command = [sys.executable, "-m", "treadle.as_dagster", str(program)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", RUNS)
def test_the_block_runs_verbatim(name: str, tmp_path: Path) -> None:
    for module in NEEDED.get(name, ()):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"the block imports {module}, which is not installed")
    before, after = RUNS[name]
    done = run_block(tmp_path, name, before, after)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", RUNS)
def test_the_block_runs_verbatim_on_a_server(name: str, tmp_path: Path, server: Server) -> None:
    for module in NEEDED.get(name, ()):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"the block imports {module}, which is not installed")
    before, after = RUNS[name]
    # A block with resources of its own is told by the environment.
    said = "WANDB_BASE_URL" if "wandb_resource.configured" in before + block_of(name) else "SEED_HOST"
    more = {said: server.url, "SEED_HOST": server.url, "WANDB_API_KEY": server.key}
    done = run_block(tmp_path, name, before, after, **more)
    assert done.returncode == 0, done.stderr


def test_no_block_is_forgotten() -> None:
    assert {path.stem for path in BLOCKS.glob("*.txt")} == set(RUNS)
