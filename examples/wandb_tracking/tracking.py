"""Training inside a pipeline: metrics, files and artifacts are of the run that is executed.

treadle materialize -f tracking.py
treadle run show latest
"""

from treadle import AssetExecutionContext, Definitions, asset, wandb
from treadle.wandb import WandbArtifactsIOManager


@asset(metadata={"wandb_artifact_configuration": {"type": "model"}})
def model(context: AssetExecutionContext) -> dict[str, float]:
    """Fits y = 3x by gradient descent."""
    run = wandb.init(id=context.run_id, resume="allow", config={"rate": 0.05, "epochs": 30})
    run.define_metric("loss", summary="min")
    weight = 0.0
    for epoch in range(run.config.epochs):
        error = weight - 3
        weight -= run.config.rate * 2 * error
        run.log({"epoch": epoch, "loss": error**2, "weight": weight})
    return {"weight": weight}


defs = Definitions(
    assets=[model],
    resources={"io_manager": WandbArtifactsIOManager(entity="demo", project="tracking")},
)
