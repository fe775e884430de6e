"""A folder of files given to an MLflow server's artifact store over loopback. Prints files per second."""

import json
import os
import sys
import time

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("files")
count = sum(len(files) for _, _, files in os.walk(sys.argv[2]))
with mlflow.start_run():
    started = time.perf_counter()
    mlflow.log_artifacts(sys.argv[2])
    took = time.perf_counter() - started
print(json.dumps({"seconds": took, "files_per_second": count / took}))
