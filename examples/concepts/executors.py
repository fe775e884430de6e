"""Executors: where steps run, and how many of a kind at once."""

import os
import time

import treadle as dg

Times = list[float]


@dg.op
def crash() -> None:
    os.abort()


@dg.op(tags={"uses": "gpu"})
def train() -> Times:
    begin = time.time()
    time.sleep(0.02)
    return [begin, time.time()]


@dg.op
def report(times: list[Times]) -> bool:
    (_, end), (begin, _) = sorted(times)
    return end <= begin


ONE_GPU = {"tag_concurrency_limits": [{"key": "uses", "value": "gpu", "limit": 1}]}


@dg.job(executor_def=dg.multiprocess_executor.configured(ONE_GPU))
def night() -> None:
    crash()
    report([train.alias("small")(), train.alias("large")()])


if __name__ == "__main__":
    job = dg.reconstructable(night)
    with dg.DagsterInstance.local_temp() as instance, dg.execute_job(job, instance) as run:
        print("crashed:", *run.get_failed_step_keys())
        print("one after the other:", str(run.output_for_node("report")).lower())
