"""Small Python objects through the W&B artifacts IO manager: each written by one asset and read by another.
Prints the seconds of the run.
"""

import json
import sys
import time

import treadle as dg
from treadle.wandb import WandbArtifactsIOManager

count = int(sys.argv[1])


def pair(index: int) -> list[dg.AssetsDefinition]:
    @dg.asset(name=f"value_{index}")
    def write() -> object:
        return {"index": index, "tags": ["a", "b"]}

    @dg.asset(name=f"reader_{index}", ins={"value": dg.AssetIn(f"value_{index}")})
    def read(value: dict[str, object]) -> None:
        assert value["index"] == index

    return [write, read]


assets = [asset for index in range(count) for asset in pair(index)]
manager = WandbArtifactsIOManager(entity="bench", project="values")
definitions = dg.Definitions(assets, resources={"io_manager": manager})
job = definitions.get_implicit_global_asset_job_def()
started = time.perf_counter()
assert job.execute_in_process(instance=dg.DagsterInstance.get()).success
print(json.dumps({"seconds": time.perf_counter() - started}))
