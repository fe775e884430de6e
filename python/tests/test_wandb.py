"""treadle.wandb: what is written, what is read, and what is refused."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import treadle as dg
from treadle import wandb
from treadle.wandb import WandbArtifactsIOManagerError

KEY = "wandb_artifacts_manager"


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.local_temp(str(tmp_path / "home"))


def resources(**config: Any) -> dict[str, Any]:
    place = {"entity": "e", "project": "p"}
    return {
        "wandb_config": dg.make_values_resource(entity=str, project=str).configured(place),
        "wandb_resource": wandb.wandb_resource.configured({"api_key": "k"}),
        KEY: wandb.wandb_artifacts_io_manager.configured(config),
    }


def run(instance: dg.DagsterInstance, *assets: Any, **config: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(list(assets), resources=resources(**config), instance=instance)


def made(value: Any, **configuration: Any) -> Any:
    metadata = {"wandb_artifact_configuration": configuration}

    @dg.asset(name="made", metadata=metadata, io_manager_key=KEY, code_version=str(time.monotonic_ns()))
    def function() -> Any:
        return value

    return function


def read(**configuration: Any) -> Any:
    given = dg.AssetIn(
        key="made", metadata={"wandb_artifact_configuration": configuration}, input_manager_key=KEY
    )

    @dg.asset(name="reader", ins={"value": given})
    def reader(value: Any) -> Any:
        return value

    return reader


def artifact(instance: dg.DagsterInstance, name: str) -> wandb.Artifact:
    return wandb.Api({"entity": "e", "project": "p"}, instance=instance).artifact(name)


def refused(instance: dg.DagsterInstance, *assets: Any, **config: Any) -> str:
    with pytest.raises(WandbArtifactsIOManagerError) as raised:
        run(instance, *assets, **config)
    return str(raised.value)


# --- writing


@pytest.mark.parametrize("module", ["pickle", "dill", "cloudpickle", "joblib"])
def test_a_python_object_is_pickled_by_the_module_asked_for(
    instance: dg.DagsterInstance, module: str
) -> None:
    pytest.importorskip(module)
    configuration = {"name": module, "parameters": {"protocol": 4}}
    result = run(instance, made({"a": 1}, serialization_module=configuration), read())
    assert result.asset_value("reader") == {"a": 1}
    kept = artifact(instance, "made")
    assert [e.path for e in kept.files()] == [f"output.{module}"]
    assert kept.metadata["source_serialization_module"] == module
    assert kept.metadata["source_pickle_protocol_used"] == 4


def test_the_artifact_tells_where_it_comes_from(instance: dg.DagsterInstance) -> None:
    result = run(instance, made(1, type="dataset"))
    metadata = artifact(instance, "made").metadata
    assert set(metadata) == {
        "source_integration",
        "source_integration_version",
        "source_dagster_run_id",
        "source_created_at",
        "source_python_version",
        "source_serialization_module",
        "source_pickle_protocol_used",
    }
    assert metadata["source_integration"] == "dagster_wandb"
    assert metadata["source_dagster_run_id"] == result.run_id


def test_the_materialization_names_the_version_and_its_digest(instance: dg.DagsterInstance) -> None:
    result = run(instance, made([1]), run_name="mine", run_tags=["x"], wandb_run_id="resumable")
    metadata = result.asset_materializations_for_node("made")[0].metadata
    assert metadata["wandb_artifact_version"].value == "v0"
    assert metadata["wandb_run_path"].value == "e/p/resumable"
    assert metadata["wandb_run_name"].value == "mine"
    assert metadata["wandb_artifact_url"].value == "treadle://embedded/e/p/artifacts/artifact/made/v0"
    version = instance.get_latest_data_version(dg.AssetKey("made"))
    assert version is not None
    assert version.value == artifact(instance, "made").digest
    recorded = instance.get_run_by_id(result.run_id)
    assert recorded is not None
    assert recorded.tags["wandb/run_tags"] == "x,dagster_wandb"


def test_equal_content_is_one_version(instance: dg.DagsterInstance) -> None:
    run(instance, made([1]))
    run(instance, made([1]))
    run(instance, made([2]))
    assert artifact(instance, "made").version == "v1"


def test_none_is_a_warning_and_no_version(instance: dg.DagsterInstance) -> None:
    result = run(instance, made(None))
    assert not wandb.Api(instance=instance).artifact_exists("e/p/made")
    assert any("is empty" in e.user_message for e in instance.all_logs(result.run_id))


def test_a_bare_object_is_kept_under_its_class_name(instance: dg.DagsterInstance) -> None:
    table = wandb.Table(columns=["a"], data=[[1]])
    result = run(instance, made(table), read(get="Table"))
    assert result.asset_value("reader") == table
    assert [e.path for e in artifact(instance, "made").files()] == ["Table.table.json"]


def test_an_artifact_is_enriched_and_gets_its_assets_name(instance: dg.DagsterInstance) -> None:
    own = wandb.Artifact("other", "model", metadata={"mine": 1})
    with own.new_file("a.txt") as file:
        file.write("a")
    result = run(instance, made(own, description="said"))
    kept = artifact(instance, "made")
    assert (kept.type, kept.description, kept.metadata["mine"]) == ("model", "said", 1)
    assert kept.metadata["source_integration"] == "dagster_wandb"
    assert any("is overwritten by the name" in e.user_message for e in instance.all_logs(result.run_id))


def test_multi_assets_keep_each_output(instance: dg.DagsterInstance) -> None:
    def out(kind: str) -> dg.AssetOut:
        return dg.AssetOut(metadata={"wandb_artifact_configuration": {"type": kind}}, io_manager_key=KEY)

    @dg.multi_asset(outs={"model": out("model"), "test_set": out("test_set")})
    def both() -> tuple[bytes, dict[str, int]]:
        return b"model", {"x": 1}

    run(instance, both)
    assert [artifact(instance, n).type for n in ("model", "test_set")] == ["model", "test_set"]


def test_references_to_local_files_have_their_checksum(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("hello")
    uri = f"file://{tmp_path}/f.txt"
    run(instance, made(1, add_references=[{"uri": uri}, {"uri": uri, "name": "again", "checksum": False}]))
    entries = artifact(instance, "made").manifest.entries
    assert (entries["f.txt"].digest, entries["f.txt"].size) == ("XUFAKrxLKna5cZ2REBfFkg==", 5)
    assert entries["again"].digest != entries["f.txt"].digest
    assert Path(entries["f.txt"].download()).read_text() == "hello"


@pytest.mark.parametrize(
    ("configuration", "part"),
    [
        ({"typ": "x"}, "The configuration keys '['typ']'"),
        ({"name": "x"}, "Please remove the 'name' property"),
        ({"serialization_module": {"name": "json"}}, "isn't recognized as a valid serialization module"),
        ({"add_files": [{"local_path": "no/such"}]}, "Path is not a file: 'no/such'"),
        ({"add_dirs": [{"local_path": "no/such"}]}, "Path is not a directory: 'no/such'"),
        ({"add_references": [{"uri": "no-scheme"}]}, "References must be URIs"),
        ({"aliases": ["v3"]}, "cannot be given by hand"),
    ],
)
def test_what_cannot_be_written_says_why(
    instance: dg.DagsterInstance, configuration: dict[str, Any], part: str
) -> None:
    assert part in refused(instance, made(1, **configuration))


def test_what_cannot_be_pickled_says_why(instance: dg.DagsterInstance) -> None:
    assert "An error occurred in the pickle serialization" in refused(instance, made(lambda: 1))


# --- reading


def test_versions_and_aliases_choose(instance: dg.DagsterInstance) -> None:
    run(instance, made(1, aliases=["first"]))
    run(instance, made(2))
    source = dg.SourceAsset("made", io_manager_key=KEY)
    assert run(instance, source, read()).asset_value("reader") == 2
    assert run(instance, source, read(version="v0")).asset_value("reader") == 1
    assert run(instance, source, read(alias="first")).asset_value("reader") == 1


def test_a_whole_artifact_tells_what_it_is_and_is_on_disk(instance: dg.DagsterInstance) -> None:
    own = wandb.Artifact("made", "dataset")
    with own.new_file("folder/a.txt") as file:
        file.write("a")
    found = run(instance, made(own, aliases=["x"]), read()).asset_value("reader")
    assert (found.name, found.version, found.type) == ("made:v0", "v0", "dataset")
    assert "x" in found.aliases
    assert Path(found.download(), "folder/a.txt").read_text() == "a"
    assert Path(found.file()).read_text() == "a"
    assert found.digest == artifact(instance, "made").digest
    assert [r.id for r in found.used_by()] == [found.source_run_id]


@pytest.mark.parametrize(
    ("configuration", "part"),
    [
        ({"get": "a", "get_path": "b"}, "both 'get' and 'get_path'"),
        ({"version": "v0", "alias": "b"}, "both 'version' and 'alias'"),
        ({"name": "b"}, "A conflict has been detected"),
        ({"partitions": {"*": {"get": "x"}}}, "not within a partitioned execution"),
        ({"alias": "no-such"}, "might not exist"),
        ({"get": "no_such"}, "has no W&B object named 'no_such'"),
        ({"get_path": "no_such"}, "Path not contained in artifact: no_such. made:v0 has: 'output.pickle'"),
        ({"type": "dataset"}, "when reading an Artifact"),
    ],
)
def test_what_cannot_be_read_says_why(
    instance: dg.DagsterInstance, configuration: dict[str, Any], part: str
) -> None:
    assert part in refused(instance, made(1), read(**configuration))


def test_a_pickle_that_was_put_by_hand_is_not_opened(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    entry = ("output.pickle", "bytes", b"cos\nsystem\n(S'false'\ntR.", "", -1, "")
    instance_home = artifact_store(instance)
    instance_home.log("e", "p", "made", "dataset", "", "{}", [], "", [entry], [], {})
    said = refused(instance, dg.SourceAsset("made", io_manager_key=KEY), read())
    assert "is not signed with this home's key" in said


def test_a_signed_pickle_that_was_altered_is_not_opened(instance: dg.DagsterInstance) -> None:
    run(instance, made([1]))
    store = artifact_store(instance)
    extra = store.entries("e/p/made:v0")[0][4]
    altered = ("output.pickle", "bytes", b"cos\nsystem\n(S'false'\ntR.", "", -1, extra)
    store.log("e", "p", "made", "artifact", "", "{}", [], "", [altered], [], {})
    said = refused(instance, dg.SourceAsset("made", io_manager_key=KEY), read())
    assert "does not fit its content" in said


def artifact_store(instance: dg.DagsterInstance) -> Any:
    from treadle import _core

    return _core.Artifacts(instance._home)


def test_the_cache_keeps_what_was_used_and_drops_it_when_told_to(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    own = wandb.Artifact("made", "dataset")
    with own.new_file("a.txt") as file:
        file.write("a")
    base = str(tmp_path / "base")
    path = run(instance, made(own), read(get_path="a.txt"), base_dir=base).asset_value("reader")
    assert path.startswith(base)
    assert Path(path).exists()
    source = dg.SourceAsset("made", io_manager_key=KEY)
    run(instance, source, read(get_path="a.txt"), base_dir=base, cache_duration_in_minutes=0)
    assert not Path(path).exists()


# --- configuration


def test_a_host_that_is_no_url_is_refused(instance: dg.DagsterInstance) -> None:
    given = resources()
    given["wandb_resource"] = wandb.wandb_resource.configured({"api_key": "k", "host": "api.wandb.ai"})
    with pytest.raises(dg.DagsterInvalidConfigError, match="must begin with http:// or https://"):
        dg.materialize([made(1)], resources=given, instance=instance)


@pytest.mark.parametrize(
    ("config", "part"),
    [
        ({}, 'Missing required config entry "api_key" at path root:config.'),
        ({"api_key": "k", "hots": "y"}, 'Received unexpected config entry "hots" at path root:config.'),
        ({"api_key": 5}, "Invalid scalar at path root:config:api_key."),
        ({"api_key": {"env": "TREADLE_NO_SUCH"}}, '"TREADLE_NO_SUCH" which is not set'),
    ],
)
def test_wrong_configuration_is_told_as_dagster_tells_it(
    instance: dg.DagsterInstance, config: dict[str, Any], part: str
) -> None:
    given = resources()
    given["wandb_resource"] = wandb.wandb_resource.configured(config)
    with pytest.raises(dg.DagsterInvalidConfigError) as raised:
        dg.materialize([made(1)], resources=given, instance=instance)
    assert part in str(raised.value)


# --- objects, byte for byte as the SDK 0.19 writes them


def documents(*objects: tuple[wandb.WBValue, str]) -> dict[str, bytes]:
    draft = wandb.Artifact("x", "dataset")
    for value, name in objects:
        draft.add(value, name)
    return {path: entry[2] for path, entry in draft._entries.items() if isinstance(entry[2], bytes)}


def test_tables_are_in_the_sdks_format() -> None:
    table = wandb.Table(columns=["a", "b", "c"], data=[[1, "x", None], [2, "y", 1.5]])
    made = documents((table, "my_table"))
    assert list(made) == ["my_table.table.json"]
    assert len(made["my_table.table.json"]) == 510
    document = json.loads(made["my_table.table.json"])
    assert document["column_types"]["params"]["type_map"]["c"] == {
        "params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": "number"}]},
        "wb_type": "union",
    }


def test_lists_in_tables_are_in_the_sdks_format() -> None:
    made = documents((wandb.Table(columns=["e"], data=[[[1, None]], [[2.5]]]), "t"))
    types = json.loads(made["t.table.json"])["column_types"]["params"]["type_map"]["e"]
    number = {"params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": "number"}]}, "wb_type": "union"}
    assert types["params"]["allowed_types"][1] == {
        "params": {"element_type": number, "length": 1},
        "wb_type": "list",
    }


def test_pages_are_in_the_sdks_format() -> None:
    made = documents((wandb.Html("<b>hi</b>"), "Html"))
    assert list(made) == ["media/html/25bbb9103186e0a08a3a.html", "Html.html-file.json"]
    assert json.loads(made["Html.html-file.json"])["sha256"].startswith("68cad1e6d9cf7c6a65db")


def test_pictures_in_tables_come_back(instance: dg.DagsterInstance) -> None:
    numpy = pytest.importorskip("numpy")
    picture = wandb.Image(numpy.array([[[255, 0, 0]] * 4] * 3, dtype="uint8"), caption="cap")
    table = wandb.Table(columns=["img"], data=[[picture]])
    found = run(instance, made(table), read(get="Table")).asset_value("reader")
    [again] = found.get_column("img")
    assert (again.width, again.height, again.caption) == (4, 3, "cap")
    assert again.content == picture.content


def test_a_column_of_two_kinds_is_refused() -> None:
    with pytest.raises(TypeError, match="The column 'a' holds a number before row 1, and a string in it"):
        documents((wandb.Table(columns=["a"], data=[[1], ["x"]]), "t"))
