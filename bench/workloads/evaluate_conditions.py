"""Evaluates eager() on COUNT assets in chains of ten, each with PARTITIONS partitions (0: none), twice."""

import json
import sys
import time

import treadle as dg

count, partitions = int(sys.argv[1]), int(sys.argv[2])
definition = (
    dg.StaticPartitionsDefinition([f"p{index}" for index in range(partitions)]) if partitions else None
)


def declare(index: int) -> dg.AssetsDefinition:
    deps = [dg.AssetKey(f"asset_{index - 1}")] if index % 10 else []

    @dg.asset(
        name=f"asset_{index}",
        deps=deps,
        partitions_def=definition,
        automation_condition=dg.AutomationCondition.eager(),
    )
    def function() -> None:
        pass

    return function


defs = dg.Definitions([declare(index) for index in range(count)])
told: dict[str, float] = {}
cursor = None
with dg.DagsterInstance.get() as instance:
    for name in ("first", "again"):
        started = time.perf_counter()
        result = dg.evaluate_automation_conditions(defs, instance, cursor=cursor)
        told[name] = time.perf_counter() - started
        cursor = result.cursor
print(json.dumps(told))
