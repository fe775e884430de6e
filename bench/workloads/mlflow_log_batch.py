"""Metric values sent to an MLflow server, 1,000 a request (its limit). Prints values per second."""

import json
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric

client = MlflowClient(sys.argv[1])
run = client.create_run(client.create_experiment("bench")).info.run_id
requests = [
    [
        Metric(f"layer{key}/loss", step / (key + 1), 0, step)
        for step in range(at, at + 10)
        for key in range(100)
    ]
    for at in range(0, 100, 10)
]
started = time.perf_counter()
for metrics in requests:
    client.log_batch(run, metrics=metrics)
took = time.perf_counter() - started
print(json.dumps({"seconds": took, "values_per_second": sum(map(len, requests)) / took}))
