"""Declares COUNT assets in chains of ten and resolves them; prints seconds and the peak memory."""

import json
import resource
import sys
import time

import treadle as dg

count = int(sys.argv[1])
started = time.perf_counter()


def declare(index: int) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"asset_{index}",
        deps=[f"asset_{index - 1}"] if index % 10 else [],
        group_name=f"group_{index % 20}",
    )
    def function() -> None:
        pass

    return function


defs = dg.Definitions(assets=[declare(index) for index in range(count)])
dg.Definitions.validate_loadable(defs)
seconds = time.perf_counter() - started
print(
    json.dumps({"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})
)
