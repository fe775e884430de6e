"""Programs over partitions that do the same under Dagster and under Treadle: each returns what it saw, as
JSON. Run as `python partition_parity_programs.py dagster|treadle`."""

# mypy: ignore-errors
from __future__ import annotations

import datetime
import importlib
import json
import sys
import warnings
from typing import Any

NOW = datetime.datetime(2026, 4, 20, 12, 30, tzinfo=datetime.timezone.utc)


def told(call: Any) -> Any:
    try:
        return call()
    except Exception as e:
        return type(e).__name__


def windows(dg: Any) -> Any:
    definitions = {
        "daily": dg.DailyPartitionsDefinition("2026-03-20", timezone="Europe/Berlin"),
        "offset": dg.DailyPartitionsDefinition("2026-04-10", minute_offset=15, hour_offset=16),
        "hourly": dg.HourlyPartitionsDefinition(
            "2026-03-28-20:00", "2026-03-29-08:00", timezone="Europe/Berlin"
        ),
        "autumn": dg.HourlyPartitionsDefinition(
            "2025-10-25-22:00", "2025-10-26-06:00", timezone="Europe/Berlin"
        ),
        "weekly": dg.WeeklyPartitionsDefinition("2026-03-12", day_offset=3, hour_offset=2),
        "monthly": dg.MonthlyPartitionsDefinition("2025-11-12", day_offset=5, timezone="America/New_York"),
        "later": dg.DailyPartitionsDefinition("2026-04-15", end_offset=3),
        "earlier": dg.DailyPartitionsDefinition("2026-04-10", end_offset=-2),
        "ends": dg.DailyPartitionsDefinition("2026-04-10", end_date="2026-04-14", end_offset=1),
        "future": dg.DailyPartitionsDefinition("2026-04-21", end_offset=1),
        "none": dg.DailyPartitionsDefinition("2027-01-01"),
        "cron": dg.TimeWindowPartitionsDefinition(
            start="2026-04-17-00", fmt="%Y-%m-%d-%H", cron_schedule="0 9,17 * * 1-5"
        ),
        "excluded": dg.DailyPartitionsDefinition(
            "2026-04-08", exclusions=["0 0 * * 0,6", datetime.datetime(2026, 4, 14)]
        ),
    }
    seen: dict[str, Any] = {}
    for name, d in definitions.items():
        with dg.partition_loading_context(effective_dt=NOW):
            keys = list(d.get_partition_keys())
            seen[name] = {
                "keys": keys,
                "first": d.get_first_partition_key(),
                "last": d.get_last_partition_key(),
                "count": d.get_num_partitions(),
                "windows": [[t.isoformat() for t in d.time_window_for_partition_key(k)] for k in keys],
                "next": [d.get_next_partition_key(k) for k in keys],
                "has": [d.has_partition_key(k) for k in [*keys[:2], "2026-13-01", "x", "2020-01-01"]],
                "range": d.get_partition_keys_in_range(dg.PartitionKeyRange(keys[0], keys[-1]))
                if keys
                else None,
                "cron": d.cron_schedule,
                "at": [
                    told(lambda d=d, t=t, c=c: d.get_partition_key_for_timestamp(t, end_closed=c))
                    for t in (NOW.timestamp(), NOW.timestamp() - 86400)
                    for c in (False, True)
                ],
                "text": str(d),
            }
    return seen


def refused(dg: Any) -> Any:
    return [
        told(lambda: dg.StaticPartitionsDefinition(["a", "a"])),
        told(lambda: dg.StaticPartitionsDefinition(["a...b"])),
        told(
            lambda: dg.TimeWindowPartitionsDefinition(start="2026-01-01", fmt="%Y-%m-%d", cron_schedule="x")
        ),
        told(lambda: dg.DailyPartitionsDefinition("yesterday")),
        told(lambda: dg.DynamicPartitionsDefinition(name="x").get_partition_keys()),
        told(
            lambda: dg.StaticPartitionsDefinition(["a"]).get_partition_keys_in_range(
                dg.PartitionKeyRange("a", "z")
            )
        ),
        told(lambda: dg.DailyPartitionsDefinition("2026-01-01").time_window_for_partition_key("x")),
    ]


def mappings(dg: Any) -> Any:
    zone = "Europe/Berlin"
    end = "2026-04-15"
    hourly = dg.HourlyPartitionsDefinition("2026-03-20-00:00", timezone=zone)
    daily = dg.DailyPartitionsDefinition("2026-03-20", end_date=end, timezone=zone)
    late = dg.DailyPartitionsDefinition("2026-03-25", end_date=end, timezone=zone)
    weekly = dg.WeeklyPartitionsDefinition("2026-03-20", timezone=zone)
    letters = dg.StaticPartitionsDefinition(["a", "b", "c"])
    numbers = dg.StaticPartitionsDefinition(["1", "2"])
    grid = dg.MultiPartitionsDefinition({"day": daily, "letter": letters})
    other = dg.MultiPartitionsDefinition({"week": weekly, "number": numbers})
    window = dg.TimeWindowPartitionMapping
    static = dg.StaticPartitionMapping({"a": "1", "b": {"1", "2"}})
    dimension = dg.DimensionPartitionMapping
    cases = [
        (window(), daily, hourly, ["2026-03-28", "2026-03-29"]),
        (window(), hourly, daily, ["2026-03-28-05:00"]),
        (window(), weekly, daily, ["2026-04-05"]),
        (window(start_offset=-1), daily, daily, ["2026-03-20", "2026-03-29"]),
        (window(start_offset=-1, end_offset=-1), daily, daily, ["2026-03-20", "2026-03-29"]),
        (window(start_offset=-2), daily, hourly, ["2026-03-30"]),
        (window(), daily, late, ["2026-03-22", "2026-03-27"]),
        (window(allow_nonexistent_upstream_partitions=True), daily, late, ["2026-03-22", "2026-03-27"]),
        (dg.IdentityPartitionMapping(), daily, late, ["2026-03-22", "2026-03-27"]),
        (dg.LastPartitionMapping(), daily, letters, ["2026-03-22"]),
        (dg.AllPartitionMapping(), daily, letters, ["2026-03-22"]),
        (dg.SpecificPartitionsPartitionMapping(["a", "c"]), daily, letters, ["2026-03-22"]),
        (static, numbers, letters, ["1"]),
        (dg.MultiToSingleDimensionPartitionMapping(), letters, grid, ["b"]),
        (dg.MultiToSingleDimensionPartitionMapping(), grid, daily, ["2026-03-22|a", "2026-03-24|b"]),
        (dg.MultiToSingleDimensionPartitionMapping("day"), weekly, grid, ["2026-04-05"]),
        (
            dg.MultiPartitionMapping(
                {"letter": dimension("number", static), "day": dimension("week", window())}
            ),
            other,
            grid,
            ["1|2026-04-05", "2|2026-03-29"],
        ),
    ]
    seen = []
    with dg.partition_loading_context(effective_dt=NOW):
        for mapping, downstream, upstream, keys in cases:
            subset = downstream.empty_subset().with_partition_keys(keys)
            found = mapping.get_upstream_mapped_partitions_result_for_partitions(subset, downstream, upstream)
            back = mapping.get_downstream_partitions_for_partitions(
                upstream.empty_subset().with_partition_keys(
                    sorted(found.partitions_subset.get_partition_keys())[:2]
                ),
                upstream,
                downstream,
            )
            seen.append(
                {
                    "upstream": sorted(found.partitions_subset.get_partition_keys()),
                    "missing": sorted(found.required_but_nonexistent_partition_keys),
                    "downstream": sorted(back.get_partition_keys()),
                }
            )
    return seen


def keys_of_several_dimensions(dg: Any) -> Any:
    days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-03")
    grid = dg.MultiPartitionsDefinition({"region": dg.StaticPartitionsDefinition(["eu", "us"]), "day": days})
    key = dg.MultiPartitionKey({"region": "us", "day": "2026-01-02"})
    span = dg.PartitionKeyRange("2026-01-01|us", "2026-01-02|us")
    return {
        "keys": list(grid.get_partition_keys()),
        "key": [key, dict(key.keys_by_dimension), grid.has_partition_key(key), key == "2026-01-02|us"],
        "range": list(grid.get_partition_keys_in_range(span)),
        "window": [t.isoformat() for t in grid.time_window_for_partition_key("2026-01-02|us")],
        "names": list(grid.partition_dimension_names),
        "tags": dict(grid.get_tags_for_partition_key("2026-01-02|us")),
    }


def a_run_over_one(dg: Any) -> Any:
    days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-08")
    grid = dg.MultiPartitionsDefinition({"region": dg.StaticPartitionsDefinition(["eu", "us"]), "day": days})
    seen: dict[str, Any] = {}

    @dg.asset(partitions_def=days)
    def raw(context) -> int:
        seen["raw"] = [
            context.partition_key,
            context.has_partition_key,
            [t.isoformat() for t in context.partition_time_window],
            list(context.partition_keys),
            list(context.partition_key_range),
            context.asset_partition_key_for_output(),
        ]
        return int(context.partition_key[-2:])

    before = dg.TimeWindowPartitionMapping(start_offset=-1)

    @dg.asset(partitions_def=days, ins={"raw": dg.AssetIn(partition_mapping=before)})
    def two(context, raw: Any) -> int:
        seen["two"] = [
            raw,
            list(context.asset_partition_keys_for_input("raw")),
            list(context.asset_partition_key_range_for_input("raw")),
            [t.isoformat() for t in context.asset_partitions_time_window_for_input("raw")],
        ]
        return 1

    @dg.asset
    def total(context, raw: dict[str, int]) -> int:
        seen["total"] = [raw, context.has_partition_key, told(lambda: context.partition_key)]
        return 1

    @dg.asset(partitions_def=grid, deps=[raw])
    def by_region(context) -> None:
        key = context.multi_partition_key
        seen["by_region"] = [context.partition_key, dict(key.keys_by_dimension)]

    own = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

    @dg.asset(partitions_def=days, ins={"running": dg.AssetIn(partition_mapping=own)})
    def running(running: Any) -> int:
        return (running or 0) + 1

    @dg.asset_check(asset=raw, partitions_def=days)
    def checked(context) -> Any:
        return dg.AssetCheckResult(passed=True, metadata={"key": context.partition_key})

    instance = dg.DagsterInstance.ephemeral()
    for day in range(1, 8):
        dg.materialize([raw], partition_key=f"2026-01-0{day}", instance=instance)
    runs = [
        dg.materialize([raw, two], partition_key="2026-01-03", selection=[two], instance=instance),
        dg.materialize([raw, two], partition_key="2026-01-01", instance=instance),
        dg.materialize([raw, total], selection=[total], instance=instance),
        dg.materialize(
            [raw, by_region], partition_key="2026-01-03|eu", selection=[by_region], instance=instance
        ),
        *(dg.materialize([running], partition_key=f"2026-01-0{d}", instance=instance) for d in (1, 2, 3)),
        dg.materialize([raw, checked], partition_key="2026-01-02", instance=instance),
    ]
    made = [
        [e.asset_key.to_user_string(), e.event_specific_data.materialization.partition]
        for run in runs
        for e in run.get_asset_materialization_events()
    ]
    checks = [[c.partition, c.passed] for c in runs[-1].get_asset_check_evaluations()]
    return [seen, made, checks, runs[-2].output_for_node("running")]


def a_run_over_many(dg: Any) -> Any:
    days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-08")
    seen: dict[str, Any] = {}

    @dg.asset(partitions_def=days, backfill_policy=dg.BackfillPolicy.single_run())
    def many(context) -> None:
        seen["many"] = [
            list(context.partition_keys),
            list(context.partition_key_range),
            context.has_partition_key_range,
            [t.isoformat() for t in context.partition_time_window],
            told(lambda: context.partition_key),
        ]
        for key in context.partition_keys:
            context.add_asset_metadata({"day": key[-2:]}, partition_key=key)

    run = dg.materialize(
        [many],
        tags={
            "dagster/asset_partition_range_start": "2026-01-02",
            "dagster/asset_partition_range_end": "2026-01-04",
        },
    )
    made = [e.event_specific_data.materialization for e in run.get_asset_materialization_events()]
    return [seen, [[m.partition, m.metadata["day"].value] for m in made]]


def jobs_and_config(dg: Any) -> Any:
    seen: dict[str, Any] = {}

    @dg.op(config_schema={"date": str})
    def load(context) -> None:
        seen["load"] = [context.partition_key, context.op_config, context.run.tags["x"]]

    @dg.daily_partitioned_config(
        "2026-01-01", tags_for_partition_fn=lambda start, end: {"x": start.isoformat()}
    )
    def by_day(start: Any, end: Any) -> Any:
        return {"ops": {"load": {"config": {"date": start.strftime("%d")}}}}

    @dg.job(config=by_day)
    def etl() -> None:
        load()

    @dg.op
    def look(context) -> None:
        seen["look"] = [context.partition_key, context.has_partition_key]

    @dg.job(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
    def letters() -> None:
        look()

    ran = [
        etl.execute_in_process(partition_key="2026-01-03").success,
        letters.execute_in_process(partition_key="b").success,
        told(lambda: etl.execute_in_process(partition_key="2020-01-01")),
    ]
    return [
        seen,
        ran,
        by_day.get_run_config_for_partition_key("2026-01-05"),
        by_day(datetime.datetime(2026, 1, 6), None),
        list(by_day.get_partition_keys(current_time=datetime.datetime(2026, 1, 4))),
    ]


def dynamic(dg: Any) -> Any:
    images = dg.DynamicPartitionsDefinition(name="images")

    @dg.asset(partitions_def=images)
    def image(context) -> str:
        return str(context.partition_key)

    instance = dg.DagsterInstance.ephemeral()
    before = told(lambda: dg.materialize([image], partition_key="a", instance=instance))
    instance.add_dynamic_partitions("images", ["a", "b"])
    run = dg.materialize([image], partition_key="b", instance=instance)
    keys = list(images.get_partition_keys(dynamic_partitions_store=instance))
    instance.delete_dynamic_partition("images", "a")
    return [
        before,
        run.output_for_node("image"),
        keys,
        list(instance.get_dynamic_partitions("images")),
        instance.has_dynamic_partition("images", "a"),
    ]


def called_directly(dg: Any) -> Any:
    @dg.asset(partitions_def=dg.DailyPartitionsDefinition("2026-01-01"))
    def day(context) -> Any:
        return [context.partition_key, [t.isoformat() for t in context.partition_time_window]]

    return day(dg.build_asset_context(partition_key="2026-01-02"))


PROGRAMS = [
    windows,
    refused,
    mappings,
    keys_of_several_dimensions,
    a_run_over_one,
    a_run_over_many,
    jobs_and_config,
    dynamic,
    called_directly,
]

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    module = importlib.import_module(sys.argv[1])
    print(json.dumps({p.__name__: p(module) for p in PROGRAMS}, default=str))
