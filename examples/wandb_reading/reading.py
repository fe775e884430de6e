"""The ways to read an artifact: one object of it, the path of one file, a version by its alias, or all of it.

treadle materialize -f reading.py
"""

from pathlib import Path

from treadle import AssetIn, Definitions, asset
from treadle.wandb import Artifact, Table, WandbArtifactsIOManager


@asset
def measurements() -> Artifact:
    artifact = Artifact("measurements", "dataset")
    artifact.add(Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]), "my_table")
    with artifact.new_file("notes.txt") as file:
        file.write("Measured by hand.")
    return artifact


def reads(**how: str) -> dict[str, dict[str, str]]:
    return {"wandb_artifact_configuration": how}


@asset(ins={"table": AssetIn("measurements", metadata=reads(get="my_table"))})
def column(table: Table) -> list[int]:
    return [int(value) for value in table.get_column("a")]


@asset(ins={"path": AssetIn("measurements", metadata=reads(get_path="notes.txt"))})
def note(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@asset(ins={"artifact": AssetIn("measurements", metadata=reads(alias="latest"))})
def overview(artifact: Artifact) -> dict[str, int]:
    return {entry.path: entry.size or 0 for entry in artifact.files()}


defs = Definitions(
    assets=[measurements, column, note, overview],
    resources={"io_manager": WandbArtifactsIOManager(entity="demo", project="reading")},
)
