"""Makes the artifact that source_asset.py reads, outside of any pipeline."""

from treadle import wandb

with wandb.init(entity="demo", project="source", job_type="collect") as run:
    artifact = wandb.Artifact("words", "dataset", description="Words of the loom.")
    with artifact.new_file("words.txt") as file:
        file.write("warp weft treadle heddle")
    run.log_artifact(artifact)
