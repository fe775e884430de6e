"""A file or folder as an artifact through the native client: prints the seconds up and down, and the most
memory it had.
"""

import json
import sys
import time
from pathlib import Path

import treadle.wandb as wandb
from treadle.wandb._store import Store

path = Path(sys.argv[1])
api = wandb.Api({"project": "bench"})
store: Store = api._store()
artifact = wandb.Artifact("data", "dataset")
if path.is_dir():
    artifact.add_dir(str(path))
else:
    artifact.add_file(str(path))

started = time.perf_counter()
artifact._log(store, (), (), "")
logged = time.perf_counter() - started

started = time.perf_counter()
artifact.download("into")
downloaded = time.perf_counter() - started

status = Path("/proc/self/status").read_text().splitlines()
peak = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
print(json.dumps({"up": logged, "down": downloaded, "megabytes": peak}))
