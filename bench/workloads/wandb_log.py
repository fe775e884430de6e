"""1,000 times `log` of 100 values with the W&B SDK, from init to finish. Prints the seconds."""

import json
import time

import wandb

values = [{f"layer{key}/loss": step / (key + 1) for key in range(100)} for step in range(1000)]
started = time.perf_counter()
with wandb.init(project="bench") as run:
    for row in values:
        run.log(row)
print(json.dumps({"seconds": time.perf_counter() - started}))
