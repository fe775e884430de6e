"""Runs a job of COUNT ops that do nothing, side by side (KIND ops), or one op with COUNT dynamic outputs and
one that runs for each of them (KIND dynamic); prints the seconds of that call."""

import json
import sys
import time
from collections.abc import Iterator

import treadle as dg

count, kind = int(sys.argv[1]), sys.argv[2]


@dg.op
def nothing() -> None:
    pass


@dg.op(out=dg.DynamicOut(int))
def spread() -> Iterator[dg.DynamicOutput[int]]:
    for index in range(count):
        yield dg.DynamicOutput(index, mapping_key=f"n{index}")


@dg.op
def work(n: int) -> int:
    return n


@dg.job
def job() -> None:
    if kind == "ops":
        for index in range(count):
            nothing.alias(f"op_{index}")()
    else:
        spread().map(work)


with dg.DagsterInstance.get() as instance:
    started = time.perf_counter()
    result = job.execute_in_process(instance=instance)
    seconds = time.perf_counter() - started
assert result.success
print(json.dumps({"seconds": seconds}))
