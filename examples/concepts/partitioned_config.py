"""A job that is configured by the day it runs for, and its schedule."""

from datetime import datetime, timezone

import treadle as dg


class Fetch(dg.Config):
    since: str
    until: str


@dg.daily_partitioned_config(start_date="2026-01-01")
def by_day(start: datetime, end: datetime) -> dg.RunConfig:
    return dg.RunConfig(ops={"fetch": Fetch(since=f"{start:%d %B}", until=f"{end:%d %B}")})


@dg.op
def fetch(config: Fetch) -> str:
    return f"from {config.since} to {config.until}"


@dg.job(config=by_day)
def nightly() -> None:
    fetch()


schedule = dg.build_schedule_from_partitioned_job(nightly, hour_of_day=3)

if __name__ == "__main__":
    run = nightly.execute_in_process(partition_key="2026-01-05")
    print(run.output_for_node("fetch"))

    at = datetime(2026, 1, 8, 3, tzinfo=timezone.utc)
    asked = schedule(dg.build_schedule_context(scheduled_execution_time=at))
    print("at three it asks for", asked.partition_key)
