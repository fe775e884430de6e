"""Questions about one asset with COUNT hourly partitions; prints the milliseconds of each."""

import datetime
import json
import sys
import time
from collections.abc import Callable

import treadle as dg

count = int(sys.argv[1])
start = datetime.datetime(1980, 1, 1)
end = start + datetime.timedelta(hours=count)
hours = dg.HourlyPartitionsDefinition("1980-01-01-00:00", end_date=end.strftime("%Y-%m-%d-%H:%M"))
some = (start + datetime.timedelta(hours=count * 2 // 3)).strftime("%Y-%m-%d-%H:%M")
last = (end - datetime.timedelta(hours=1)).strftime("%Y-%m-%d-%H:%M")
told: dict[str, float] = {}


def ask(name: str, question: Callable[[], object]) -> None:
    started = time.perf_counter()
    question()
    told[name] = (time.perf_counter() - started) * 1000


ask("count", hours.get_num_partitions)
ask("window", lambda: hours.time_window_for_partition_key(some))
ask("key", hours.get_last_partition_key)
ask("index", lambda: hours.has_partition_key(some))
everything = hours.empty_subset().with_partition_key_range(
    hours, dg.PartitionKeyRange("1980-01-01-00:00", last)
)
ask("subsets", lambda: len(hours.empty_subset().with_partition_keys([some]) | everything))
print(json.dumps(told))
