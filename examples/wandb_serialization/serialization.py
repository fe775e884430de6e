"""Another module pickles what the standard one cannot: a function made on the spot.

treadle materialize -f serialization.py
"""

from collections.abc import Callable

from treadle import Definitions, asset
from treadle.wandb import WandbArtifactsIOManager


@asset(
    metadata={
        "wandb_artifact_configuration": {
            "type": "model",
            "serialization_module": {"name": "cloudpickle", "parameters": {"protocol": 4}},
        }
    }
)
def model() -> Callable[[int, int], int]:
    return lambda x, y: x + y


@asset(metadata={"wandb_artifact_configuration": {"type": "results"}})
def inference(model: Callable[[int, int], int]) -> int:
    return model(1, 2)


defs = Definitions(
    assets=[model, inference],
    resources={"io_manager": WandbArtifactsIOManager(entity="demo", project="serialization")},
)
