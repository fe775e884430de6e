"""Materializes COUNT partitions of an asset that does nothing in one run; prints the seconds of that call."""

import json
import sys
import time

import treadle as dg

count = int(sys.argv[1])
keys = [f"p{index:06d}" for index in range(count)]


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(keys), backfill_policy=dg.BackfillPolicy.single_run())
def nothing() -> None:
    pass


tags = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
with dg.DagsterInstance.get() as instance:
    started = time.perf_counter()
    result = dg.materialize([nothing], instance=instance, tags=tags)
    seconds = time.perf_counter() - started
    made = len(instance.get_materialized_partitions(dg.AssetKey("nothing")))
assert result.success
assert made == count, made
print(json.dumps({"seconds": seconds}))
