"""Materializes COUNT assets that return KIND (nothing | int) in one run; prints the seconds of that call."""

import json
import sys
import time

import treadle as dg

count, kind = int(sys.argv[1]), sys.argv[2]


def declare(index: int) -> dg.AssetsDefinition:
    if kind == "nothing":

        @dg.asset(name=f"asset_{index}")
        def function() -> None:
            pass

        return function

    @dg.asset(name=f"asset_{index}")
    def number() -> int:
        return index

    return number


assets = [declare(index) for index in range(count)]
with dg.DagsterInstance.get() as instance:
    started = time.perf_counter()
    result = dg.materialize(assets, instance=instance)
    seconds = time.perf_counter() - started
assert result.success
print(json.dumps({"seconds": seconds}))
