"""Everything the configuration of an artifact can say: description, aliases, files, folders, references.

treadle materialize -f advanced.py
treadle artifact show demo/advanced/my_advanced_artifact:my_first_alias
"""

from pathlib import Path

from treadle import Definitions, asset
from treadle.wandb import WandbArtifactsIOManager

HERE = Path(__file__).parent


@asset(
    metadata={
        "wandb_artifact_configuration": {
            "type": "dataset",
            "description": "My *Markdown* description",
            "aliases": ["my_first_alias", "my_second_alias"],
            "add_dirs": [{"name": "code", "local_path": str(HERE)}],
            "add_files": [{"name": "this_program", "local_path": __file__}],
            "add_references": [
                {"uri": "https://picsum.photos/200/300", "name": "External HTTP reference to an image"},
                {"uri": "s3://my-bucket/datasets/mnist", "name": "External S3 reference"},
            ],
        }
    }
)
def my_advanced_artifact() -> list[int]:
    return [1, 2, 3]


defs = Definitions(
    assets=[my_advanced_artifact],
    resources={"io_manager": WandbArtifactsIOManager(entity="demo", project="advanced")},
)
