"""What the W&B SDK does with a folder before it sends a byte: hashing and staging. Prints the seconds."""

import json
import sys
import time

import wandb

started = time.perf_counter()
artifact = wandb.Artifact("folder", type="dataset")
artifact.add_dir(sys.argv[1])
digest = artifact.digest
print(json.dumps({"seconds": time.perf_counter() - started, "digest": digest}))
