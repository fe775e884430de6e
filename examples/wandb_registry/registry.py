"""A model goes to the registry when it is better than the one in production; its users read from there.

treadle materialize -f registry.py
treadle registry show demo/model/Iris
treadle registry history demo/model/Iris
"""

from treadle import AssetExecutionContext, AssetIn, Definitions, asset
from treadle.wandb import Api, Artifact, WandbArtifactsIOManager

REGISTRY = "wandb-registry-model/Iris"


@asset(io_manager_key="wandb")
def candidate(context: AssetExecutionContext) -> Artifact:
    """A trained model, as a file and what it achieves."""
    artifact = Artifact("candidate", type="model", metadata={"accuracy": 0.95})
    with artifact.new_file("model.txt") as file:
        file.write("weights")
    return artifact


@asset(ins={"candidate": AssetIn(input_manager_key="wandb")})
def released(context: AssetExecutionContext, candidate: Artifact) -> str:
    """The model in production, from now on: `candidate` if it is better."""
    api = Api({"entity": "demo", "project": "iris"}, instance=context.instance)
    if "model" not in [r.name for r in api.registries()]:
        api.create_registry("model", description="What we ship", artifact_types=["model"])
    place = f"demo/{REGISTRY}:production"
    best = api.artifact(place).metadata["accuracy"] if api.artifact_exists(place) else 0.0
    if candidate.metadata["accuracy"] > best:
        candidate.link(f"demo/{REGISTRY}", aliases=["production"])
    chosen = api.artifact(place)
    context.log.info(f"{chosen.qualified_name} is {chosen.source_qualified_name}")
    return chosen.source_name


defs = Definitions(
    assets=[candidate, released],
    resources={"wandb": WandbArtifactsIOManager(entity="demo", project="iris")},
)
