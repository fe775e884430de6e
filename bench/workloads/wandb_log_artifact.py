"""A folder logged as an artifact with the W&B SDK, until the server has it. Prints the seconds."""

import json
import sys
import time

import wandb

with wandb.init(project="bench") as run:
    started = time.perf_counter()
    artifact = wandb.Artifact("folder", type="dataset")
    artifact.add_dir(sys.argv[1])
    run.log_artifact(artifact).wait()
    print(json.dumps({"seconds": time.perf_counter() - started}))
