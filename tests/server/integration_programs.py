"""What the guide of dagster-wandb shows, a program a scenario: run by the real Dagster and dagster-wandb against our
server, and by Treadle under both names on the embedded store. Each says what came of it, as JSON.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import traceback
from typing import Any

if os.environ.get("SIDE") == "treadle":
    import treadle.as_dagster  # noqa: F401
    import treadle.wandb as wandb
else:
    import wandb
import numpy
from dagster import (
    AssetIn,
    AssetKey,
    AssetOut,
    DagsterInstance,
    DailyPartitionsDefinition,
    In,
    Out,
    SourceAsset,
    StaticPartitionsDefinition,
    asset,
    job,
    make_values_resource,
    materialize,
    mem_io_manager,
    multi_asset,
    op,
)
from dagster_wandb import wandb_artifacts_io_manager, wandb_resource

HERE = pathlib.Path.cwd()
HOST = os.environ.get("WANDB_BASE_URL", "")
SCENARIOS: dict[str, Any] = {}


def scenario(function: Any) -> Any:
    SCENARIOS[function.__name__] = function
    return function


class Bench:
    """Entity and project of one scenario, and what happened there."""

    def __init__(self, name: str) -> None:
        self.project = name.replace("_", "-")
        self.said: list[Any] = []
        self.results: list[Any] = []
        self.instance = DagsterInstance.get()

    def resources(self, **manager: Any) -> dict[str, Any]:
        own = {"api_key": {"env": "WANDB_API_KEY"}} if HOST else {"api_key": "none"}
        if HOST:
            own["host"] = HOST
        return {
            "wandb_config": make_values_resource(entity=str, project=str),
            "wandb_resource": wandb_resource.configured(own),
            "manager": wandb_artifacts_io_manager.configured({"base_dir": str(HERE / "base"), **manager}),
            "mem": mem_io_manager,
        }

    def config(self) -> dict[str, Any]:
        return {"resources": {"wandb_config": {"config": {"entity": "local", "project": self.project}}}}

    def run(self, *assets: Any, manager: dict[str, Any] | None = None, **more: Any) -> Any:
        return self._keep(
            materialize(
                assets,
                resources=self.resources(**(manager or {})),
                run_config=self.config(),
                instance=self.instance,
                **more,
            )
        )

    def run_ops(self, *steps: Any, manager: dict[str, Any] | None = None, **more: Any) -> Any:
        @job(resource_defs={**self.resources(**(manager or {})), "io_manager": mem_io_manager})
        def of_ops() -> None:
            handed = None
            for step in steps:
                handed = step() if handed is None else step(handed)

        return self._keep(of_ops.execute_in_process(run_config=self.config(), instance=self.instance, **more))

    def _keep(self, done: Any) -> Any:
        self.results.append(done)
        return done

    def told(self) -> Any:
        """All that the project and the events hold, with what differs from run to run taken out."""
        runs = {done.run_id: f"RUN{i}" for i, done in enumerate(self.results)}
        name_of = {f"dagster-run-{run_id[:8]}": f"dagster-run-{name}" for run_id, name in runs.items()}
        outputs = []
        for done in self.results:
            for event in done.all_events:
                kind = event.event_type_value
                data = event.event_specific_data
                if kind in ("HANDLED_OUTPUT", "ASSET_MATERIALIZATION"):
                    of = data.materialization if kind == "ASSET_MATERIALIZATION" else data
                    outputs.append([kind, event.step_key, {k: plain(v) for k, v in of.metadata.items()}])
        api = wandb.Api()
        place = f"local/{self.project}"
        artifacts = []
        try:
            types = list(api.artifact_types(place))
        except ValueError:  # W&B's of a project that is not there
            types = []
        for kind in types:
            if kind.name == "job":
                continue
            for collection in kind.collections():
                for a in api.artifacts(kind.name, f"{place}/{collection.name}"):
                    logged = a.logged_by()
                    artifacts.append(
                        {
                            "name": a.name,
                            "type": a.type,
                            "aliases": sorted(a.aliases),
                            "description": a.description,
                            "metadata": dict(sorted(a.metadata.items())),
                            "digest": a.digest,
                            "size": a.size,
                            "entries": {
                                path: [e.digest, e.size, e.ref]
                                for path, e in sorted(a.manifest.entries.items())
                            },
                            "run": [logged.id, logged.name, sorted(logged.tags)],
                            # Those that went well: dagster-wandb uses before it looks at the configuration.
                            "used by": sorted(r.id for r in a.used_by() if r.id in runs),
                        }
                    )
        artifacts.sort(key=lambda a: a["name"])
        for artifact in artifacts:
            for names in (artifact["aliases"], artifact["used by"]):
                names[:] = sorted(runs.get(n, name_of.get(n, n)) for n in names)
        outputs.sort(key=lambda told: (told[0], told[1]))
        text = json.dumps({"outputs": outputs, "artifacts": artifacts, "said": self.said}, sort_keys=True)
        for run_id, name in runs.items():
            text = text.replace(run_id, name).replace(run_id[:8], name)
        if HOST:
            text = text.replace(HOST, "HOST")
        return json.loads(text.replace("treadle://embedded", "HOST").replace(str(HERE), "HERE"))

    def refused(self, act: Any) -> None:
        """Keeps the sentence with which the IO manager refuses."""
        try:
            act()
        except Exception as error:
            at: BaseException | None = error
            while at is not None and type(at).__name__ != "WandbArtifactsIOManagerError":
                at = at.__cause__ or at.__context__
            self.said.append(
                f"{type(at).__name__}: {at}" if at else "".join(traceback.format_exception(error))
            )
        else:
            self.said.append("was not refused")


def plain(value: Any) -> Any:
    return [
        type(value).__name__,
        getattr(value, "value", getattr(value, "run_id", getattr(value, "dagster_run_id", None))),
    ]


def kept(**configuration: Any) -> dict[str, Any]:
    return {"io_manager_key": "manager", "metadata": {"wandb_artifact_configuration": configuration}}


def out(**configuration: Any) -> Out:
    return Out(io_manager_key="manager", metadata={"wandb_artifact_configuration": configuration})


def taken(key: str, **configuration: Any) -> AssetIn:
    return AssetIn(
        key=key, input_manager_key="manager", metadata={"wandb_artifact_configuration": configuration}
    )


def taken_by_op(**configuration: Any) -> In:
    return In(input_manager_key="manager", metadata={"wandb_artifact_configuration": configuration})


# --- writing


@scenario
def a_simple_asset(bench: Bench) -> None:
    @asset(name="my_artifact", **kept(type="dataset", aliases=["first"], description="*three*"))
    def made() -> Any:
        return [1, 2, 3]

    @asset(ins={"found": taken("my_artifact")}, io_manager_key="mem")
    def reader(found: Any) -> Any:
        bench.said.append(found)
        return 1

    bench.run(made, reader)


@scenario
def the_same_again_and_then_another(bench: Bench) -> None:
    for value in ([1], [1], [2]):

        @asset(name="again", **kept(type="dataset"))
        def made(value: Any = value) -> Any:
            return value

        @asset(name="again", **kept(type="dataset", aliases=[f"of-{value[0]}"]))
        def made_with_alias() -> Any:
            return value  # noqa: B023

        bench.run(made_with_alias)


@scenario
def an_asset_without_configuration(bench: Bench) -> None:
    @asset(io_manager_key="manager")
    def bare() -> Any:
        return {"a": 1}

    bench.run(bare)


@scenario
def each_serialization_module(bench: Bench) -> None:
    for module, parameters in (
        ("pickle", {}),
        ("pickle", {"protocol": 4}),
        ("dill", {"protocol": 3}),
        ("cloudpickle", {}),
        ("joblib", {"compress": 3, "protocol": 4}),
    ):
        name = f"by_{module}_{parameters.get('protocol', 'newest')}"

        @asset(name=name, **kept(serialization_module={"name": module, "parameters": parameters}))
        def made() -> Any:
            return {"x": [1, 2.5, "three"]}

        @asset(ins={"found": taken(name)}, io_manager_key="mem")
        def reader(found: Any) -> Any:
            bench.said.append(found)
            return 1

        bench.run(made, reader)


@scenario
def nothing_is_returned(bench: Bench) -> None:
    @asset(**kept(type="dataset"))
    def empty() -> None:
        return None

    bench.run(empty)


@scenario
def files_folders_and_references(bench: Bench) -> None:
    folder = HERE / "folder"
    (folder / "deep").mkdir(parents=True, exist_ok=True)
    (folder / "x.txt").write_text("hey")
    (folder / "deep" / "y.json").write_text("{}")

    @asset(
        **kept(
            type="dataset",
            description="My *Markdown* description",
            aliases=["my_first_alias", "my_second_alias"],
            add_dirs=[
                {"name": "My directory", "local_path": str(folder)},
                {"local_path": str(folder / "deep")},
            ],
            add_files=[
                {"name": "validation_dataset", "local_path": str(folder / "x.txt")},
                {"is_tmp": True, "local_path": str(folder / "x.txt")},
                {"is_tmp": True, "name": "sub/n.txt", "local_path": str(folder / "x.txt")},
                {"local_path": str(folder / "x.txt")},
            ],
            add_references=[
                {"uri": f"file://{folder}/x.txt", "name": "by file"},
                {"uri": f"file://{folder}", "name": "all"},
                {"uri": f"file://{folder}/x.txt", "name": "unchecked", "checksum": False},
                {"uri": "https://localhost:1/200/300", "name": "External HTTP", "checksum": False},
            ],
        )
    )
    def advanced() -> Any:
        return [1, 2, 3]

    @asset(ins={"path": taken("advanced", get_path="My directory/x.txt")}, io_manager_key="mem")
    def text(path: Any) -> Any:
        bench.said.append(pathlib.Path(path).read_text())
        return 1

    bench.run(advanced, text)


@scenario
def objects_of_wandb(bench: Bench) -> None:
    def table() -> Any:
        return wandb.Table(columns=["a", "b", "c"], data=[[1, "x", None], [2, "y", 2.5]])

    @asset(**kept(type="tables"))
    def bare_table() -> Any:
        return table()

    @asset(**kept(type="page", serialization_module={"name": "pickle"}))
    def bare_html() -> Any:
        return wandb.Html("<b>hello</b>", inject=False)

    @asset(ins={"found": taken("bare_table", get="Table")}, io_manager_key="mem")
    def reader(found: Any) -> Any:
        bench.said.append([found.columns, found.data, found.get_column("a")])
        return 1

    bench.run(bare_table, bare_html, reader)


@scenario
def files_of_media_and_tables(bench: Bench) -> None:
    import struct
    import wave
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    rows = zlib.compress(b"".join(b"\0" + bytes(range(9)) for _ in range(2)))
    png = (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )
    (HERE / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n" + png)
    with wave.open(str(HERE / "a.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\1" * 100)
    (HERE / "v.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + b"x" * 50)
    (HERE / "m.pdb").write_text("ATOM 1\n")
    picture, points = str(HERE / "one.png"), numpy.array([[0, 0, 1], [1, 2, 3.5]])
    boxes = {
        "box_data": [
            {
                "position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4},
                "class_id": 1,
                "scores": {"a": 0.5},
            }
        ],
        "class_labels": {1: "one"},
    }
    objects = {
        "image": lambda: wandb.Image(picture, caption="c", classes=[{"id": 1, "name": "one"}], grouping=3),
        "boxes": lambda: wandb.Image(picture, boxes={"p": boxes}),
        "mask": lambda: wandb.Image(
            picture, masks={"m": {"mask_data": numpy.zeros((2, 3), "uint8"), "class_labels": {0: "zero"}}}
        ),
        "html": lambda: wandb.Html("<html><head></head><body>x</body></html>"),
        "audio": lambda: wandb.Audio(str(HERE / "a.wav"), caption="c"),
        "video": lambda: wandb.Video(str(HERE / "v.mp4"), format="mp4"),
        "molecule": lambda: wandb.Molecule(str(HERE / "m.pdb"), caption="hi"),
        "points": lambda: wandb.Object3D(points),
        "scene": lambda: wandb.Object3D(
            {"type": "lidar/beta", "points": points, "boxes": numpy.array([]), "vectors": numpy.array([])}
        ),
        "classes": lambda: wandb.Classes([{"id": 1, "name": "one"}]),
        "types": lambda: wandb.Table(
            columns=["l", "d", "n", "t", "b", "한"],
            data=[
                [[1, 2], {"k": 1}, numpy.float32(1.5), "x", True, "글"],
                [[3], {"k": 2}, float("nan"), None, None, ""],
            ],
        ),
        "strict": lambda: wandb.Table(columns=["a"], data=[["x"]], dtype=str, optional=False),
        "mixed": lambda: wandb.Table(columns=["a"], data=[["x"], [1]], allow_mixed_types=True),
        "arrays": lambda: wandb.Table(columns=["a"], data=[[numpy.array([1, 2, 3])]]),
        "media": lambda: wandb.Table(
            columns=["i", "h", "a", "v", "m"],
            data=[
                [
                    wandb.Image(picture),
                    wandb.Html("<i>x</i>"),
                    wandb.Audio(str(HERE / "a.wav")),
                    wandb.Video(str(HERE / "v.mp4")),
                    wandb.Molecule(str(HERE / "m.pdb")),
                ]
            ],
        ),
    }

    @asset(**kept())
    def everything() -> Any:
        artifact = wandb.Artifact("everything", "dataset")
        for name, made in objects.items():
            artifact.add(made(), name)
        return artifact

    bench.run(everything)


@scenario
def an_artifact_of_ones_own(bench: Bench) -> None:
    @asset(**kept(aliases=["mine"], description="told by the asset"))
    def own() -> Any:
        artifact = wandb.Artifact("own", "dataset", metadata={"rows": 2})
        artifact.add(wandb.Table(columns=["a"], data=[[1], [2]]), "my_table")
        with artifact.new_file("note.txt") as file:
            file.write("hello")
        return artifact

    @asset(**kept())
    def other_name() -> Any:
        artifact = wandb.Artifact("some_name", "dataset", description="its own")
        with artifact.new_file("note.txt") as file:
            file.write("bye")
        return artifact

    @asset(ins={"column": taken("own", get="my_table")}, io_manager_key="mem")
    def by_get(column: Any) -> Any:
        bench.said.append(column.get_column("a"))
        return 1

    @asset(ins={"path": taken("own", get_path="note.txt")}, io_manager_key="mem")
    def by_path(path: Any) -> Any:
        bench.said.append(pathlib.Path(path).read_text())
        return 1

    @asset(ins={"whole": taken("own")}, io_manager_key="mem")
    def by_whole(whole: Any) -> Any:
        bench.said += [whole.name, whole.version, whole.type, sorted(whole.manifest.entries)]
        bench.said += [sorted(file.name for file in whole.files()), sorted(whole.aliases), whole.description]
        return 1

    bench.run(own, other_name, by_get, by_path, by_whole)


@scenario
def several_from_one_function(bench: Bench) -> None:
    @multi_asset(
        outs={
            "model": AssetOut(**kept(type="model")),
            "test_set": AssetOut(**kept(type="test_set", aliases=["held-out"])),
        },
        group_name="together",
    )
    def both():  # Dagster reads what is annotated
        return b"weights", {"X": [1, 2]}

    bench.run(both)


@scenario
def ops_name_their_artifacts(bench: Bench) -> None:
    @op(out=out(name="of_op", type="dataset"))
    def maker() -> Any:
        return [1, 2]

    @op(ins={"found": taken_by_op(name="of_op")})
    def reader(found: Any) -> Any:
        bench.said.append(found)

    bench.run_ops(maker, reader)


@scenario
def the_run_has_a_name_an_id_and_tags(bench: Bench) -> None:
    @asset(**kept(type="dataset"))
    def tagged() -> Any:
        return 1

    manager = {"run_name": "my name", "run_id": f"{bench.project}-id", "run_tags": ["a", "b"]}
    bench.run(tagged, manager=manager)


# --- versions and aliases


@scenario
def a_version_or_an_alias_is_chosen(bench: Bench) -> None:
    for value in range(3):

        @asset(name="counted", **kept(type="dataset", aliases=[f"n{value}"]))
        def made() -> Any:
            return value  # noqa: B023

        bench.run(made)
    source = SourceAsset(AssetKey("counted"), io_manager_key="manager")
    for own in ({"version": "v0"}, {"alias": "n1"}, {"alias": "latest"}, {}):

        @asset(ins={"found": taken("counted", **own)}, io_manager_key="mem")
        def reader(found: Any) -> Any:
            bench.said.append(found)
            return 1

        bench.run(reader, source)


# --- partitions

DAYS = DailyPartitionsDefinition(start_date="2023-01-01", end_date="2023-01-04")
COLORS = StaticPartitionsDefinition(["red", "blue"])


@scenario
def each_partition_is_an_artifact(bench: Bench) -> None:
    @asset(name="daily", partitions_def=DAYS, **kept(type="dataset"))
    def daily(context) -> Any:  # Dagster reads what is annotated
        return context.partition_key

    for key in DAYS.get_partition_keys():
        bench.run(daily, partition_key=key)

    @asset(name="down", partitions_def=DAYS, ins={"one": taken("daily")}, io_manager_key="mem")
    def down(one: Any) -> Any:
        bench.said.append(one)
        return 1

    bench.run(
        down,
        SourceAsset(AssetKey("daily"), partitions_def=DAYS, io_manager_key="manager"),
        partition_key="2023-01-02",
    )

    @asset(ins={"every": taken("daily")}, io_manager_key="mem")
    def reader(every: Any) -> Any:
        bench.said.append(every)
        return 1

    bench.run(reader, SourceAsset(AssetKey("daily"), partitions_def=DAYS, io_manager_key="manager"))


@scenario
def partitions_are_read_each_in_its_way(bench: Bench) -> None:
    @asset(name="colored", partitions_def=COLORS, **kept())
    def colored(context) -> Any:  # Dagster reads what is annotated
        artifact = wandb.Artifact("colored", "dataset")
        artifact.add(wandb.Table(columns=["c"], data=[[context.partition_key]]), "default_table_name")
        artifact.add(wandb.Table(columns=["c"], data=[["custom"]]), "custom_table_name")
        return artifact

    for key in ("red", "blue"):
        bench.run(colored, partition_key=key)

    by_key = {"*": {"get": "default_table_name"}, "blue": {"get": "custom_table_name", "version": "v0"}}

    @asset(ins={"some": taken("colored", partitions=by_key)}, io_manager_key="mem")
    def reader(some: Any) -> Any:
        bench.said.append({key: value.data for key, value in some.items()})
        return 1

    source = SourceAsset(AssetKey("colored"), partitions_def=COLORS, io_manager_key="manager")
    bench.run(reader, source)
    for wrong in (
        {"red": {}},
        {"*": {"gets": "x"}},
        {"*": {"version": "v0", "alias": "latest"}},
        {"*": {"get": "x", "get_path": "y"}},
    ):

        @asset(ins={"some": taken("colored", partitions=wrong)}, io_manager_key="mem")
        def wrong_reader(some: Any) -> Any:
            return 1

        bench.refused(lambda reader=wrong_reader: bench.run(reader, source))
    for wrong in ({"get": "x"}, {"get_path": "x"}):

        @asset(ins={"some": taken("colored", **wrong)}, io_manager_key="mem")
        def other_reader(some: Any) -> Any:
            return 1

        bench.refused(lambda reader=other_reader: bench.run(reader, source))


@scenario
def partitions_without_a_version_are_refused(bench: Bench) -> None:
    @asset(name="colored", partitions_def=COLORS, **kept())
    def colored() -> Any:
        return 1

    bench.run(colored, partition_key="red")

    @asset(ins={"some": taken("colored")}, io_manager_key="mem")
    def reader(some: Any) -> Any:
        return 1

    source = SourceAsset(AssetKey("colored"), partitions_def=COLORS, io_manager_key="manager")
    bench.refused(lambda: bench.run(reader, source))


# --- what is refused


@scenario
def configurations_that_make_no_sense(bench: Bench) -> None:
    def writing(value: Any = 1, **configuration: Any) -> None:
        @asset(name="wrong", **kept(**configuration))
        def wrong() -> Any:
            return value

        bench.refused(lambda: bench.run(wrong))

    writing(name="given")
    writing(typo=1)
    writing(serialization_module={"name": "marshal"})
    writing(serialization_module={"name": "pickle", "parameters": {"no_such": 1}})
    writing(value=lambda: 1)

    def artifact(**more: Any) -> Any:
        return wandb.Artifact("wrong", "dataset", **more)

    writing(artifact(), name="given")
    writing(artifact(), type="given")
    writing(artifact(description="a"), description="b")

    @op(out=out(type="dataset"))
    def nameless() -> Any:
        return 1

    bench.refused(lambda: bench.run_ops(nameless))


@scenario
def inputs_that_make_no_sense(bench: Bench) -> None:
    @asset(name="there", **kept(type="dataset"))
    def there() -> Any:
        return 1

    bench.run(there)
    source = SourceAsset(AssetKey("there"), io_manager_key="manager")

    def reading(**configuration: Any) -> None:
        @asset(ins={"found": taken("there", **configuration)}, io_manager_key="mem")
        def reader(found: Any) -> Any:
            return 1

        bench.refused(lambda: bench.run(reader, source))

    reading(name="given")
    reading(typo=1)
    reading(version="v0", alias="latest")
    reading(get="a", get_path="b")
    reading(partitions={"*": {"get": "x"}})

    @op(out=Out(io_manager_key="mem"))
    def first() -> Any:
        return 1

    @op(ins={"found": taken_by_op(get="x")})
    def reader(found: Any) -> Any:
        return None

    bench.refused(lambda: bench.run_ops(first, reader))


def main() -> None:
    wanted = sys.argv[1:] or list(SCENARIOS)
    told = {}
    for name in wanted:
        bench = Bench(name)
        try:
            SCENARIOS[name](bench)
            told[name] = bench.told()
        except Exception:
            told[name] = {"broke": traceback.format_exc()}
    print("\nRESULT", json.dumps(told))


if __name__ == "__main__":
    main()
