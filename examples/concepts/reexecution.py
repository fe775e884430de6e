"""Again from where it failed: what had succeeded is loaded, not made again."""

import os

import treadle as dg


@dg.op
def expensive() -> int:
    print("expensive runs")
    return 40


@dg.op
def finish(n: int) -> int:
    if "BROKEN" in os.environ:
        raise RuntimeError("the disk is full")
    return n + 2


@dg.job(executor_def=dg.in_process_executor)
def work() -> None:
    finish(expensive())


if __name__ == "__main__":
    with dg.DagsterInstance.local_temp() as instance:
        os.environ["BROKEN"] = "1"
        failed = dg.execute_job(dg.reconstructable(work), instance)
        print("first:", "success" if failed.success else "failure")
        del os.environ["BROKEN"]
        again = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
        with dg.execute_job(dg.reconstructable(work), instance, reexecution_options=again) as result:
            print("again:", result.output_for_node("finish"))
