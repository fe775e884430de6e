# mypy: ignore-errors
"""Return a value and it is a version of a W&B artifact; name an input and it arrives.

treadle materialize -f simple.py
treadle artifact show my_entity/my_project/my_artifact

The versions are kept in the home. `"host": "https://wandb.example.org"` beside the key, or WANDB_BASE_URL,
keeps the same on a server: Treadle's (`treadle server`) or W&B's.
"""

import treadle.as_dagster  # noqa: F401, I001 - makes dagster and dagster_wandb mean Treadle
from dagster import AssetIn, Definitions, asset, make_values_resource
from dagster_wandb import wandb_artifacts_io_manager, wandb_resource


@asset(
    name="my_artifact",
    metadata={"wandb_artifact_configuration": {"type": "dataset"}},
    io_manager_key="wandb_artifacts_manager",
)
def create_dataset():
    return [1, 2, 3]


@asset(
    ins={"my_artifact": AssetIn(input_manager_key="wandb_artifacts_manager")},
    metadata={"wandb_artifact_configuration": {"type": "results"}},
    io_manager_key="wandb_artifacts_manager",
)
def total(my_artifact):
    return sum(my_artifact)


defs = Definitions(
    assets=[create_dataset, total],
    resources={
        "wandb_config": make_values_resource(entity=str, project=str).configured(
            {"entity": "my_entity", "project": "my_project"}
        ),
        "wandb_resource": wandb_resource.configured({"api_key": {"env": "WANDB_API_KEY"}}),
        "wandb_artifacts_manager": wandb_artifacts_io_manager,
    },
)
